import DataPipeline
import Kernels
import TensorCore

/// A data set computed from the index: `image` value (7·index + 3·position) mod 256, `label` index mod `classes`.
struct ComputedDataset: Dataset {
    var name = "computed"
    var count: Int
    var imageShape: Shape = [4, 5, 3]
    var classes = 7
    var background: Float = 0
    var isSequence = false
    var fingerprint: UInt64 { UInt64(count) }
    var fields: [FieldDescription] {
        [
            FieldDescription(
                name: "image", elementType: .float32, shape: imageShape,
                meaning: .pixels(scale: 255, background: background)),
            FieldDescription(
                name: "label", elementType: .int32, shape: [],
                meaning: .classes(names: (0..<classes).map(String.init))),
        ]
    }
    let defaultInput = "image"
    let defaultTarget: String? = "label"
    /// Called with each index whose image is read.
    var onRead: @Sendable (Int) throws -> Void = { _ in }
    /// Called with each index whose label is read.
    var onLabel: @Sendable (Int) throws -> Void = { _ in }

    func value(_ index: Int, _ position: Int) -> Float { Float((7 * index + 3 * position) % 256) }
    func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        try onRead(index)
        for position in buffer.indices { buffer[position] = value(index, position) }
    }
    func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        try onLabel(index)
        buffer[0] = Int32(index % classes)
    }
}

extension Dataset {
    /// The raw values of a field of floats of sample `index`, the default input's if none is named.
    func values(_ index: Int, _ field: String? = nil) throws -> [Float] {
        let place = try fieldIndex(field ?? defaultInput)
        var result = [Float](repeating: -1, count: fields[place].shape.count)
        try result.withUnsafeMutableBufferPointer { try read(index, field: place, into: $0) }
        return result
    }

    /// The raw values of a field of integers of sample `index`.
    func integers(_ index: Int, _ field: String) throws -> [Int32] {
        let place = try fieldIndex(field)
        var result = [Int32](repeating: -1, count: fields[place].shape.count)
        try result.withUnsafeMutableBufferPointer { try readIntegers(index, field: place, into: $0) }
        return result
    }

    /// The class of sample `index`.
    func label(_ index: Int) throws -> Int32 { try integers(index, defaultTarget ?? "")[0] }

    /// The shape of the default input.
    var inputShape: Shape { inputField.shape }
    /// The classes of the default target.
    var classCount: Int { targetField?.meaning.choiceCount ?? 0 }
}

/// All batches of `steps` × `grains`, turned into values by `body`.
func everyBatch<Value>(
    _ source: BatchSource, steps: Range<Int> = 0..<1, threads: Int = 0, _ body: (Batch) -> Value
) throws -> [Value] {
    let grains = 0..<source.plan.grainsPerStep
    let loader = try BatchLoader(source, grains: grains, steps: steps, depth: 3, threads: threads)
    defer { loader.stop() }
    return try steps.flatMap { step in
        try grains.map { grain in try loader.withBatch(step: step, grain: grain, body) }
    }
}
