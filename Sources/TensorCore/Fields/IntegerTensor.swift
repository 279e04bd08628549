/// A dense array of 32-bit integers, row-major: a view of memory that its owner keeps and nobody changes meanwhile.
package struct IntegerTensor {
    package let pointer: UnsafePointer<Int32>
    package let shape: Shape
    private let owner: AnyObject?

    /// A view of `shape.count` integers that `owner` keeps alive.
    package init(_ pointer: UnsafePointer<Int32>, shape: Shape, owner: AnyObject?) {
        self.pointer = pointer
        self.shape = shape
        self.owner = owner
    }

    package var count: Int { shape.count }
    package var values: [Int32] {
        withExtendedLifetime(owner) { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    }

    /// The numbers as floats, exact up to 2²⁴: how a model takes an integer field as its input.
    package func floats(pool: StoragePool) -> Tensor {
        let result = Tensor(shape, pool: pool)
        withExtendedLifetime(owner) {
            for index in 0..<count { result.pointer[index] = Float(pointer[index]) }
        }
        return result
    }
}
