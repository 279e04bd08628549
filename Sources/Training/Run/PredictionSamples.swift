import Checkpointing
import DataPipeline
import TensorCore

/// The samples of a file that trained weights are applied to: every field that their model takes.
struct PredictionSamples {
    let count: Int
    /// The graph whose nodes the samples are; nil where they have no neighbours.
    let nodes: (any NodeSource)?
    /// One for each field.
    private let fields: [any UnlabelledSamples]

    /// - Parameters:
    ///   - file: a safetensors file, with a tensor [samples, …] of raw values for each field; or, for one field, and
    ///     where it holds every field, a file of the data set's own kind.
    ///   - fields: what the model takes.
    /// - Throws: `DataError`, `CheckpointError`; `TrainingError.severalInputs`, `sampleCounts`.
    init(_ file: String, _ fields: [FieldDescription], _ dataset: any DatasetFactory) throws {
        if file.hasSuffix(".safetensors") {
            let tensors = try SafetensorsFile(path: file)
            self.fields = try fields.map { try TensorSamples(tensors, $0, file: file) }
        } else if fields.count == 1 || dataset.opensEveryField {
            self.fields = try fields.map { try dataset.openSamples(file, field: $0) }
        } else {
            throw TrainingError.severalInputs(path: file, fields: fields.map(\.name))
        }
        let counts = self.fields.map(\.count)
        guard Set(counts).count == 1 else {
            throw TrainingError.sampleCounts(path: file, fields: fields.map(\.name), counts: counts)
        }
        count = counts[0]
        nodes = self.fields[0].nodes
    }

    /// The raw values of a sample in the order of channels last, field by field.
    func values(_ index: Int) -> [[Float]] { fields.map { $0.values(index) } }
}

/// One field of samples from a tensor with the field's name, in PyTorch's order of axes: channels before height and
/// width.
private struct TensorSamples: UnlabelledSamples {
    let count: Int
    private let values: [Float]
    private let shape: Shape

    init(_ file: SafetensorsFile, _ field: FieldDescription, file path: String) throws {
        shape = field.shape
        guard let signature = file.tensor(field.name) else {
            throw CheckpointError.missingTensor(path: path, tensor: field.name)
        }
        let sample = shape.rank == 3 ? [shape[2], shape[0], shape[1]] : shape.dimensions
        guard let count = signature.shape.first, signature.shape == [count] + sample else {
            throw CheckpointError.shapeMismatch(
                path: path, tensor: field.name, expected: [signature.shape.first ?? 1] + sample,
                actual: signature.shape)
        }
        self.count = count
        values =
            switch signature.dataType {
            case .int64: try file.int64s(of: field.name).map(Float.init)
            case .int32: try file.int32s(of: field.name).map(Float.init)
            case .uint8: try file.uint8s(of: field.name).map(Float.init)
            default: try file.floats(of: field.name)
            }
        // A number that is no class or token of the field would be an index into nothing.
        if let choices = field.meaning.choiceCount,
            let wrong = values.first(where: { !($0 >= 0 && $0 < Float(choices) && $0 == $0.rounded()) })
        {
            throw TrainingError.noSuchChoice(path: path, field: field.name, value: wrong, choices: choices)
        }
    }

    func values(_ index: Int) -> [Float] {
        let sample = values[index * shape.count..<(index + 1) * shape.count]
        guard shape.rank == 3 else { return Array(sample) }
        let (area, channels) = (shape[0] * shape[1], shape[2])
        return (0..<shape.count).map { sample[sample.startIndex + $0 % channels * area + $0 / channels] }
    }
}
