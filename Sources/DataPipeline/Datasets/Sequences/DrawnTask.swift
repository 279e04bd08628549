import ConfigurationReading
import Kernels
import TensorCore

/// Something to learn whose samples the program draws: its keys, its fields, and what each field of a sample holds.
///
/// A new one is a file with this, and a line in ``datasetCatalogue``: ``Drawn`` makes a data set of it.
package protocol DrawnTask: Equatable, Sendable {
    /// What a configuration calls the data set.
    static var name: String { get }
    /// One sentence for the reference of the configuration.
    static var documentation: String { get }
    /// What its samples are, in the words of the reference: `sequences`.
    static var things: String { get }
    /// The task's own keys, which stand beside those of ``DrawnSamples``.
    init(from reader: ConfigurationReader)

    var fields: [FieldDescription] { get }
    var defaultInput: String { get }
    var defaultTarget: String { get }
    /// What tells its samples from those of other keys.
    var identity: String { get }
    /// See ``Dataset/placedFields``.
    static var placedFields: [String] { get }

    /// The extent of a varying axis.
    func length(_ sample: DrawnSample, field: Int) -> Int
    /// Writes a field of numbers, as many as its shape has with ``length(_:field:)``.
    func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Float>)
    /// Writes a field of integers.
    func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>)
    /// Writes the bytes of the field of pixels, of which there is at most one.
    func draw(_ sample: DrawnSample, pixels: UnsafeMutableBufferPointer<UInt8>)
}

extension DrawnTask {
    package static var things: String { "sequences" }
    package static var placedFields: [String] { [] }
    package func length(_ sample: DrawnSample, field: Int) -> Int { fields[field].shape[0] }
    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        preconditionFailure("\(Self.name): '\(fields[field].name)' holds no floats")
    }
    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        preconditionFailure("\(Self.name): '\(fields[field].name)' holds no integers")
    }
    package func draw(_ sample: DrawnSample, pixels: UnsafeMutableBufferPointer<UInt8>) {
        preconditionFailure("\(Self.name): it has no pixels")
    }
}

/// What a sample is drawn from.
package struct DrawnSample: Sendable {
    package let index: Int
    package let split: DatasetSplit
    /// Of everything random in it.
    package let key: RandomKey
}

/// The data set of a task, as a configuration names it.
package struct Drawn<Task: DrawnTask>: DatasetFactory {
    package static var name: String { Task.name }
    package static var documentation: String { Task.documentation }
    package static var location: DatasetLocation { .nowhere }
    package var knownFields: [FieldDescription]? { task.fields }

    package let task: Task
    package let samples: DrawnSamples

    package init(_ task: Task, training: Int = 20_000, test: Int = 2000, seed: Int = 0) {
        self.task = task
        samples = DrawnSamples(training: training, test: test, seed: seed)
    }

    package init(from reader: ConfigurationReader) {
        task = Task(from: reader)
        samples = DrawnSamples(from: reader, of: Task.things, training: 20_000, test: 2000)
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) -> any Dataset { DrawnTaskDataset(task, split: split, samples: samples) }
}

/// The samples of a task: sample i of (task, split, seed) is always the same. They are drawn when they are read;
/// pictures are kept.
package struct DrawnTaskDataset<Task: DrawnTask>: Dataset {
    package let name: String
    package let count: Int
    package let fields: [FieldDescription]
    private let task: Task
    private let split: DatasetSplit
    private let key: RandomKey
    /// Nil where there are none.
    private let pictures: SampleCache?

    package init(_ task: Task, split: DatasetSplit, samples: DrawnSamples) {
        name = "\(Task.name)/\(split.rawValue)"
        count = samples.count(of: split)
        fields = task.fields
        self.task = task
        self.split = split
        key = RandomKey(drawing: name, seed: UInt64(samples.seed))
        let pixels = task.fields.first { if case .pixels = $0.meaning { true } else { false } }
        pictures = pixels.map { [count] in SampleCache(sampleCount: count, sampleBytes: $0.shape.count) }
    }

    package var defaultInput: String { task.defaultInput }
    package var defaultTarget: String? { task.defaultTarget }
    package var placedFields: [String] { Task.placedFields }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed("\(name) \(task.identity)", count: count, key: key, samples: 20, of: numbers)
        return hash.value
    }

    /// All numbers of a sample.
    private func numbers(_ index: Int) -> [Float] {
        fields.indices.flatMap { place -> [Float] in
            let field = fields[place]
            let rows = field.variableAxis == nil ? 1 : length(of: index, field: place)
            let size = field.variableAxis == nil ? field.shape.count : rows * (field.shape.count / field.shape[0])
            switch field.elementType {
            case .float32:
                var values = [Float](repeating: 0, count: size)
                values.withUnsafeMutableBufferPointer { read(index, field: place, into: $0) }
                return values
            case .int32:
                var values = [Int32](repeating: 0, count: size)
                values.withUnsafeMutableBufferPointer { readIntegers(index, field: place, into: $0) }
                return values.map(Float.init)
            }
        }
    }

    package func length(of index: Int, field: Int) -> Int { task.length(sample(index), field: field) }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        guard case .pixels = fields[field].meaning, let pictures else {
            return task.draw(sample(index), field: field, into: buffer)
        }
        pictures.withSample(index) { pixels in
            precondition(buffer.count == pixels.count, "\(name): \(pixels.count) pixels into \(buffer.count) floats")
            if let source = pixels.baseAddress, let destination = buffer.baseAddress {
                convertBytes(source, to: destination, count: pixels.count)
            }
        } make: {
            task.draw(sample(index), pixels: $0)
        }
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        task.draw(sample(index), field: field, into: buffer)
    }

    private func sample(_ index: Int) -> DrawnSample {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        return DrawnSample(index: index, split: split, key: key.folding(index))
    }
}
