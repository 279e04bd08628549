import CPrefetch

/// What fetched memory is wanted for.
enum MemoryUse {
    case reading, writing
}

/// Asks for the cache lines of `count` floats; lines outside any memory of the program are harmless.
@inline(__always)
func prefetch(_ memory: UnsafePointer<Float>, count: Int, for use: MemoryUse) {
    for offset in stride(from: 0, to: count, by: 16) {
        switch use {
        case .reading: prefetch_for_reading(memory + offset)
        case .writing: prefetch_for_writing(memory + offset)
        }
    }
}
