import Kernels
import Optimization

/// Floats on the heap with a stable address, for tests that hand out pointers.
///
/// The pointer dies with the buffer: pass it through the extensions below, which keep the buffers alive.
final class FlatBuffer {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int

    init(_ values: [Float]) {
        count = values.count
        pointer = .allocate(capacity: max(values.count, 1))
        pointer.initialize(repeating: 0, count: max(values.count, 1))
        for (index, value) in values.enumerated() { pointer[index] = value }
    }

    /// Normal numbers times `scale`, from stream `stream`.
    convenience init(normal count: Int, stream: Int, scale: Float = 1) {
        let key = RandomKey(seed: 7).folding(stream)
        self.init((0..<count).map { scale * key.normals(at: UInt64($0)).0 })
    }

    deinit { pointer.deallocate() }

    var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
    var bits: [UInt32] { values.map(\.bitPattern) }
}

extension UpdateRule {
    func update(
        _ range: Range<Int>, parameters: FlatBuffer, gradients: FlatBuffer, slots: [FlatBuffer] = [], step: UpdateStep
    ) {
        withExtendedLifetime((parameters, gradients, slots)) {
            update(
                range, parameters: parameters.pointer, gradients: gradients.pointer, slots: slots.map(\.pointer),
                step: step)
        }
    }
}

extension Optimizer {
    func slots(learningRate: Double) -> [FlatBuffer] {
        let slots = self.slots.map { _ in FlatBuffer(Array(repeating: 0, count: groups.count)) }
        withExtendedLifetime(slots) {
            initialize(slots: slots.map(\.pointer), learningRate: learningRate, ranges: [0..<groups.count])
        }
        return slots
    }

    func step(
        parameters: FlatBuffer, gradients: FlatBuffer, slots: [FlatBuffer], learningRate: Double,
        gradientScale: Double = 1, stepNumber: Int = 1, part: Int = 0, of parts: Int = 1
    ) {
        withExtendedLifetime((parameters, gradients, slots)) {
            step(
                parameters: parameters.pointer, gradients: gradients.pointer, slots: slots.map(\.pointer),
                learningRate: learningRate, gradientScale: gradientScale, stepNumber: stepNumber, part: part, of: parts)
        }
    }
}
