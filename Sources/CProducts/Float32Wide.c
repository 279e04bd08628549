#include "Kernels.h"

#if defined(__x86_64__)

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

typedef __m512 sums16;
typedef int ends_t;  // sums need nothing at their end

WIDE static inline sums16 begin_sums(const float *c, __mmask16 mask, int accumulates) {
    return accumulates ? _mm512_maskz_loadu_ps(mask, c) : _mm512_setzero_ps();
}

WIDE static inline sums16 add_product(sums16 sums, __m512i factor, __m512i line) {
    return _mm512_fmadd_ps((__m512)factor, (__m512)line, sums);
}

WIDE static inline void end_sums(
    sums16 sums, float *c, __mmask16 mask, int accumulates, ends_t ends, ptrdiff_t row, ptrdiff_t column) {
    _mm512_mask_storeu_ps(c, mask, sums);
}

#define TARGET WIDE
#include "WideTiles.h"

WIDE static void multiply(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const word *b,
    ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    multiply_tiles(rows, columns, words, a, row_stride, word_stride, b, b_stride, c, ldc, accumulates, 0);
}

static const product_kernels wide = {1, pack_rows, pack_columns, NULL, multiply};

const product_kernels *f32_wide(void) { return __builtin_cpu_supports("avx512f") ? &wide : NULL; }

#else

const product_kernels *f32_wide(void) { return NULL; }

#endif
