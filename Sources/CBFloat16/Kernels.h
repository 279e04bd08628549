#pragma once
#include "include/BFloat16.h"

/// What the instruction and its emulation each do.
typedef struct {
    /// Packs columns of B [k, n] into target[p * stride + column], for `width` columns, a multiple of 16, of which those from n
    /// on are zero.
    void (*pack_rows)(const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, bf16_pair *target, ptrdiff_t stride, ptrdiff_t width);
    /// The same of B stored [n, k].
    void (*pack_columns)(
        const float *b, ptrdiff_t ldb, ptrdiff_t k, ptrdiff_t n, bf16_pair *target, ptrdiff_t stride, ptrdiff_t width);
    /// A row of k numbers as pairs.
    void (*convert)(const float *source, ptrdiff_t k, bf16_pair *target);
    /// Adds to `rows` of at most 32 columns. Word (row, p) of A is at a[row * row_stride + p * pair_stride], word (p, column) of
    /// B at b[p * b_stride + column].
    void (*multiply)(
        ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t pairs, const bf16_pair *a, ptrdiff_t row_stride, ptrdiff_t pair_stride,
        const bf16_pair *b, ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates);
} bf16_kernels;

/// NULL where this processor lacks the instruction.
const bf16_kernels *bf16_native(void);
const bf16_kernels *bf16_emulated(void);
