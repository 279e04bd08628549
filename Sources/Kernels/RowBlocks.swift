/// Loops over a matrix [rows, channels] in blocks of 64 rows, which stay in the second-level cache, and vectors of 16
/// channels.
///
/// A closure in which ``loadLanes(_:_:)`` has a variable width is not always inlined, and then costs a call a vector:
/// look at the disassembly.

/// Calls `body(rows, channel, width)` for every block of rows and vector of channels.
@inline(__always)
func forEachBlock(rows: Int, channels: Int, _ body: (Range<Int>, Int, Int) -> Void) {
    for first in stride(from: 0, to: rows, by: 64) {
        for channel in stride(from: 0, to: channels, by: 16) {
            body(first..<min(first + 64, rows), channel, min(16, channels - channel))
        }
    }
}

/// Fetches what lies 64 rows further.
@inline(__always)
func prefetchNextBlock(_ p: UnsafePointer<Float>, _ channels: Int, for use: MemoryUse = .reading) {
    prefetch(p + 64 * channels, count: 1, for: use)
}

/// Loads `width` ≤ 16 floats; the other lanes are 0.
@inline(__always)
func loadLanes(_ p: UnsafePointer<Float>, _ width: Int) -> Vector {
    if width == 16 { return p.vector(0) }
    var v = Vector.zero
    for k in 0..<width { v[k] = p[k] }
    return v
}

@inline(__always)
func storeLanes(_ v: Vector, to p: UnsafeMutablePointer<Float>, _ width: Int) {
    if width == 16 {
        p.store(v, 0)
    } else {
        for k in 0..<width { p[k] = v[k] }
    }
}

@inline(__always)
func addLanes(_ v: Vector, to p: UnsafeMutablePointer<Float>, _ width: Int) {
    storeLanes(loadLanes(p, width) + v, to: p, width)
}
