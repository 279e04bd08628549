#include "Kernels.h"

#if defined(__x86_64__)

#define NATIVE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

NATIVE static inline __m512i interleaved(__m512 lower, __m512 upper) {
    // Word i of the lower ones, then word i of the upper ones, which stand 16 words behind.
    const __m512i order = _mm512_add_epi32(
        _mm512_set1_epi32(0x100000), _mm512_mullo_epi32(_mm512_set1_epi32(0x10001), _mm512_set_epi32(
            15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)));
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(upper, lower));
}

// [k, n] as pairs of rows: target[p * stride + column].
NATIVE static void pack_rows(
    const float *source, ptrdiff_t ld, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, ptrdiff_t width) {
    for (ptrdiff_t p = 0; 2 * p < k; p++) {
        const float *lower = source + 2 * p * ld, *upper = lower + ld;
        const int has_upper = 2 * p + 1 < k;
        for (ptrdiff_t column = 0; column < width; column += 16) {
            const __mmask16 mask = first_lanes(n - column);
            const __m512 x = _mm512_maskz_loadu_ps(mask, lower + column);
            const __m512 y = has_upper ? _mm512_maskz_loadu_ps(mask, upper + column) : _mm512_setzero_ps();
            _mm512_storeu_si512(target + p * stride + column, interleaved(x, y));
        }
    }
}

// One row of k floats as pairs.
NATIVE static void convert(const float *source, ptrdiff_t k, word *target) {
    ptrdiff_t i = 0;
    for (; i + 32 <= k; i += 32) {
        const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(source + i + 16), _mm512_loadu_ps(source + i));
        _mm512_storeu_si512(target + i / 2, (__m512i)both);
    }
    if (i < k) {
        const ptrdiff_t left = k - i;
        const __mmask16 first = first_lanes(left), second = first_lanes(left - 16);
        const __m512bh both = _mm512_cvtne2ps_pbh(
            _mm512_maskz_loadu_ps(second, source + i + 16), _mm512_maskz_loadu_ps(first, source + i));
        const ptrdiff_t pairs = (left + 1) / 2;
        _mm512_mask_storeu_epi32(target + i / 2, first_lanes(pairs), (__m512i)both);
    }
}

// [n, k] as pairs of columns: target[p * stride + row].
NATIVE static void pack_columns(
    const float *source, ptrdiff_t ld, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, ptrdiff_t width) {
    for (ptrdiff_t row = 0; row < width; row += 16) {
        for (ptrdiff_t i = 0; i < k; i += 32) {
            __m512i lines[16];
            const ptrdiff_t left = k - i;
            const __mmask16 first = first_lanes(left), second = first_lanes(left - 16);
#pragma clang loop unroll(full)
            for (int line = 0; line < 16; line++) {
                const float *at = source + (row + line) * ld + i;
                lines[line] = row + line < n ? (__m512i)_mm512_cvtne2ps_pbh(
                    _mm512_maskz_loadu_ps(second, at + 16), _mm512_maskz_loadu_ps(first, at)) : _mm512_setzero_si512();
            }
            transpose_words(lines);
            const ptrdiff_t pairs = left >= 32 ? 16 : (left + 1) / 2;
            for (ptrdiff_t p = 0; p < pairs; p++) _mm512_storeu_si512(target + (i / 2 + p) * stride + row, lines[p]);
        }
    }
}

typedef __m512 sums16;
typedef int ends_t;  // sums need nothing at their end

NATIVE static inline sums16 begin_sums(const float *c, __mmask16 mask, int accumulates) {
    return accumulates ? _mm512_maskz_loadu_ps(mask, c) : _mm512_setzero_ps();
}

NATIVE static inline sums16 add_product(sums16 sums, __m512i factor, __m512i line) {
    return _mm512_dpbf16_ps(sums, (__m512bh)factor, (__m512bh)line);
}

NATIVE static inline void end_sums(
    sums16 sums, float *c, __mmask16 mask, int accumulates, ends_t ends, ptrdiff_t row, ptrdiff_t column) {
    _mm512_mask_storeu_ps(c, mask, sums);
}

#define TARGET NATIVE
#include "WideTiles.h"

NATIVE static void multiply(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const word *a, ptrdiff_t row_stride, ptrdiff_t pair_stride, const word *b,
    ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates) {
    multiply_tiles(rows, columns, pairs, a, row_stride, pair_stride, b, b_stride, c, ldc, accumulates, 0);
}

static const product_kernels native = {2, pack_rows, pack_columns, convert, multiply};

const product_kernels *bf16_native(void) { return __builtin_cpu_supports("avx512bf16") ? &native : NULL; }

#else

const product_kernels *bf16_native(void) { return NULL; }

#endif

int bf16_is_native(void) { return bf16_native() != NULL; }
