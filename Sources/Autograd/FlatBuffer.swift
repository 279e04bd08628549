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

    /// Makes a range zero, and gives the system its whole pages back where the memory is mapped.
    package func forget(_ range: Range<Int>) {
        guard mappedBytes != nil else { return (pointer + range.lowerBound).update(repeating: 0, count: range.count) }
        let page = sysconf(Int32(_SC_PAGESIZE)) / MemoryLayout<Float>.stride
        let lower = min((range.lowerBound + page - 1) / page * page, range.upperBound)
        let upper = max(range.upperBound / page * page, lower)
        (pointer + range.lowerBound).update(repeating: 0, count: lower - range.lowerBound)
        (pointer + upper).update(repeating: 0, count: range.upperBound - upper)
        // Private memory without a file behind it is zero again (madvise(2)).
        if upper > lower, madvise(pointer + lower, (upper - lower) * MemoryLayout<Float>.stride, MADV_DONTNEED) != 0 {
            (pointer + lower).update(repeating: 0, count: upper - lower)
        }
    }

    /// Has the system hand out the smallest pages, so that parts which nobody writes take no memory even where they
    /// are short.
    package func keepsParts() {
        guard let mappedBytes else { return }
        // Without effect where the system has no huge pages.
        _ = madvise(pointer, mappedBytes, MADV_NOHUGEPAGE)
    }

    package func copy(from other: FlatBuffer) {
        precondition(other.count == count, "FlatBuffer: copy of \(other.count) floats into \(count)")
        pointer.update(from: other.pointer, count: count)
    }
}
