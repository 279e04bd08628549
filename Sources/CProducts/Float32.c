#include "Kernels.h"
#include <string.h>

// Functions that take vectors are all inlined: how they would be passed does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

// Sixteen numbers, which the compiler spreads over as many registers as it takes.
typedef float lanes __attribute__((vector_size(64), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

// 6 × 16 sums take 12 of 16 registers of AVX2.
enum { most_rows = 6 };

static void pack(
    const float *b, ptrdiff_t depth_stride, ptrdiff_t column_stride, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride,
    ptrdiff_t width) {
    float *numbers = (float *)target;
    for (ptrdiff_t depth = 0; depth < k; depth++) {
        for (ptrdiff_t column = 0; column < width; column++)
            numbers[depth * stride + column] = column < n ? b[depth * depth_stride + column * column_stride] : 0;
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

INLINE void tile(
    const int rows, ptrdiff_t columns, ptrdiff_t words, const float *a, ptrdiff_t row_stride, ptrdiff_t word_stride,
    const float *b, ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    lanes sums[most_rows];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
        sums[row] = (lanes){0};
        if (accumulates) memcpy(&sums[row], c + row * ldc, columns * sizeof(float));
    }
    for (ptrdiff_t p = 0; p < words; p++) {
        lanes line;
        memcpy(&line, b + p * b_stride, sizeof line);
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
            const float factor = a[row * row_stride + p * word_stride];
            const lanes factors = {factor, factor, factor, factor, factor, factor, factor, factor,
                                   factor, factor, factor, factor, factor, factor, factor, factor};
            sums[row] = __builtin_elementwise_fma(factors, line, sums[row]);
        }
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) memcpy(c + row * ldc, &sums[row], columns * sizeof(float));
}

INLINE void multiply_by_tiles(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t words, const word *a_words, ptrdiff_t row_stride, ptrdiff_t word_stride,
    const word *b_words, ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    const float *a = (const float *)a_words, *b = (const float *)b_words;
    for (ptrdiff_t column = 0; column < columns; column += 16) {
        const ptrdiff_t some = columns - column < 16 ? columns - column : 16;
        ptrdiff_t row = 0;
#define TILES(R)                                                                                                       \
    for (; row + R <= rows; row += R)                                                                                  \
        tile(R, some, words, a + row * row_stride, row_stride, word_stride, b + column, b_stride, c + row * ldc + column, ldc, accumulates);
        TILES(6) TILES(2) TILES(1)
#undef TILES
    }
}

static void multiply(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const word *b,
    ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    multiply_by_tiles(rows, columns, words, a, row_stride, word_stride, b, b_stride, c, ldc, accumulates);
}

static const product_kernels plain = {1, pack_rows, pack_columns, NULL, multiply};

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void multiply_by_fma(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const word *b,
    ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    multiply_by_tiles(rows, columns, words, a, row_stride, word_stride, b, b_stride, c, ldc, accumulates);
}

static const product_kernels narrow = {1, pack_rows, pack_columns, NULL, multiply_by_fma};

static const product_kernels *narrow_or_plain(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &narrow : &plain;
}
#else
static const product_kernels *narrow_or_plain(void) { return &plain; }
#endif

const product_kernels *f32_of(f32_kernels kernels) {
    if (kernels == f32_plain) return &plain;
    const product_kernels *wide = kernels == f32_fastest ? f32_wide() : NULL;
    return wide ? wide : narrow_or_plain();
}
