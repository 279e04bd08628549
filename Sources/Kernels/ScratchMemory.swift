/// Working memory, handed out piece by piece.
struct ScratchMemory {
    private var next: UnsafeMutablePointer<Float>

    init(_ memory: UnsafeMutablePointer<Float>) { next = memory }

    mutating func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        defer { next += count }
        return next
    }
}
