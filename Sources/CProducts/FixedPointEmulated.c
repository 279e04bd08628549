#include "Kernels.h"
#include <math.h>
#include <string.h>

// The bits of a number's magnitude; NaN is above infinity, infinity above all numbers.
static uint32_t magnitude_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits & 0x7FFFFFFF;
}

// The scale that numbers are multiplied with, and the one that gives them back, from the largest magnitude's bits.
static float scale_of(uint32_t largest, float *back) {
    if (largest >= 0x7F800000 || largest < fixed_least_bits) {
        *back = largest < fixed_least_bits ? 0 : NAN;
        return 0;
    }
    float magnitude;
    memcpy(&magnitude, &largest, 4);
    *back = magnitude / fixed_most;
    return fixed_most / magnitude;
}

static uint32_t fixed(float x, float scale) { return scale == 0 ? 0 : (uint32_t)(uint16_t)(int16_t)rintf(x * scale); }

// A line of k numbers, as pairs that are `target_stride` apart.
static void pack_line(
    const float *from, ptrdiff_t stride, ptrdiff_t k, word *target, ptrdiff_t target_stride, float *scale) {
    uint32_t largest = 0;
    for (ptrdiff_t i = 0; i < k; i++) {
        const uint32_t bits = magnitude_bits(from[i * stride]);
        if (bits > largest) largest = bits;
    }
    const float to = scale_of(largest, scale);
    for (ptrdiff_t i = 0; i < k; i += 2) {
        const uint32_t upper = i + 1 < k ? fixed(from[(i + 1) * stride], to) : 0;
        target[i / 2 * target_stride] = fixed(from[i * stride], to) | upper << 16;
    }
}

static void pack_rows(
    const float *a, ptrdiff_t lda, ptrdiff_t m, ptrdiff_t k, word *target, ptrdiff_t stride, float *scales) {
    for (ptrdiff_t row = 0; row < m; row++) pack_line(a + row * lda, 1, k, target + row * stride, 1, scales + row);
}

static void pack_columns(
    const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, float *scales) {
    for (ptrdiff_t column = 0; column < n; column++)
        pack_line(b + column, ldb, k, target + column, stride, scales + column);
}

static void multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const float *a_scales,
    const word *b, ptrdiff_t b_stride, const float *b_scales, float *c, ptrdiff_t ldc, int accumulates) {
    for (ptrdiff_t row = 0; row < m; row++) {
        for (ptrdiff_t column = 0; column < n; column += 16) {
            int32_t sums[16] = {0};
            for (ptrdiff_t p = 0; p < words; p++) {
                const word factor = a[row * row_stride + p * word_stride];
                const int32_t lower = (int16_t)factor, upper = (int32_t)factor >> 16;
                const word *line = b + p * b_stride + column;
                for (int i = 0; i < 16; i++) sums[i] += lower * (int16_t)line[i] + upper * ((int32_t)line[i] >> 16);
            }
            for (int i = 0; i < 16; i++) {
                float *target = c + row * ldc + column + i;
                *target = fmaf((float)sums[i], a_scales[row] * b_scales[column + i], accumulates ? *target : 0);
            }
        }
    }
}

static const fixed_kernels emulated = {pack_rows, pack_columns, multiply};

static const fixed_kernels *kernels(int emulates) {
    const fixed_kernels *native = fixed_native();
    return emulates || !native ? &emulated : native;
}

void fixed_pack_rows(
    const float *a, ptrdiff_t lda, ptrdiff_t m, ptrdiff_t k, fixed_pair *target, ptrdiff_t stride, float *scales, int emulates) {
    kernels(emulates)->pack_rows(a, lda, m, k, target, stride, scales);
}

void fixed_pack_columns(
    const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, fixed_pair *target, ptrdiff_t stride, float *scales, int emulates) {
    kernels(emulates)->pack_columns(b, ldb, k, n, target, stride, scales);
}

void fixed_multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const fixed_pair *a, ptrdiff_t row_stride, ptrdiff_t pair_stride, const float *a_scales,
    const fixed_pair *b, ptrdiff_t b_stride, const float *b_scales, float *c, ptrdiff_t ldc, int accumulates, int emulates) {
    kernels(emulates)->multiply(
        m, n, (k + 1) / 2, a, row_stride, pair_stride, a_scales, b, b_stride, b_scales, c, ldc, accumulates);
}
