#include "Kernels.h"
#include <string.h>

// Functions that take vectors are all inlined: how they would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

// Sixteen numbers, which the compiler spreads over as many registers as it takes.
typedef float lanes __attribute__((vector_size(64), aligned(4)));
typedef uint32_t words __attribute__((vector_size(64), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

// MARK: Rounding

static uint32_t rounded(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return bits >> 16 | 0x40;
    if ((bits & 0x7F800000) == 0) return bits >> 16 & 0x8000;
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

static void pack(
    const float *b, ptrdiff_t depth_stride, ptrdiff_t column_stride, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride,
    ptrdiff_t width) {
    for (ptrdiff_t p = 0; 2 * p < k; p++) {
        for (ptrdiff_t column = 0; column < width; column++) {
            const float *lower = b + 2 * p * depth_stride + column * column_stride;
            const uint32_t low = column < n ? rounded(*lower) : 0;
            const uint32_t high = column < n && 2 * p + 1 < k ? rounded(lower[depth_stride]) : 0;
            target[p * stride + column] = low | high << 16;
        }
    }
}

static void pack_rows(
    const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, ptrdiff_t width) {
    pack(b, ldb, 1, k, n, target, stride, width);
}

static void pack_columns(
    const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, ptrdiff_t width) {
    pack(b, 1, ldb, k, n, target, stride, width);
}

static void convert(const float *source, ptrdiff_t k, word *target) { pack(source, 1, 0, k, 1, target, 1, 1); }

// MARK: Products

INLINE lanes flushed(lanes value) {
    const words bits = (words)value;
    const words is_tiny = (words)((bits & 0x7F800000) == 0);
    return (lanes)(bits & (~is_tiny | 0x80000000));
}

INLINE lanes everywhere(uint32_t bits) { return (lanes)((words){0} + bits); }

// At most 4 × 16 sums.
INLINE void tile(
    const int rows, ptrdiff_t columns, ptrdiff_t pairs, const word *a, ptrdiff_t row_stride, ptrdiff_t pair_stride,
    const word *b, ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    lanes sums[4] = {{0}};
    for (int row = 0; row < rows && accumulates; row++) {
        memcpy(&sums[row], c + row * ldc, columns * sizeof(float));
        sums[row] = flushed(sums[row]);
    }
    for (ptrdiff_t p = 0; p < pairs; p++) {
        words both;
        memcpy(&both, b + p * b_stride, sizeof both);
        const lanes lower = (lanes)(both << 16), upper = (lanes)(both & 0xFFFF0000);
        for (int row = 0; row < rows; row++) {
            const uint32_t factors = a[row * row_stride + p * pair_stride];
            const lanes first = everywhere(factors << 16), second = everywhere(factors & 0xFFFF0000);
            sums[row] = flushed(__builtin_elementwise_fma(second, upper, sums[row]));
            sums[row] = flushed(__builtin_elementwise_fma(first, lower, sums[row]));
        }
    }
    for (int row = 0; row < rows; row++) memcpy(c + row * ldc, &sums[row], columns * sizeof(float));
}

INLINE void multiply_by_tiles(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const word *a, ptrdiff_t row_stride, ptrdiff_t pair_stride,
    const word *b, ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    for (ptrdiff_t column = 0; column < columns; column += 16) {
        const ptrdiff_t some = columns - column < 16 ? columns - column : 16;
        ptrdiff_t row = 0;
        for (; row + 4 <= rows; row += 4)
            tile(4, some, pairs, a + row * row_stride, row_stride, pair_stride, b + column, b_stride, c + row * ldc + column, ldc, accumulates);
        for (; row < rows; row++)
            tile(1, some, pairs, a + row * row_stride, row_stride, pair_stride, b + column, b_stride, c + row * ldc + column, ldc, accumulates);
    }
}

static void multiply(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const word *a, ptrdiff_t row_stride, ptrdiff_t pair_stride,
    const word *b, ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    multiply_by_tiles(rows, columns, pairs, a, row_stride, pair_stride, b, b_stride, c, ldc, accumulates);
}

static const product_kernels emulated = {2, pack_rows, pack_columns, convert, multiply};

#if defined(__x86_64__)
// Without these instructions each multiplication and addition is a call.
__attribute__((target("avx2,fma"))) static void multiply_by_fma(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const word *a, ptrdiff_t row_stride, ptrdiff_t pair_stride,
    const word *b, ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    multiply_by_tiles(rows, columns, pairs, a, row_stride, pair_stride, b, b_stride, c, ldc, accumulates);
}

static const product_kernels emulated_by_fma = {2, pack_rows, pack_columns, convert, multiply_by_fma};

const product_kernels *bf16_emulated(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &emulated_by_fma : &emulated;
}
#else
const product_kernels *bf16_emulated(void) { return &emulated; }
#endif
