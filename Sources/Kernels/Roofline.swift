import Glibc

/// What one core of this machine can do at most: the two lines of a roofline (Williams, Waterman and Patterson 2009).
package enum Roofline {
    /// Multiply-adds of vectors in registers, counted as two operations a lane, in 10⁹ a second.
    package static func peakGigaflops(seconds: Double = 0.2) -> Double {
        // Twelve independent chains hide the latency; 1.0 and 0.0 keep the numbers normal.
        let factor = Vector(repeating: opaque(1))
        let addend = Vector(repeating: opaque(0))
        var sums = InlineArray<12, Vector>(repeating: Vector(repeating: opaque(1)))
        let rounds = 20_000
        var best = 0.0
        let start = now()
        while now() - start < seconds {
            let begin = now()
            for _ in 0..<rounds {
                for i in 0..<12 { sums[i] = addend.addingProduct(sums[i], factor) }
            }
            best = max(best, Double(rounds * 12 * 32) / (now() - begin) / 1e9)
        }
        var total: Float = 0
        for i in 0..<12 { total += sums[i].laneSum }
        return total == 0 ? 0 : best
    }

    /// Bytes read and written by y = a + b over arrays larger than any cache, in 10⁹ a second (McCalpin's STREAM add).
    package static func bandwidthGigabytes() -> Double {
        let count = 32 << 20
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count)
        defer { memory.deallocate() }
        memory.update(repeating: 1, count: 3 * count)
        var best = 0.0
        for _ in 0..<4 {
            let begin = now()
            add(memory, memory + count, into: memory + 2 * count, count: count)
            best = max(best, Double(3 * count * 4) / (now() - begin) / 1e9)
        }
        return best
    }

    @inline(never)
    private static func opaque(_ value: Float) -> Float { value * Float(getpid() > 0 ? 1 : 0) }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }
}
