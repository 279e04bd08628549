#pragma once
#include <stddef.h>
#include <stdint.h>

// Products of matrices whose factors are rounded to bfloat16 and whose sums are float32.
//
// Rounding is to the nearest, ties to even; denormal numbers count as zero, NaN stays NaN. An element of C is one chain of
// steps over pairs of k, sum ← fma(a[2p], b[2p], fma(a[2p + 1], b[2p + 1], sum)), in which denormal results become zero: what
// VDPBF16PS does (Intel, "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 2C). So its bits depend on the
// factors and k alone, not on how the matrices are cut.

/// Two bfloat16, of which the lower half of the word has the one of the lower index.
typedef uint32_t bf16_pair;

/// Whether this processor has the instruction (AVX512_BF16).
int bf16_is_native(void);

/// Whether products of this thread's layers round their factors.
int bf16_thread_rounds(void);
void bf16_set_thread_rounds(int rounds);

/// C [m, n] = op(A) · op(B), or C += it, row-major; `lda`, `ldb` and `ldc` are the lengths of rows as stored.
///
/// `emulates` computes without the instruction, to the same bits.
void bf16_multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, int transposes_a, const float *b, ptrdiff_t ldb,
    int transposes_b, float *c, ptrdiff_t ldc, int accumulates, int emulates);

/// Packs at most 16 columns of B, the others zero: word (p, column) goes to target[p * stride + column].
///
/// B is [k, count], or [count, k] where it `is_transposed`.
void bf16_pack(
    const float *b, ptrdiff_t ldb, int is_transposed, ptrdiff_t k, ptrdiff_t count, bf16_pair *target, ptrdiff_t stride,
    int emulates);

/// C = A · B, or C += it, for A [m, k] and B [k, n] in panels of 32 columns, the last of 16 where n is an odd multiple of 16;
/// of each panel all pairs of rows follow each other.
void bf16_multiply_panels(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, const bf16_pair *panels, float *c, ptrdiff_t ldc,
    int accumulates, int emulates);

// Products of matrices of 16-bit fixed-point numbers, of which each row of A and each column of B has a scale of its own.
//
// A line's largest magnitude becomes 5,792, the others the nearest integers, ties to even: 13.5 bits and a sign, where bfloat16
// has 8 bits. The sum of 64 products fits into 32 bits whatever they are, so it is exact and has no order. An element is then
// C ← fma(sum, scale of the row · scale of the column, C). A line whose largest magnitude is below 2⁻¹⁰⁰ counts as zero; one
// with a number that is not finite makes all its results NaN.

/// Two numbers along k, of which the lower half of the word has the one of the lower index.
typedef uint32_t fixed_pair;

/// The most values along k of one product.
enum { fixed_depth = 64 };

/// Packs A [m, k], row-major, k ≤ 64: pair p of a row goes to target[row * stride + p], its scale to scales[row].
void fixed_pack_rows(
    const float *a, ptrdiff_t lda, ptrdiff_t m, ptrdiff_t k, fixed_pair *target, ptrdiff_t stride, float *scales, int emulates);

/// Packs B [k, n], row-major, n a multiple of 16, k ≤ 64: pair p of a column goes to target[p * stride + column], its scale to
/// scales[column].
void fixed_pack_columns(
    const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, fixed_pair *target, ptrdiff_t stride, float *scales, int emulates);

/// C [m, n] = A · B, or C += it, with k ≤ 64 and n a multiple of 16.
///
/// Pair p of a row of A is at a[row * row_stride + p * pair_stride], of a column of B at b[p * b_stride + column]. `emulates`
/// computes without the instruction (AVX512_VNNI), to the same bits.
void fixed_multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const fixed_pair *a, ptrdiff_t row_stride, ptrdiff_t pair_stride, const float *a_scales,
    const fixed_pair *b, ptrdiff_t b_stride, const float *b_scales, float *c, ptrdiff_t ldc, int accumulates, int emulates);

// Products of matrices in float32.
//
// An element of C is one chain of steps over k, sum ← fma(a[k], b[k], sum), on any processor. So its bits depend on the factors
// and k alone.

/// Kernels that compute the same bits.
typedef enum {
    f32_fastest,
    /// AVX2 and FMA, or whatever another processor has for vectors.
    f32_narrow,
    /// What any processor can do.
    f32_plain
} f32_kernels;

/// Whether this process takes these products in place of a library's; not changed while anything is computed.
int f32_is_used(void);
void f32_set_used(int used);

/// C [m, n] = op(A) · op(B), or C += it, as `bf16_multiply`.
void f32_multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, int transposes_a, const float *b, ptrdiff_t ldb,
    int transposes_b, float *c, ptrdiff_t ldc, int accumulates, f32_kernels kernels);

/// Bytes that a thread which multiplies keeps for packed factors.
size_t products_workspace_bytes(void);
