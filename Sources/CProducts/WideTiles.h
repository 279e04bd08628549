// Products with AVX-512, tile by tile. A file that includes this says before
//
//   TARGET                                     the instructions that functions here may use
//   sums16                                     16 sums: a vector
//   begin_sums(c, mask, accumulates)           what they begin with
//   add_product(sums, factor, line)            one step: a word of A, everywhere, times 16 words of B
//   end_sums(sums, c, mask, accumulates, ends, row, column)   where they go; `ends` is what the caller gave

// 12 × 32 sums take 24 of 32 vector registers, enough to keep both units busy through their latency.
enum { most_rows = 12 };

TARGET static inline __attribute__((always_inline)) void tile(
    const int rows, const int vectors, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const word *b,
    ptrdiff_t b_stride, float *c, ptrdiff_t ldc, __mmask16 last, int accumulates, ends_t ends, ptrdiff_t first_row) {
    sums16 sums[most_rows][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            sums[r][v] = begin_sums(c + r * ldc + 16 * v, v == vectors - 1 ? last : 0xFFFF, accumulates);
    }
    for (ptrdiff_t p = 0; p < words; p++) {
        __m512i line[2];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) line[v] = _mm512_loadu_si512(b + 16 * v);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const __m512i factor = _mm512_set1_epi32((int)a[r * row_stride]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[r][v] = add_product(sums[r][v], factor, line[v]);
        }
        a += word_stride;
        b += b_stride;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            end_sums(
                sums[r][v], c + r * ldc + 16 * v, v == vectors - 1 ? last : 0xFFFF, accumulates, ends, first_row + r, 16 * v);
    }
}

// All rows of at most 32 columns.
TARGET static void multiply_tiles(
    ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t words, const word *a, ptrdiff_t row_stride, ptrdiff_t word_stride, const word *b,
    ptrdiff_t b_stride, float *c, ptrdiff_t ldc, int accumulates, ends_t ends) {
    const __mmask16 last = first_lanes(columns > 16 ? columns - 16 : columns);
    for (ptrdiff_t row = 0; row < rows;) {
        const ptrdiff_t left = rows - row, now = left >= 12 ? 12 : left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        const word *from = a + row * row_stride;
        float *to = c + row * ldc;
#define CASE(R)                                                                                                              \
    case R:                                                                                                                  \
        if (columns > 16) tile(R, 2, words, from, row_stride, word_stride, b, b_stride, to, ldc, last, accumulates, ends, row); \
        else tile(R, 1, words, from, row_stride, word_stride, b, b_stride, to, ldc, last, accumulates, ends, row);              \
        break;
        switch (now) { CASE(12) CASE(8) CASE(4) CASE(2) CASE(1) }
#undef CASE
        row += now;
    }
}
