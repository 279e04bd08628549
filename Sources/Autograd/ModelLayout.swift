import Kernels
import TensorCore

/// A named tensor of a model: a trainable parameter, or a statistic that is averaged instead of trained.
package struct Parameter: Hashable, Sendable {
    /// Position in the order of registration, which is the order of use.
    package let index: Int
    package let name: String
    package let shape: Shape
    package let isTrainable: Bool
    package let initializer: Initializer

    package init(index: Int, name: String, shape: Shape, isTrainable: Bool = true, initializer: Initializer) {
        self.index = index
        self.name = name
        self.shape = shape
        self.isTrainable = isTrainable
        self.initializer = initializer
    }
}

/// Where each parameter lies in a model's flat memory.
///
/// Trainable parameters come first, in reverse order of use, so that backward fills the gradients from the front;
/// statistics follow. Every parameter begins at a multiple of 16 floats (64 bytes). The values, the gradients, each
/// optimiser slot and averaged weights are buffers of this layout.
package struct ModelLayout: Sendable {
    /// All parameters in order of use.
    package let parameters: [Parameter]
    /// The first float of each parameter, by index.
    package let offsets: [Int]
    /// Floats taken by trainable parameters, padding included.
    package let trainableCount: Int
    /// Floats of the whole flat memory.
    package let count: Int
    /// Trainable parameters in the order of their offsets.
    package let trainableOrder: [Int]

    package init(_ parameters: [Parameter]) {
        self.parameters = parameters
        var offsets = Array(repeating: 0, count: parameters.count)
        var next = 0
        var order: [Int] = []
        for parameter in parameters.reversed() where parameter.isTrainable {
            offsets[parameter.index] = next
            order.append(parameter.index)
            next += ModelLayout.padded(parameter.shape.count)
        }
        trainableCount = next
        for parameter in parameters where !parameter.isTrainable {
            offsets[parameter.index] = next
            next += ModelLayout.padded(parameter.shape.count)
        }
        count = next
        trainableOrder = order
        self.offsets = offsets
    }

    static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    /// The number of trainable values, as papers count parameters.
    package var trainableParameterCount: Int { parameters.reduce(0) { $0 + ($1.isTrainable ? $1.shape.count : 0) } }

    /// The parameter whose values include float `offset` of the flat memory; nil in padding.
    package func parameter(at offset: Int) -> Parameter? {
        parameters.first { offset >= offsets[$0.index] && offset < offsets[$0.index] + $0.shape.count }
    }
}

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
