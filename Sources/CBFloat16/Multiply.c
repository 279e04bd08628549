#include "Kernels.h"
#include <pthread.h>
#include <stdlib.h>

// A block of A stays in the second-level cache while panels of B, of which one fits the first, pass by (Goto and van de Geijn,
// "Anatomy of high-performance matrix multiplication", 2008).
enum { block_rows = 192, block_columns = 512, block_depth = 512, panel_columns = 32 };
// Pairs from one row of A to the next: not a power of two, whose rows would share lines of the cache.
enum { row_pairs = block_depth / 2 + 16 };

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

// MARK: What belongs to a thread

static _Thread_local int thread_rounds = 0;
static _Thread_local bf16_pair *thread_workspace = NULL;
static pthread_key_t ending;
static pthread_once_t once = PTHREAD_ONCE_INIT;

int bf16_thread_rounds(void) { return thread_rounds; }
void bf16_set_thread_rounds(int rounds) { thread_rounds = rounds; }

size_t bf16_workspace_bytes(void) {
    return sizeof(bf16_pair) * (block_depth / 2 * block_columns + block_rows * row_pairs);
}

static void make_key(void) { pthread_key_create(&ending, free); }

static bf16_pair *workspace(void) {
    if (!thread_workspace) {
        pthread_once(&once, make_key);
        void *memory = NULL;
        if (posix_memalign(&memory, 64, bf16_workspace_bytes())) abort();
        pthread_setspecific(ending, memory);
        thread_workspace = memory;
    }
    return thread_workspace;
}

static const bf16_kernels *kernels(int emulates) {
    const bf16_kernels *native = bf16_native();
    return emulates || !native ? bf16_emulated() : native;
}

// MARK: Products

// Packs B [k, n] into panels, a few of its rows at a time all the way, as they lie in memory; or B stored [n, k], a panel at a
// time.
static void pack_panels(
    const bf16_kernels *use, const float *b, ptrdiff_t ldb, int is_transposed, ptrdiff_t k, ptrdiff_t n, bf16_pair *target) {
    const ptrdiff_t pairs = (k + 1) / 2, some = is_transposed ? k : 16;
    for (ptrdiff_t depth = 0; depth < k; depth += some) {
        for (ptrdiff_t first = 0; first < n; first += panel_columns) {
            const ptrdiff_t columns = least(n - first, panel_columns), width = columns > 16 ? 32 : 16;
            bf16_pair *at = target + first * pairs + depth / 2 * width;
            if (is_transposed) use->pack_columns(b + first * ldb, ldb, k, columns, at, width, width);
            else use->pack_rows(b + depth * ldb + first, ldb, least(k - depth, some), columns, at, width, width);
        }
    }
}

void bf16_multiply(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, int transposes_a, const float *b, ptrdiff_t ldb,
    int transposes_b, float *c, ptrdiff_t ldc, int accumulates, int emulates) {
    const bf16_kernels *use = kernels(emulates);
    bf16_pair *packed_b = workspace(), *packed_a = packed_b + block_depth / 2 * block_columns;
    for (ptrdiff_t column = 0; column < n; column += block_columns) {
        const ptrdiff_t columns = least(n - column, block_columns);
        for (ptrdiff_t depth = 0; depth < k; depth += block_depth) {
            const ptrdiff_t depths = least(k - depth, block_depth), pairs = (depths + 1) / 2;
            pack_panels(
                use, transposes_b ? b + column * ldb + depth : b + depth * ldb + column, ldb, transposes_b, depths, columns, packed_b);
            for (ptrdiff_t row = 0; row < m; row += block_rows) {
                const ptrdiff_t rows = least(m - row, block_rows);
                const ptrdiff_t row_stride = transposes_a ? 1 : row_pairs;
                const ptrdiff_t pair_stride = transposes_a ? (rows + 15) / 16 * 16 : 1;
                if (transposes_a) {
                    use->pack_rows(a + depth * lda + row, lda, depths, rows, packed_a, pair_stride, pair_stride);
                } else {
                    for (ptrdiff_t r = 0; r < rows; r++) use->convert(a + (row + r) * lda + depth, depths, packed_a + r * row_stride);
                }
                for (ptrdiff_t first = 0; first < columns; first += panel_columns) {
                    const ptrdiff_t some = least(columns - first, panel_columns);
                    use->multiply(
                        rows, some, pairs, packed_a, row_stride, pair_stride, packed_b + first * pairs, some > 16 ? 32 : 16,
                        c + row * ldc + column + first, ldc, accumulates || depth > 0);
                }
            }
        }
    }
}

void bf16_pack(
    const float *b, ptrdiff_t ldb, int is_transposed, ptrdiff_t k, ptrdiff_t count, bf16_pair *target, ptrdiff_t stride,
    int emulates) {
    const bf16_kernels *use = kernels(emulates);
    (is_transposed ? use->pack_columns : use->pack_rows)(b, ldb, k, count, target, stride, 16);
}

void bf16_multiply_panels(
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const float *a, ptrdiff_t lda, const bf16_pair *panels, float *c, ptrdiff_t ldc,
    int accumulates, int emulates) {
    const bf16_kernels *use = kernels(emulates);
    bf16_pair *packed_a = workspace();
    const ptrdiff_t all_pairs = (k + 1) / 2;
    for (ptrdiff_t depth = 0; depth < k; depth += block_depth) {
        const ptrdiff_t depths = least(k - depth, block_depth), pairs = (depths + 1) / 2;
        for (ptrdiff_t row = 0; row < m; row += block_rows) {
            const ptrdiff_t rows = least(m - row, block_rows);
            for (ptrdiff_t r = 0; r < rows; r++) use->convert(a + (row + r) * lda + depth, depths, packed_a + r * row_pairs);
            for (ptrdiff_t first = 0; first < n; first += panel_columns) {
                const ptrdiff_t width = least(n - first, panel_columns);
                use->multiply(
                    rows, width, pairs, packed_a, row_pairs, 1, panels + first * all_pairs + depth / 2 * width, width,
                    c + row * ldc + first, ldc, accumulates || depth > 0);
            }
        }
    }
}
