import Autograd
import Kernels
import System

/// Measures matrix products A · Bᵀ as linear layers use them.
package enum MatrixBenchmark {
    /// 10⁹ operations a second of C [m, n] = A [m, k] · B [n, k]ᵀ, the best of several runs.
    package static func gigaflops(m: Int, n: Int, k: Int) -> Double {
        let (a, b, c) = (FlatBuffer(count: m * k), FlatBuffer(count: n * k), FlatBuffer(count: m * n))
        for i in 0..<m * k { a.pointer[i] = Float(i % 7) }
        for i in 0..<n * k { b.pointer[i] = Float(i % 5) }
        var best = Double.infinity
        let repeats = max(1, 10_000_000 / (m * n * k))
        for _ in 0..<10 {
            let start = Clock.seconds
            for _ in 0..<repeats {
                multiply(
                    m: m, n: n, k: k, a.pointer, lda: k, b.pointer, ldb: k, transposeB: true, into: c.pointer, ldc: n)
            }
            best = min(best, (Clock.seconds - start) / Double(repeats))
        }
        return 2 * Double(m * n * k) / best / 1e9
    }
}
