import CPrefetch

/// Where a pass over a matrix writes its results, once and in whole vectors.
///
/// A large matrix is written past the caches: a line would be read before it is written, and would be gone again before
/// anybody wants it.
struct WideOutput {
    private let memory: UnsafeMutablePointer<Float>
    private let adds: Bool
    private let isPastCaches: Bool

    /// Floats from which on results are written past the caches.
    private static let threshold = 1 << 20

    /// - Parameter adds: results are added to what is there.
    init(_ memory: UnsafeMutablePointer<Float>, rows: Int, channels: Int, adds: Bool = false) {
        self.memory = memory
        self.adds = adds
        isPastCaches =
            !adds && rows * channels >= WideOutput.threshold && channels % 16 == 0
            && UInt(bitPattern: memory) % 64 == 0
    }

    @inline(__always)
    func store(_ values: Vector, at place: VectorPlace) {
        if isPastCaches {
            store_past_caches(memory + place.index, values)
        } else if adds {
            addLanes(values, to: memory + place.index, place.width)
        } else {
            storeLanes(values, to: memory + place.index, place.width)
        }
    }

    /// To be called after the last value was stored, so that other threads see them.
    @inline(__always)
    func finish() { if isPastCaches { finish_stores_past_caches() } }
}
