import Autograd
import ConfigurationReading
import TensorCore

/// Learning from what the data say outputs should be: a weighted sum of losses on outputs of one model.
///
/// A target may be any field: a class, numbers, the input itself (an autoencoder), the next tokens of a text. The
/// weight is what the first loss counts: samples, or positions of sequences. Every loss is summed over what it counts
/// itself, and the whole is divided by that one weight.
package struct SupervisedObjective: Objective {
    package let metrics: [MetricDefinition]
    package let sumCount: Int
    package let fields: [String]
    package let models: [String]
    package let weightPerSample: Double
    private let model: Model
    private let bindings: [(input: ModelInput, field: String)]
    package let predictions: [Prediction]
    /// The places of `predictions` among the outputs.
    private let predicted: [Int]
    private let terms: [Term]
    private let measured: [Measured]
    /// The nodes that evaluation needs; training needs some more behind them.
    private let evaluation: GraphPlan
    private let training: GraphPlan
    /// The output and the field of pixels whose likeness it is trained to be; nil where there is none.
    private let likeness: (output: Int, field: FieldDescription, loss: any Loss)?
    /// The fields that the model's inputs take.
    package var inputFields: [String] { bindings.map(\.field) }

    struct Term: Sendable {
        let loss: any Loss
        let output: Int
        let target: String
        let weight: Float
        let isForTrainingOnly: Bool
    }

    struct Measured: Sendable {
        let metric: any Metric
        let output: Int
        let target: String
        /// The loss that says what the output means; nil where the metric takes it as it is.
        let loss: (any Loss)?
    }

    package func callAsFunction(_ context: GrainContext) -> GrainResult {
        let isTraining = context.mode.isTraining
        let outputs = isTraining ? training(inputs(context), mode: context.mode) : evaluated(context)
        var losses: [(variable: Variable, weight: Float)] = []
        var own: [Double] = []
        var weight = 0.0
        for (index, term) in terms.enumerated() {
            guard isTraining || !term.isForTrainingOnly else {
                own += [0, 0]
                continue
            }
            let output = outputs[term.output]
            let loss = term.loss(output, context.target(term.target, like: output.shape))
            let count = Double(term.loss.count(of: output.shape))
            losses.append((loss, term.weight))
            if index == 0 { weight = count }
            if terms.count > 1 { own += [Double(loss.value.pointer[0]), count] }
        }
        let total = weightedSum(losses)
        for item in measured {
            let output = item.loss?.estimate(outputs[item.output]) ?? outputs[item.output]
            own += item.metric.sums(output.value, context.target(item.target, like: output.shape))
        }
        return GrainResult(loss: total, weight: weight, sums: [Double(total.value.pointer[0])] + own)
    }

    package func predict(_ context: GrainContext) -> [Variable] {
        let outputs = evaluated(context)
        return predicted.map { outputs[$0] }
    }

    package var averagesDropout: Bool { true }

    /// The outputs in evaluation: those of the scaled network, or what so many networks with dropout say on average
    /// (Srivastava et al. 2014, section 7.5).
    private func evaluated(_ context: GrainContext) -> [Variable] {
        let inputs = inputs(context)
        guard context.dropoutSamples > 0 else { return evaluation(inputs, mode: .evaluation) }
        let samples = (0..<context.dropoutSamples).map { sample in
            evaluation(inputs, mode: .dropoutSample(context.key.folding(.dropout).folding(sample)))
        }
        return samples[0].indices.map { output in
            let all = samples.map { $0[output] }
            return terms.first { $0.output == output }?.loss.average(all) ?? average(all)
        }
    }

    /// Samples above, and below them what the model makes of them.
    package func pictures(_ context: GrainContext) -> Pictures? {
        guard let likeness, context.count > 0 else { return nil }
        let columns = min(context.count, 16)
        let shape = likeness.field.shape
        let output = likeness.loss.estimate(evaluation(inputs(context), mode: .evaluation)[likeness.output])
        let images = output.shape.rank == 4 ? output : unflatten(output, into: shape)
        let values = Tensor(shape.batched(2 * columns), pool: context.tape.pool)
        let count = columns * shape.count
        values.pointer.update(from: context.batch.floats(likeness.field.name).pointer, count: count)
        (values.pointer + count).update(from: images.value.pointer, count: count)
        return Pictures(values: values, field: likeness.field.name, columns: columns)
    }

    private func inputs(_ context: GrainContext) -> [Variable] {
        bindings.map { context.input($0.input, of: model, from: $0.field) }
    }

    init(
        _ setup: ObjectiveSetup, _ model: Model, outputs: [String], evaluated: Int, terms: [Term], measured: [Measured],
        definitions: [MetricDefinition], sumCount: Int
    ) throws {
        self.model = model
        bindings = try setup.bindings(of: model)
        training = try model.plan(outputs: outputs)
        evaluation = try model.plan(outputs: Array(outputs[..<evaluated]))
        self.terms = terms
        self.measured = measured
        metrics = definitions
        self.sumCount = sumCount
        models = [model.name]
        let used = bindings.map(\.field) + terms.map(\.target) + measured.map(\.target)
        fields = used.enumerated().filter { used.firstIndex(of: $1) == $0 }.map(\.element)
        let evaluatedTerms = terms.filter { !$0.isForTrainingOnly }
        predicted = evaluatedTerms.map(\.output)
        predictions = evaluatedTerms.compactMap { term in
            setup.fields.first { $0.name == term.target }.map { field in
                Prediction(
                    output: outputs[term.output], target: field,
                    loss: field.meaning.choiceCount == nil ? term.loss : nil)
            }
        }
        let first = model.shape(of: outputs[terms[0].output]) ?? []
        weightPerSample = Double(terms[0].loss.count(of: first.batched(1)))
        let target = setup.fields.first { $0.name == terms[0].target }
        if let target, case .pixels = target.meaning, target.shape.rank == 3, first.count == target.shape.count {
            likeness = (terms[0].output, target, terms[0].loss)
        } else {
            likeness = nil
        }
    }
}
