/// Flat, 64-byte aligned memory of floats, zero at the beginning.
///
/// `@unchecked Sendable`: the owner decides who may write which range when; workers read weights that nobody writes
/// during a step's forward and backward passes, and updates write disjoint ranges between two barriers.
package final class FlatBuffer: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Float>
    package let count: Int

    package init(count: Int) {
        self.count = count
        let bytes = max(count, 16) * MemoryLayout<Float>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        pointer = raw.assumingMemoryBound(to: Float.self)
    }

    deinit { pointer.deallocate() }

    package func copy(from other: FlatBuffer) {
        precondition(other.count == count, "FlatBuffer: copy of \(other.count) floats into \(count)")
        pointer.update(from: other.pointer, count: count)
    }
}
