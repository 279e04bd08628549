/// A dense array of 32-bit floats, row-major, channels last.
///
/// A tensor is a view: copying it shares the memory. Operations never write to a tensor that they did not make.
package struct Tensor {
    package private(set) var storage: Storage
    package let offset: Int
    package let shape: Shape

    /// A view of `shape.count` floats of `storage`, beginning at `offset`.
    package init(storage: Storage, offset: Int = 0, shape: Shape) {
        precondition(
            offset >= 0 && offset + shape.count <= storage.count,
            "Tensor: \(shape) at \(offset) is outside \(storage.count) floats")
        self.storage = storage
        self.offset = offset
        self.shape = shape
    }

    /// An uninitialised tensor from `pool`.
    package init(_ shape: Shape, pool: StoragePool) {
        self.init(storage: pool.storage(count: shape.count), shape: shape)
    }

    /// A tensor of `values`, which must be `shape.count` many.
    package init(_ values: [Float], _ shape: Shape, pool: StoragePool) {
        precondition(values.count == shape.count, "Tensor: \(values.count) values for shape \(shape)")
        self.init(shape, pool: pool)
        values.withUnsafeBufferPointer {
            if let base = $0.baseAddress { pointer.update(from: base, count: values.count) }
        }
    }

    package var count: Int { shape.count }
    package var pointer: UnsafeMutablePointer<Float> { storage.pointer + offset }
    package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// The same memory under another shape with the same number of elements.
    package func reshaped(_ newShape: Shape) -> Tensor {
        precondition(
            newShape.count == count, "reshape: \(shape) has \(count) elements, \(newShape) has \(newShape.count)")
        return Tensor(storage: storage, offset: offset, shape: newShape)
    }

    /// Whether this value is the only holder of pooled memory, so that its owner may overwrite it in place.
    package mutating func isUniquelyOwned() -> Bool { isKnownUniquelyReferenced(&storage) && storage.isPooled }

    package func fill(_ value: Float) { pointer.update(repeating: value, count: count) }

    /// Copies the values of `other`, which must have as many elements.
    package func copy(from other: Tensor) {
        precondition(other.count == count, "copy: \(other.shape) into \(shape)")
        pointer.update(from: other.pointer, count: count)
    }
}
