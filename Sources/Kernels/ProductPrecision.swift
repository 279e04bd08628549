import CProducts
import Glibc

/// The numbers in which layers multiply matrices: linear, 1×1 and im2col convolutions, what recurrent layers do at each
/// step, and 3×3 convolutions of at least 64 channels. All else, results included, is Float.
package enum ProductPrecision: String, CaseIterable, Sendable {
    /// As they are, by the linear-algebra library.
    case float32
    /// Factors rounded to the nearest bfloat16, ties to even (Intel, "BFLOAT16: Hardware Numerics Definition", 2018),
    /// those of Winograd's products to 16-bit fixed point (``FixedPointPlanes``):
    /// twice as fast where the processor has an instruction for it, and the same bits where it has not.
    case mixed

    /// Runs `body` with this thread's layers computing so.
    package func use<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = bf16_thread_rounds()
        bf16_set_thread_rounds(self == .mixed ? 1 : 0)
        defer { bf16_set_thread_rounds(before) }
        return try body()
    }

    /// Whether this thread's layers round factors.
    static var isRounding: Bool { bf16_thread_rounds() != 0 }

    /// Whether products are computed without an instruction for bfloat16, some ten times slower than with it.
    package static let isEmulated = bf16_is_native() == 0 || getenv("TRAINER_TEST_EMULATES_BFLOAT16") != nil

    /// Bytes that a thread keeps for packed factors.
    package static var workspaceBytes: Int { products_workspace_bytes() }
}

/// A layer's product: C = op(A) · op(B), or C += op(A) · op(B), as `multiply`; factors are rounded where the thread
/// computes so (``ProductPrecision``).
///
/// Against Double with exact factors, rounding both changes an element by at most 2⁻⁷ (1 + 2⁻⁹) Σ |a b|, and by less
/// than 3 · 2⁻⁸ √Σ (a b)² in the tests, because roundings are independent: for factors of one size √k of a product.
package func layerProduct(
    m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
    _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false,
    into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool = false
) {
    guard ProductPrecision.isRounding, k > 0 else {
        return multiply(
            m: m, n: n, k: k, a, lda: lda, transposeA: transposeA, b, ldb: ldb, transposeB: transposeB, into: c,
            ldc: ldc, accumulate: accumulate)
    }
    bf16_multiply(
        m, n, k, a, lda, transposeA ? 1 : 0, b, ldb, transposeB ? 1 : 0, c, ldc, accumulate ? 1 : 0,
        ProductPrecision.isEmulated ? 1 : 0)
}
