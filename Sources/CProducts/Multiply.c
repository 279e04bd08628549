#include "Kernels.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A block of A stays in the second-level cache while panels of B, of which one fits the first, pass by (Goto and van de Geijn,
// "Anatomy of high-performance matrix multiplication", 2008).
enum { block_rows = 192, block_columns = 512, block_words = 256, panel_columns = 32 };
// Words from one row of A to the next: not a power of two, whose rows would share lines of the cache.
enum { row_words = block_words + 16 };

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

// MARK: What belongs to a thread

static _Thread_local int thread_rounds = 0;
static _Thread_local word *thread_workspace = NULL;
static pthread_key_t ending;
static pthread_once_t once = PTHREAD_ONCE_INIT;

int bf16_thread_rounds(void) { return thread_rounds; }
void bf16_set_thread_rounds(int rounds) { thread_rounds = rounds; }

static int is_f32_used = 0;

int f32_is_used(void) { return is_f32_used; }
void f32_set_used(int used) { is_f32_used = used; }

size_t products_workspace_bytes(void) {
    return sizeof(word) * (block_words * block_columns + block_rows * row_words);
}

static void make_key(void) { pthread_key_create(&ending, free); }

static word *workspace(void) {
    if (!thread_workspace) {
        pthread_once(&once, make_key);
        void *memory = NULL;
        if (posix_memalign(&memory, 64, products_workspace_bytes())) {
            fprintf(stderr, "trainer: no memory for %zu bytes of packed factors; use fewer threads\n", products_workspace_bytes());
            abort();
        }
        pthread_setspecific(ending, memory);
        thread_workspace = memory;
    }
    return thread_workspace;
}

static const product_kernels *kernels(int emulates) {
    const product_kernels *native = bf16_native();
    return emulates || !native ? bf16_emulated() : native;
}

// MARK: Products

// Packs B [k, n] into panels, a few of its rows at a time all the way, as they lie in memory; or B stored [n, k], a panel at a
// time.
static void pack_panels(
    const product_kernels *use, const float *b, ptrdiff_t ldb, int is_transposed, ptrdiff_t k, ptrdiff_t n, word *target) {
    const ptrdiff_t words = (k + use->depth - 1) / use->depth, some = is_transposed ? k : 16;
    for (ptrdiff_t depth = 0; depth < k; depth += some) {
        for (ptrdiff_t first = 0; first < n; first += panel_columns) {
            const ptrdiff_t columns = least(n - first, panel_columns), width = columns > 16 ? 32 : 16;
            word *at = target + first * words + depth / use->depth * width;
            if (is_transposed) use->pack_columns(b + first * ldb, ldb, k, columns, at, width, width);
            else use->pack_rows(b + depth * ldb + first, ldb, least(k - depth, some), columns, at, width, width);
        }
    }
}

// A block of A as a kernel reads it.
typedef struct {
    const word *words;
    ptrdiff_t row_stride, word_stride;
} factor;

static factor block_of(
    const product_kernels *use, const float *a, ptrdiff_t lda, int is_transposed, ptrdiff_t rows, ptrdiff_t depths, word *packed) {
    if (is_transposed && use->convert) {
        const ptrdiff_t stride = (rows + 15) / 16 * 16;
        use->pack_rows(a, lda, depths, rows, packed, stride, stride);
        return (factor){packed, 1, stride};
    }
    if (is_transposed) return (factor){(const word *)a, 1, lda};
    // Numbers are read where they are, unless the rows share lines of the cache.
    if (!use->convert && lda % 128 != 0) return (factor){(const word *)a, lda, 1};
    for (ptrdiff_t row = 0; row < rows; row++) {
        word *target = packed + row * row_words;
        if (use->convert) use->convert(a + row * lda, depths, target);
        else memcpy(target, a + row * lda, depths * sizeof(float));
    }
    return (factor){packed, row_words, 1};
}

static void multiply(
    const product_kernels *use, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, int transposes_a,
    const float *b, ptrdiff_t ldb, int transposes_b, float *c, ptrdiff_t ldc, int accumulates) {
    word *packed_b = workspace(), *packed_a = packed_b + block_words * block_columns;
    const ptrdiff_t block_depth = block_words * use->depth;
    for (ptrdiff_t column = 0; column < n; column += block_columns) {
        const ptrdiff_t columns = least(n - column, block_columns);
        for (ptrdiff_t depth = 0; depth < k; depth += block_depth) {
            const ptrdiff_t depths = least(k - depth, block_depth), words = (depths + use->depth - 1) / use->depth;
            pack_panels(
                use, transposes_b ? b + column * ldb + depth : b + depth * ldb + column, ldb, transposes_b, depths, columns, packed_b);
            for (ptrdiff_t row = 0; row < m; row += block_rows) {
                const ptrdiff_t rows = least(m - row, block_rows);
                const factor block = block_of(
                    use, transposes_a ? a + depth * lda + row : a + row * lda + depth, lda, transposes_a, rows, depths, packed_a);
                for (ptrdiff_t first = 0; first < columns; first += panel_columns) {
                    const ptrdiff_t some = least(columns - first, panel_columns);
                    use->multiply(
                        rows, some, words, block.words, block.row_stride, block.word_stride, packed_b + first * words,
                        some > 16 ? 32 : 16, c + row * ldc + column + first, ldc, accumulates || depth > 0);
                }
            }
        }
    }
}

void bf16_multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, int transposes_a, const float *b, ptrdiff_t ldb,
    int transposes_b, float *c, ptrdiff_t ldc, int accumulates, int emulates) {
    multiply(kernels(emulates), m, n, k, a, lda, transposes_a, b, ldb, transposes_b, c, ldc, accumulates);
}

void f32_multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, int transposes_a, const float *b, ptrdiff_t ldb,
    int transposes_b, float *c, ptrdiff_t ldc, int accumulates, f32_kernels kernels) {
    multiply(f32_of(kernels), m, n, k, a, lda, transposes_a, b, ldb, transposes_b, c, ldc, accumulates);
}

void bf16_pack(
    const float *b, ptrdiff_t ldb, int is_transposed, ptrdiff_t k, ptrdiff_t count, bf16_pair *target, ptrdiff_t stride,
    int emulates) {
    const product_kernels *use = kernels(emulates);
    (is_transposed ? use->pack_columns : use->pack_rows)(b, ldb, k, count, target, stride, 16);
}

void bf16_multiply_panels(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, const bf16_pair *panels, float *c, ptrdiff_t ldc,
    int accumulates, int emulates) {
    const product_kernels *use = kernels(emulates);
    word *packed_a = workspace();
    const ptrdiff_t all_words = (k + 1) / 2, block_depth = 2 * block_words;
    for (ptrdiff_t depth = 0; depth < k; depth += block_depth) {
        const ptrdiff_t depths = least(k - depth, block_depth);
        for (ptrdiff_t row = 0; row < m; row += block_rows) {
            const ptrdiff_t rows = least(m - row, block_rows);
            const factor block = block_of(use, a + row * lda + depth, lda, 0, rows, depths, packed_a);
            for (ptrdiff_t first = 0; first < n; first += panel_columns) {
                const ptrdiff_t width = least(n - first, panel_columns);
                use->multiply(
                    rows, width, (depths + 1) / 2, block.words, block.row_stride, block.word_stride,
                    panels + first * all_words + depth / 2 * width, width, c + row * ldc + first, ldc, accumulates || depth > 0);
            }
        }
    }
}
