import COpenBLAS
import CProducts
import Glibc

/// Who computes products of matrices.
package enum Arithmetic: String, CaseIterable, Sendable {
    /// OpenBLAS, whose order of additions depends on the processor's family and on the shape.
    case openblas
    /// Our own kernels: an element is one chain of fused multiply-adds over k, on any processor.
    case portable

    /// Has the whole process compute so; called before it computes anything.
    package func use() { f32_set_used(self == .portable ? 1 : 0) }

    /// For tests: kernels other than the processor's fastest, to the same bits.
    fileprivate static let kernels: f32_kernels =
        switch getenv("TRAINER_TEST_PORTABLE_KERNELS").map({ String(cString: $0) }) {
        case "narrow": f32_narrow
        case "plain": f32_plain
        default: f32_fastest
        }
}

/// C = op(A) · op(B), or C += op(A) · op(B); row-major, op(A) is m × k, op(B) is k × n, C is m × n.
///
/// - Parameters:
///   - transposeA: A is stored k × m.  `lda` is the stored row's length, as `ldb` and `ldc`.
///   - accumulate: adds to C instead of overwriting it.
package func multiply(
    m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
    _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false,
    into c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool = false
) {
    if m == 0 || n == 0 { return }
    if k == 0 {
        if !accumulate { for row in 0..<m { (c + row * ldc).update(repeating: 0, count: n) } }
        return
    }
    if f32_is_used() != 0 {
        return f32_multiply(
            m, n, k, a, lda, transposeA ? 1 : 0, b, ldb, transposeB ? 1 : 0, c, ldc, accumulate ? 1 : 0,
            Arithmetic.kernels)
    }
    cblas_sgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
        Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), accumulate ? 1 : 0, c, Int32(ldc))
}

/// Facts about the linear-algebra library in this process.
package enum LinearAlgebraLibrary {
    /// Makes every call run on the calling thread; parallelism comes from grains.
    package static func useOneThread() { openblas_set_num_threads(1) }

    /// Makes the library choose its kernels anew, as `OPENBLAS_CORETYPE` says now, and ends the threads that it started
    /// when it was loaded; to be called before it computes anything, and after ``useOneThread()``.
    ///
    /// False where this library cannot do so: it was built for one processor family, or has other names inside.
    package static func chooseAgain() -> Bool {
        guard let forget = function("gotoblas_dynamic_quit"), let choose = function("gotoblas_dynamic_init"),
            let endThreads = function("blas_thread_shutdown_")
        else { return false }
        endThreads()
        forget()
        choose()
        return true
    }

    private static func function(_ name: String) -> (@convention(c) () -> Void)? {
        dlsym(nil, name).map { unsafeBitCast($0, to: (@convention(c) () -> Void).self) }
    }

    /// The name of the processor family whose kernels the library chose, for example `SkylakeX`.
    package static var coreName: String { String(cString: openblas_get_corename()) }

    /// The library's version and build options.
    package static var configuration: String { String(cString: openblas_get_config()) }
}
