#include "Kernels.h"

#if defined(__x86_64__)

// 12 × 32 sums take 24 of 32 vector registers, enough to keep both units busy through their latency.
enum { most_rows = 12 };

WIDE static void pack_rows(
    const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, ptrdiff_t width) {
    for (ptrdiff_t depth = 0; depth < k; depth++) {
        for (ptrdiff_t column = 0; column < width; column += 16) {
            const __m512 line = _mm512_maskz_loadu_ps(first_lanes(n - column), b + depth * ldb + column);
            _mm512_storeu_ps((float *)target + depth * stride + column, line);
        }
    }
}

WIDE static void pack_columns(
    const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, ptrdiff_t width) {
    for (ptrdiff_t row = 0; row < width; row += 16) {
        for (ptrdiff_t depth = 0; depth < k; depth += 16) {
            __m512i lines[16];
            const __mmask16 mask = first_lanes(k - depth);
#pragma clang loop unroll(full)
            for (int line = 0; line < 16; line++) {
                lines[line] = row + line < n ? (__m512i)_mm512_maskz_loadu_ps(mask, b + (row + line) * ldb + depth)
                                             : _mm512_setzero_si512();
            }
            transpose_words(lines);
            const ptrdiff_t some = k - depth < 16 ? k - depth : 16;
            for (ptrdiff_t p = 0; p < some; p++) _mm512_storeu_si512(target + (depth + p) * stride + row, lines[p]);
        }
    }
}

WIDE static inline __attribute__((always_inline)) void tile(
    const int rows, const int vectors, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const word *b,
    ptrdiff_t b_stride, float *c, ptrdiff_t ldc, __mmask16 last, int accumulates) {
    __m512 sums[most_rows][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const __mmask16 mask = v == vectors - 1 ? last : 0xFFFF;
            sums[r][v] = accumulates ? _mm512_maskz_loadu_ps(mask, c + r * ldc + 16 * v) : _mm512_setzero_ps();
        }
    }
    for (ptrdiff_t p = 0; p < words; p++) {
        __m512 line[2];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) line[v] = _mm512_loadu_ps((const float *)b + 16 * v);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const __m512 factor = _mm512_set1_ps(((const float *)a)[r * row_stride]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_fmadd_ps(factor, line[v], sums[r][v]);
        }
        a += word_stride;
        b += b_stride;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            _mm512_mask_storeu_ps(c + r * ldc + 16 * v, v == vectors - 1 ? last : 0xFFFF, sums[r][v]);
    }
}

WIDE static void multiply(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const word *b,
    ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    const __mmask16 last = first_lanes(columns > 16 ? columns - 16 : columns);
    while (rows > 0) {
        const ptrdiff_t now = rows >= 12 ? 12 : rows >= 8 ? 8 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
#define CASE(R)                                                                                                        \
    case R:                                                                                                            \
        if (columns > 16) tile(R, 2, words, a, row_stride, word_stride, b, b_stride, c, ldc, last, accumulates);       \
        else tile(R, 1, words, a, row_stride, word_stride, b, b_stride, c, ldc, last, accumulates);                    \
        break;
        switch (now) { CASE(12) CASE(8) CASE(4) CASE(2) CASE(1) }
#undef CASE
        rows -= now;
        a += now * row_stride;
        c += now * ldc;
    }
}

static const product_kernels wide = {1, pack_rows, pack_columns, NULL, multiply};

const product_kernels *f32_wide(void) { return __builtin_cpu_supports("avx512f") ? &wide : NULL; }

#else

const product_kernels *f32_wide(void) { return NULL; }

#endif
