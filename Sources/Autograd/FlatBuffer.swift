import Glibc

/// Flat, 64-byte aligned memory of floats, zero at the beginning.
///
/// The system hands out the pages of a large one as they are first written, so that a part which nobody writes takes no
/// memory.
///
/// `@unchecked Sendable`: the owner decides who may write which range when; workers read weights that nobody writes
/// during a step's forward and backward passes, and updates write disjoint ranges between two barriers.
package final class FlatBuffer: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Float>
    package let count: Int
    /// Bytes that were mapped for it alone; nil where they came from the heap.
    private let mappedBytes: Int?

    /// From so many bytes on, memory is mapped.
    private static let mappingThreshold = 1 << 20

    /// Ends the process where the system has no such memory.
    package init(count: Int) {
        self.count = count
        let bytes = max(count, 16) * MemoryLayout<Float>.stride
        if bytes >= FlatBuffer.mappingThreshold {
            let raw = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
            guard let raw, raw != MAP_FAILED else {
                let reason = String(cString: strerror(errno))
                fatalError(
                    "the system gives no \(bytes) bytes (\(reason)); raise the limit of memory (ulimit -v), or start "
                        + "fewer ranks and threads on this host")
            }
            pointer = raw.assumingMemoryBound(to: Float.self)
            mappedBytes = bytes
        } else {
            let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
            pointer = raw.assumingMemoryBound(to: Float.self)
            mappedBytes = nil
        }
    }

    deinit {
        if let mappedBytes { munmap(pointer, mappedBytes) } else { pointer.deallocate() }
    }

    package func copy(from other: FlatBuffer) {
        precondition(other.count == count, "FlatBuffer: copy of \(other.count) floats into \(count)")
        pointer.update(from: other.pointer, count: count)
    }
}
