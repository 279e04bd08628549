#include "Kernels.h"

#if defined(__x86_64__)

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

// The scales that numbers are multiplied with, and those that give them back, from the bits of the largest magnitudes.
VNNI static inline void scales_of(__m512i largest, __m512 *to, __m512 *back) {
    const __mmask16 is_tiny = _mm512_cmplt_epi32_mask(largest, _mm512_set1_epi32(fixed_least_bits));
    const __mmask16 is_finite = _mm512_cmplt_epi32_mask(largest, _mm512_set1_epi32(0x7F800000));
    const __m512 magnitude = (__m512)largest, most = _mm512_set1_ps(fixed_most);
    *to = _mm512_maskz_div_ps(is_finite & ~is_tiny, most, magnitude);
    *back = _mm512_mask_div_ps(_mm512_set1_ps(__builtin_nanf("")), is_finite, magnitude, most);
    *back = _mm512_mask_mov_ps(*back, is_tiny, _mm512_setzero_ps());
}

VNNI static inline __m512i magnitude_bits(__m512 x) { return _mm512_and_si512((__m512i)x, _mm512_set1_epi32(0x7FFFFFFF)); }

VNNI static void pack_rows(
    const float *a, ptrdiff_t lda, ptrdiff_t m, ptrdiff_t k, word *target, ptrdiff_t stride, float *scales) {
    const ptrdiff_t vectors = (k + 15) / 16, pairs = (k + 1) / 2;
    const __m512i in_order = _mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0);
    for (ptrdiff_t row = 0; row < m; row++) {
        __m512 line[fixed_depth / 16];
        __m512i largest = _mm512_setzero_si512();
#pragma clang loop unroll(full)
        for (int v = 0; v < fixed_depth / 16; v++) {
            line[v] = v < vectors ? _mm512_maskz_loadu_ps(first_lanes(k - 16 * v), a + row * lda + 16 * v) : _mm512_setzero_ps();
            largest = _mm512_max_epi32(largest, magnitude_bits(line[v]));
        }
        __m512 to, back;
        scales_of(_mm512_set1_epi32(_mm512_reduce_max_epi32(largest)), &to, &back);
        scales[row] = _mm512_cvtss_f32(back);
#pragma clang loop unroll(full)
        for (int v = 0; v < fixed_depth / 16; v += 2) {
            if (v >= vectors) break;
            const __m512i lower = _mm512_cvtps_epi32(_mm512_mul_ps(line[v], to));
            const __m512i upper = _mm512_cvtps_epi32(_mm512_mul_ps(line[v + 1], to));
            const __m512i both = _mm512_permutexvar_epi64(in_order, _mm512_packs_epi32(lower, upper));
            _mm512_mask_storeu_epi32(target + row * stride + 8 * v, first_lanes(pairs - 8 * v), both);
        }
    }
}

VNNI static void pack_columns(
    const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, float *scales) {
    for (ptrdiff_t column = 0; column < n; column += 16) {
        const float *from = b + column;
        __m512i largest = _mm512_setzero_si512();
        for (ptrdiff_t depth = 0; depth < k; depth++)
            largest = _mm512_max_epi32(largest, magnitude_bits(_mm512_loadu_ps(from + depth * ldb)));
        __m512 to, back;
        scales_of(largest, &to, &back);
        _mm512_storeu_ps(scales + column, back);
        for (ptrdiff_t depth = 0; depth < k; depth += 2) {
            const __m512i lower = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(from + depth * ldb), to));
            const __m512i upper = depth + 1 < k ? _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(from + (depth + 1) * ldb), to))
                                                : _mm512_setzero_si512();
            const __m512i both = _mm512_mask_blend_epi16(0xAAAAAAAA, lower, _mm512_slli_epi32(upper, 16));
            _mm512_storeu_si512(target + depth / 2 * stride + column, both);
        }
    }
}

typedef __m512i sums16;
// The scales of the rows of A, and of these columns of B.
typedef struct { const float *rows, *columns; } ends_t;

VNNI static inline sums16 begin_sums(const float *c, __mmask16 mask, int accumulates) { return _mm512_setzero_si512(); }

VNNI static inline sums16 add_product(sums16 sums, __m512i factor, __m512i line) {
    return _mm512_dpwssd_epi32(sums, factor, line);
}

VNNI static inline void end_sums(
    sums16 sums, float *c, __mmask16 mask, int accumulates, ends_t ends, ptrdiff_t row, ptrdiff_t column) {
    const __m512 scale = _mm512_mul_ps(_mm512_set1_ps(ends.rows[row]), _mm512_loadu_ps(ends.columns + column));
    const __m512 before = accumulates ? _mm512_maskz_loadu_ps(mask, c) : _mm512_setzero_ps();
    _mm512_mask_storeu_ps(c, mask, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums), scale, before));
}

#define TARGET VNNI
#include "WideTiles.h"

VNNI static void multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const float *a_scales,
    const word *b, ptrdiff_t b_stride, const float *b_scales, float *c, ptrdiff_t ldc, int accumulates) {
    for (ptrdiff_t column = 0; column < n; column += 32) {
        const ends_t ends = {a_scales, b_scales + column};
        multiply_tiles(
            m, n - column < 32 ? n - column : 32, words, a, row_stride, word_stride, b + column, b_stride, c + column, ldc,
            accumulates, ends);
    }
}

static const fixed_kernels native = {pack_rows, pack_columns, multiply};

const fixed_kernels *fixed_native(void) { return __builtin_cpu_supports("avx512vnni") ? &native : NULL; }

#else

const fixed_kernels *fixed_native(void) { return NULL; }

#endif
