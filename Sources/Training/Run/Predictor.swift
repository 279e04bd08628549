import Autograd
import Checkpointing
import DataPipeline
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// Applies trained weights to files of samples.
package final class Predictor {
    private let models: LoadedModels
    package let objective: any Objective
    private let configuration: DataConfiguration
    private let inputs: [FieldDescription]
    let preprocessing: [FieldPreprocessing]
    /// Over how many networks with dropout to average; 0 for the scaled one.
    private let dropoutSamples: Int
    package static let grain = 64

    package init(
        _ models: LoadedModels, _ objective: any Objective, _ configuration: DataConfiguration, _ usage: WeightsUsage,
        path: String, dropoutSamples: Int
    ) throws {
        guard !objective.predictions.isEmpty else { throw TrainingError.nothingToPredict(path: path) }
        guard dropoutSamples == 0 || objective.averagesDropout else {
            throw TrainingError.noDropoutAverage(path: path, reason: "its objective has no such average")
        }
        self.models = models
        self.dropoutSamples = dropoutSamples
        self.objective = objective
        self.configuration = configuration
        inputs = objective.inputFields.compactMap(usage.field)
        preprocessing = usage.preprocessing
    }

    /// What the models say of a sample: an output's numbers, with what they mean.
    package struct Answer {
        package var output: String
        package var target: FieldDescription
        /// Numbers for classes, or in the units of the data.
        package var values: [Float]
        /// What the numbers say of classes.
        package var scores: ClassScores
        /// Whether it is the only output.
        package var isOnly: Bool
    }

    /// Calls `body(number in the file, answers)` for every sample of a file. Throws `DataError`.
    package func predict(file: String, _ body: (Int, [Answer]) throws -> Void) throws {
        try forEachBatch(file) { first, outputs in
            let outputs = zip(objective.predictions, outputs).map { $0.loss?.estimate($1) ?? $1 }
            for row in 0..<outputs[0].shape[0] {
                let answers = zip(objective.predictions, outputs).map { prediction, output in
                    let size = output.shape.sample.count
                    // Of a sequence the steps that it has.
                    let count = output.lengths.map { $0.counts[row] * (size / max(output.shape[1], 1)) } ?? size
                    let values = UnsafeBufferPointer(start: output.value.pointer + row * size, count: count)
                    return Answer(
                        output: prediction.output, target: prediction.target,
                        values: values.enumerated().map { raw($1, of: prediction.target, at: $0) },
                        scores: prediction.scores, isOnly: outputs.count == 1)
                }
                try body(first + row, answers)
            }
        }
    }

    /// Writes the outputs of all samples of files as tensors [samples, …] of a safetensors file, under their nodes'
    /// names and in PyTorch's order of axes.
    package func write(files: [String], to path: String) throws {
        var collected: [[Float]] = objective.predictions.map { _ in [] }
        var shapes: [Shape] = objective.predictions.map { _ in [] }
        for file in files {
            try forEachBatch(file) { _, outputs in
                for (index, output) in outputs.enumerated() {
                    guard output.lengths == nil else {
                        throw TrainingError.severalLengths(path: path, output: objective.predictions[index].output)
                    }
                    collected[index] += output.value.values
                    shapes[index] = output.shape.sample
                }
            }
        }
        let sources = zip(zip(objective.predictions, shapes), collected).map { pair, values in
            TensorSource.exchanged(name: pair.0.output, shape: pair.1, values: values)
        }
        try SafetensorsFile(metadata: ["format": "pt"], sources: sources).write(to: path)
    }

    private func forEachBatch(_ file: String, _ body: (Int, [Variable]) throws -> Void) throws {
        try forEachContext(file) { try body($0, objective.predict($1)) }
    }

    /// Calls `body(number of the first sample, context)` for every so many samples of a file.
    package func forEachContext(
        _ file: String, grain: Int = Predictor.grain, _ body: (Int, GrainContext) throws -> Void
    ) throws {
        let fitters = inputs.map { field in
            preprocessing.first { $0.field == field.name }?.geometry.map { ImageFitter($0) }
        }
        let raw = zip(inputs, fitters).map { field, fitter in
            fitter?.geometry.field(field, isBefore: true) ?? field
        }
        let samples = try PredictionSamples(file, raw, configuration.dataset)
        let pool = StoragePool()
        let nodes = samples.nodes.map { PreparedNodes($0, preprocessing) }
        if nodes == nil, let model = models.network.models.first(where: { $0.hops > 0 }) {
            throw TrainingError.noGraph(path: file, model: model.name)
        }
        for first in stride(from: 0, to: samples.count, by: grain) {
            let count = min(grain, samples.count - first)
            let rows = (0..<count).map { row in
                zip(samples.values(first + row), fitters).map { values, fitter in fitter?.fitted(values) ?? values }
            }
            let batch = FieldBatch(
                count: count, sampleIDs: Array(first..<first + count), nodes: nodes,
                memory: inputs.enumerated().flatMap { place, field in
                    memory(of: field, rows.map { $0[place] }, pool)
                })
            let key = RandomKey(seed: 0).folding(first)
            try models.replica.withContext(batch, key: key, dropoutSamples: dropoutSamples) {
                try body(first, $0)
            }
        }
    }

    /// A field of a batch with these raw values, row by row, and with their lengths where an axis varies.
    private func memory(of field: FieldDescription, _ rows: [[Float]], _ pool: StoragePool) -> [FieldMemory] {
        let size = field.shape.count
        let step = field.variableAxis == nil ? size : size / max(field.shape[0], 1)
        let longest = rows.map(\.count).max() ?? 0
        let stride = field.variableAxis == nil ? size : longest
        let storage = pool.storage(count: rows.count * stride)
        for (row, values) in rows.enumerated() {
            let room = UnsafeMutableBufferPointer(start: storage.pointer + row * stride, count: stride)
            for place in 0..<stride { room[place] = place < values.count ? values[place] : 0 }
            let own = preprocessing.first { $0.field == field.name }
            own?.apply(to: UnsafeMutableBufferPointer(rebasing: room[..<min(values.count, stride)]))
        }
        guard let lengthField = field.lengthField else {
            return [FieldMemory(field: field, elements: .floats(storage))]
        }
        let lengths = IntegerBlock(rows.map { $0.count / max(step, 1) })
        return [
            FieldMemory(field: field, elements: .floats(storage), variableExtent: longest / max(step, 1)),
            FieldMemory(
                field: lengthField, elements: .integers(lengths.pointer, capacity: rows.count, owner: lengths)),
        ]
    }

    /// The inverse, of what a model says a target is.
    private func raw(_ value: Float, of target: FieldDescription, at offset: Int) -> Float {
        guard let own = preprocessing.first(where: { $0.field == target.name }) else { return value }
        let channel = offset % own.scale.count
        return (value - own.shift[channel]) / own.scale[channel]
    }
}

/// Integers that a batch refers to.
private final class IntegerBlock {
    let pointer: UnsafeMutablePointer<Int32>

    init(_ values: [Int]) {
        pointer = .allocate(capacity: max(values.count, 1))
        for (index, value) in values.enumerated() { (pointer + index).initialize(to: Int32(value)) }
    }

    deinit { pointer.deallocate() }
}

extension TrainedWeights {
    /// A predictor with these weights; collective. Needs no data set where the weights say what they need.
    ///
    /// - Parameter dropoutSamples: as for ``evaluate(_:_:threads:dropoutSamples:)``.
    package func makePredictor(_ ranks: Ranks, dropoutSamples: Int = 0) throws -> Predictor {
        try RankIdentity.requireSame(configuration, ranks)
        let usage = try self.usage ?? usageFromData(ranks)
        let models = try load(usage, ranks, threads: 1)
        let objective = models.phases.last { !$0.objective.predictions.isEmpty }?.objective
        return try Predictor(
            models, objective ?? models.phases[0].objective, configuration.data, usage, path: path,
            dropoutSamples: dropoutSamples)
    }

    /// What weights of an older program, or of another, do not say.
    package func usageFromData(_ ranks: Ranks) throws -> WeightsUsage {
        let data = try RunData.open(configuration.data, ranks: ranks)
        return WeightsUsage(data.training, data.preprocessing)
    }
}

extension Predictor.Answer {
    /// `7 probability=0.99`, `rings=9.5`, `yes score=1.7` where the output gives no probabilities; with the output's
    /// name before it where there are several.
    package var text: String {
        let prefix = isOnly ? "" : output + ": "
        switch target.meaning {
        case .classes, .tokens, .levels:
            let names = target.meaning.choiceNames
            let count = names.count == 2 && values.count == target.shape.count ? 1 : names.count
            let rows = (0..<values.count / max(count, 1)).map { row in
                classText(Array(values[row * count..<(row + 1) * count]), names)
            }
            return prefix + rows.joined(separator: " ")
        case .real(let names) where names.count == values.count:
            return prefix + zip(names, values).map { "\($0)=\($1)" }.joined(separator: " ")
        case .real, .pixels, .identifiers:
            let name = values.count == 1 ? "\(target.name)=" : ""
            return prefix + name + values.map { "\($0)" }.joined(separator: " ")
        }
    }

    private func classText(_ values: [Float], _ names: [String]) -> String {
        let choice = max(0, scores.choice(values))
        guard let probabilities = scores.probabilities(of: values) else {
            return "\(names[choice]) score=\(values[values.count == 1 ? 0 : choice])"
        }
        // A single number is the second class's.
        let probability =
            values.count > 1 ? probabilities[choice] : choice == 1 ? probabilities[0] : 1 - probabilities[0]
        return "\(names[choice]) probability=\(probability)"
    }
}
