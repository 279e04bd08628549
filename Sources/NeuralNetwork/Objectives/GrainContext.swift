import Autograd
import Kernels
import TensorCore

/// What an objective may use to compute one grain: the samples' fields by name, and a random key.
///
/// A context stays on its worker and lives as long as the grain.
package struct GrainContext {
    package let tape: Tape
    package let mode: Mode
    package let batch: FieldBatch
    /// Where everything random of the grain comes from, in evaluation too.
    package let key: RandomKey
    /// Over how many networks, each with dropout masks of its own, evaluation averages; 0 for the scaled one.
    package let dropoutSamples: Int
    /// In training the grain's number in its step.
    package let grain: Int

    /// - Parameter key: in training the mode's own.
    package init(
        _ batch: FieldBatch, on tape: Tape, mode: Mode, key: RandomKey, dropoutSamples: Int = 0, grain: Int = 0
    ) {
        self.grain = grain
        self.dropoutSamples = dropoutSamples
        self.batch = batch
        self.tape = tape
        self.mode = mode
        self.key = key
    }

    /// The number of samples.
    package var count: Int { batch.count }

    /// A field as a model's input takes it: integers as exact floats, images as vectors where the input is one.
    package func input(_ input: ModelInput, of model: Model, from field: String) -> Variable {
        if model.hops > 0 { return neighbourhood(input, of: model, from: field) }
        var value = tape.constant(batch.input(field, pool: tape.pool))
        value.lengths = lengths(of: field)
        return model.adapted(value, to: input)
    }

    /// A field of the samples and of all nodes of their graph that the model's values of them depend on.
    private func neighbourhood(_ input: ModelInput, of model: Model, from field: String) -> Variable {
        guard let nodes = batch.nodes, let shape = batch.field(field)?.shape else {
            preconditionFailure("\(model.name).\(input.name): '\(field)' is no field of a graph's nodes")
        }
        let neighbourhood = Neighbourhood(of: batch.sampleIDs, hops: model.hops, in: nodes.graph, pool: tape.pool)
        let rows = neighbourhood.gather(field, shape, from: nodes, pool: tape.pool)
        var value = model.adapted(tape.constant(rows), to: input)
        value.rows = NodeRows(neighbourhood, hops: model.hops)
        return value
    }

    /// How many steps each sample of a field has; nil where all have as many.
    func lengths(of field: String) -> SequenceLengths? {
        guard let length = batch.field(field)?.lengthField else { return nil }
        return SequenceLengths(batch.integers(length.name).values.map { Int($0) })
    }

    /// One number for each sample, [n], of a field of floats; nil without a field.
    package func weights(_ field: String?) -> Tensor? {
        field.map { batch.floats($0).reshaped([count]) }
    }

    /// What a field says an output, [n, …], should be; of sequences of several lengths the steps that are there, as
    /// ``packed(_:)`` gives those of the output.
    package func target(_ field: String, like output: Variable) -> Target {
        guard let lengths = lengths(of: field) else { return target(field, like: output.shape) }
        precondition(
            output.lengths?.counts == lengths.counts,
            "target: '\(field)' has other lengths than the output that is compared with it")
        switch batch.field(field)?.elementType {
        case .int32:
            let all = tape.constant(batch.integers(field).floats(pool: tape.pool))
            return .classes(packed(all, lengths).values.map { Int32($0) })
        case .float32, nil: return .values(packed(tape.constant(batch.floats(field)), lengths))
        }
    }

    private func packed(_ x: Variable, _ lengths: SequenceLengths) -> Tensor {
        var x = x
        x.lengths = lengths
        return Autograd.packed(x).value
    }

    private func target(_ field: String, like output: Shape) -> Target {
        switch batch.field(field)?.elementType {
        case .int32:
            let classes = batch.integers(field).values
            return batch.mixture.map { .values(shares(of: classes, $0, like: output)) } ?? .classes(classes)
        case .float32, nil:
            let values = batch.floats(field)
            // An output without axes of an image has the order of a flattened one.
            return .values(
                output.rank == 2 && values.shape.rank == 4 ? flatten(tape.constant(values)).value : values)
        }
    }

    /// The classes' shares of mixed samples, of the output's shape; of one output for two classes that of the second.
    private func shares(of classes: [Int32], _ mixture: SampleMixture, like output: Shape) -> Tensor {
        let result = Tensor(output, pool: tape.pool)
        result.fill(0)
        let columns = output.count / max(classes.count, 1)
        func add(_ share: Float, of label: Int32, to row: Int) {
            if columns == 1 {
                result.pointer[row] += share * Float(label)
            } else {
                result.pointer[row * columns + Int(label)] += share
            }
        }
        for row in classes.indices {
            add(mixture.share, of: classes[row], to: row)
            add(1 - mixture.share, of: classes[mixture.partner(of: row)], to: row)
        }
        return result
    }
}
