/// Passes over a matrix [rows, channels] that treat all rows of a channel alike, in vectors of 16 channels.
///
/// Memory is read as it lies, row by row. Walking down the columns costs up to three times as much from 64 channels on:
/// their lines lie a power of two apart and drive each other out of the caches
/// ([performance](../../docs/performance.md)). A pass is a type and not a closure, since a closure of some length is
/// called for every vector, which costs as much again: its functions are marked to be inlined.

/// Matrices of at most so many channels are walked down in blocks of 64 rows, which stay in the first-level cache, so
/// that what a channel needs stays in registers.
private let narrowest = 32

/// How many rows are added before their sum is added to those of the rows before: it keeps rounding errors small.
private let summedRows = 64

/// A vector of at most 16 channels of a row.
struct VectorPlace {
    let row: Int
    /// Where in the matrix it begins.
    let index: Int
    /// The number of channels.
    let width: Int
}

/// A pass that writes something for each vector of each row.
protocol RowPass {
    /// What a vector of channels needs for all rows.
    associatedtype Terms: BitwiseCopyable
    func terms(_ channel: Int, _ width: Int) -> Terms
    func write(_ place: VectorPlace, _ terms: Terms)
}

extension RowPass {
    @inline(__always)
    func run(rows: Int, channels: Int) {
        if channels <= narrowest {
            forEachBlock(rows: rows, channels: channels) { block, channel, width in
                let own = terms(channel, width)
                for row in block { write(VectorPlace(row: row, index: row * channels + channel, width: width), own) }
            }
            return
        }
        withEach(channels, terms) { all in
            for row in 0..<rows {
                forEachVector(channels) { place, width in
                    write(VectorPlace(row: row, index: row * channels + 16 * place, width: width), all[place])
                }
            }
        }
    }
}

/// A pass that adds up over all rows.
protocol RowSumPass {
    /// What a vector of channels needs for all rows.
    associatedtype Terms: BitwiseCopyable
    associatedtype Sums: BitwiseCopyable
    var zero: Sums { get }
    func terms(_ channel: Int, _ width: Int) -> Terms
    func add(_ place: VectorPlace, _ terms: Terms, to sums: inout Sums)
    /// Takes the sums of some rows; it is called for one block of rows after the other.
    func finish(_ channel: Int, _ width: Int, _ sums: Sums)
}

extension RowSumPass {
    @inline(__always)
    func run(rows: Int, channels: Int) {
        if channels <= narrowest {
            forEachBlock(rows: rows, channels: channels) { block, channel, width in
                let own = terms(channel, width)
                var sums = zero
                for row in block {
                    add(VectorPlace(row: row, index: row * channels + channel, width: width), own, to: &sums)
                }
                finish(channel, width, sums)
            }
            return
        }
        withEach(channels, terms) { all in
            withEach(channels, { _, _ in zero }) { sums in
                for first in stride(from: 0, to: rows, by: summedRows) {
                    for row in first..<min(first + summedRows, rows) {
                        forEachVector(channels) { place, width in
                            let at = VectorPlace(row: row, index: row * channels + 16 * place, width: width)
                            add(at, all[place], to: &sums[place])
                        }
                    }
                    forEachVector(channels) { place, width in
                        finish(16 * place, width, sums[place])
                        sums[place] = zero
                    }
                }
            }
        }
    }
}

/// Calls `body(rows, channel, width)` for every block of rows and vector of channels.
@inline(__always)
private func forEachBlock(rows: Int, channels: Int, _ body: (Range<Int>, Int, Int) -> Void) {
    for first in stride(from: 0, to: rows, by: summedRows) {
        for channel in stride(from: 0, to: channels, by: 16) {
            body(first..<min(first + summedRows, rows), channel, min(16, channels - channel))
        }
    }
}

/// Calls `body(place, width)` for the vectors of a row; the last one may be short.
@inline(__always)
private func forEachVector(_ channels: Int, _ body: (_ place: Int, _ width: Int) -> Void) {
    let whole = channels / 16
    for place in 0..<whole { body(place, 16) }
    if channels % 16 > 0 { body(whole, channels % 16) }
}

/// What `value` gives for each vector of channels, in memory of its own.
@inline(__always)
private func withEach<Value: BitwiseCopyable>(
    _ channels: Int, _ value: (_ channel: Int, _ width: Int) -> Value, _ body: (UnsafeMutablePointer<Value>) -> Void
) {
    withUnsafeTemporaryAllocation(of: Value.self, capacity: (channels + 15) / 16) { memory in
        let all = memory.baseAddress!
        forEachVector(channels) { place, width in (all + place).initialize(to: value(16 * place, width)) }
        body(all)
    }
}

/// Loads `width` ≤ 16 floats; the other lanes are 0.
@inline(__always)
func loadLanes(_ p: UnsafePointer<Float>, _ width: Int) -> Vector {
    width == 16 ? p.vector(0) : loadSome(p, width)
}

@inline(__always)
func storeLanes(_ v: Vector, to p: UnsafeMutablePointer<Float>, _ width: Int) {
    if width == 16 { p.store(v, 0) } else { storeSome(v, to: p, width) }
}

// Not inlined: few vectors are short, and passes stay small.

@inline(never)
private func loadSome(_ p: UnsafePointer<Float>, _ width: Int) -> Vector {
    var v = Vector.zero
    for k in 0..<width { v[k] = p[k] }
    return v
}

@inline(never)
private func storeSome(_ v: Vector, to p: UnsafeMutablePointer<Float>, _ width: Int) {
    for k in 0..<width { p[k] = v[k] }
}

@inline(__always)
func addLanes(_ v: Vector, to p: UnsafeMutablePointer<Float>, _ width: Int) {
    storeLanes(loadLanes(p, width) + v, to: p, width)
}
