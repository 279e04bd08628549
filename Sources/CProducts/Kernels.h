#pragma once
#include "include/CProducts.h"

/// A word of a packed factor: a pair of bfloat16, or the bits of a float.
typedef uint32_t word;

/// What a processor does for one kind of product.
typedef struct {
    /// How many values along k a word has.
    ptrdiff_t depth;
    /// Packs columns of B [k, n] into target[p * stride + column], for `width` columns, a multiple of 16, of which those from n
    /// on are zero.
    void (*pack_rows)(const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, ptrdiff_t width);
    /// The same of B stored [n, k].
    void (*pack_columns)(const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, ptrdiff_t width);
    /// A row of k numbers as words; NULL where words are the numbers.
    void (*convert)(const float *source, ptrdiff_t k, word *target);
    /// Adds to `rows` of at most 32 columns. Word (row, p) of A is at a[row * row_stride + p * word_stride], word (p, column) of
    /// B at b[p * b_stride + column].
    void (*multiply)(
        ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride,
        const word *b, ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates);
} product_kernels;

/// What a processor does for products of fixed-point numbers; `CProducts.h` says what each means.
typedef struct {
    void (*pack_rows)(
        const float *a, ptrdiff_t lda, ptrdiff_t m, ptrdiff_t k, word *target, ptrdiff_t stride, float *scales);
    void (*pack_columns)(
        const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, word *target, ptrdiff_t stride, float *scales);
    void (*multiply)(
        ptrdiff_t m, ptrdiff_t n, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride,
        const float *a_scales, const word *b, ptrdiff_t b_stride, const float *b_scales, float *c, ptrdiff_t ldc,
        int accumulates);
} fixed_kernels;

/// The magnitude of the largest number: 64 products of such numbers are below 2³¹.
#define fixed_most 5792.0f
/// The bits of 2⁻¹⁰⁰, below which a line's largest number counts as zero.
enum { fixed_least_bits = (127 - 100) << 23 };

/// NULL where this processor lacks the instruction (AVX512_VNNI).
const fixed_kernels *fixed_native(void);

/// NULL where this processor lacks the instruction.
const product_kernels *bf16_native(void);
const product_kernels *bf16_emulated(void);
/// NULL where this processor has no AVX-512.
const product_kernels *f32_wide(void);
const product_kernels *f32_of(f32_kernels kernels);

/// Transposes 16 × 16 words where the processor has AVX-512.
#if defined(__x86_64__)
#include <immintrin.h>
#define WIDE __attribute__((target("avx512f")))
WIDE static inline void transpose_words(__m512i *r) {
    __m512i t[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
        t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
        t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
        t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
        r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
        r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
        r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
    }
}

// The first `count` lanes.
static inline __mmask16 first_lanes(ptrdiff_t count) {
    return count >= 16 ? 0xFFFF : count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}
#endif
