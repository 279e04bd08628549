import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// Learning to write an answer token by token (Cho et al. 2014; Sutskever, Vinyals and Le 2014): one part of the model
/// reads the question, another one reads what has been written before each token and says what that token is.
///
/// In training the decoder reads the right tokens (teacher forcing; Williams and Zipser 1989), or with a probability
/// its own (scheduled sampling; Bengio et al. 2015), through which no gradient flows. Validation also lets it write
/// whole answers by itself and counts those that are right from the first token to the end.
package struct EncoderDecoder: ObjectiveSpecification {
    /// The model; nil for the only one.
    package let model: PlacedName?
    /// The field of what has been written before each token of the target.
    package let previous: PlacedName
    package let loss: LossTerm
    /// The probability that the decoder reads its own token in training.
    package let scheduledSampling: Double
    /// Beginnings that the search for an answer keeps.
    package let beams: Int
    private let place: PlacedName

    package init(
        model: PlacedName? = nil, previous: PlacedName = PlacedName("previous"),
        loss: LossTerm = LossTerm(CrossEntropyLoss()), scheduledSampling: Double = 0, beams: Int = 1,
        place: PlacedName = PlacedName("encoderDecoder")
    ) {
        self.model = model
        self.previous = previous
        self.loss = loss
        self.scheduledSampling = scheduledSampling
        self.beams = beams
        self.place = place
    }

    static let entry = ObjectiveEntry(
        "encoderDecoder",
        "An encoder and a decoder that writes an answer token by token: training gives it the right tokens before each "
            + "(teacher forcing), or its own (`scheduledSampling`); validation also counts the answers that it writes "
            + "by itself without a mistake, as `exactMatch`."
    ) { reader in
        EncoderDecoder(
            model: reader.optional("model", .placedName, "Which of several models it trains."),
            previous: reader.value(
                "previous", .placedName, default: "previous",
                "The field of what stands before each token of the target."),
            loss: reader.value(
                "loss", .section(), default: "crossEntropy", "Compares scores with the target's tokens."),
            scheduledSampling: reader.value(
                "scheduledSampling", .number(in: 0...1), default: 0,
                "Probability that the decoder reads the token that it has drawn itself (Bengio et al. 2015); phases "
                    + "can raise it."),
            beams: reader.value(
                "beams", .integer(in: 1...64), default: 1,
                "Beginnings that the search for an answer keeps; 1 is greedy."),
            place: reader.placed)
    }

    package func make(_ setup: ObjectiveSetup) throws -> any Objective {
        let model = try setup.model(model, from: place)
        let bindings = try setup.bindings(of: model)
        let read = try setup.field(previous)
        guard let stepped = bindings.firstIndex(where: { $0.field == read.name }) else {
            throw previous.refused(
                because: "no input of \(model.name) takes '\(read.name)'; name one of "
                    + "\(bindings.map(\.field).joined(separator: ", ")).")
        }
        let bound = try BoundLoss(loss, setup, model)
        guard let target = bound.target, !bound.comparesLayer, bound.loss.scores == .logits, !loss.isForTrainingOnly
        else {
            throw loss.place.refused(because: "an answer's tokens are compared by crossEntropy with a field of tokens.")
        }
        let words = read.meaning.choiceNames
        guard read.meaning == target.meaning, read.shape == target.shape,
            let start = words.firstIndex(of: FieldMeaning.startWord),
            let end = words.firstIndex(of: FieldMeaning.endWord)
        else {
            throw previous.refused(
                because: "'\(read.name)' is not what stands before each token of '\(target.name)', with "
                    + "\(FieldMeaning.startWord) before the first and \(FieldMeaning.endWord) behind the last.")
        }
        let plan = try StepPlan(model, stepped: stepped, wanted: bound.end.scores)
        return WrittenAnswers(
            model: model, bindings: bindings, stepped: stepped, bound: bound, target: target,
            whole: model.plan(nodes: bound.nodes), plan: plan,
            decoder: SequenceDecoder(plan: plan, start: start, end: end, steps: target.shape[0], beams: beams),
            scheduledSampling: scheduledSampling)
    }
}

private struct WrittenAnswers: Objective {
    let model: Model
    let bindings: [(input: ModelInput, field: String)]
    /// Which of the inputs the decoder reads.
    let stepped: Int
    let bound: BoundLoss
    let target: FieldDescription
    /// What the loss reads, of whole sequences.
    let whole: GraphPlan
    /// What the decoder computes at each step.
    let plan: StepPlan
    let decoder: SequenceDecoder
    let scheduledSampling: Double

    var sumCount: Int { 5 }
    var fields: [String] { inputFields + [target.name] + (bound.weights.map { [$0] } ?? []) }
    var inputFields: [String] { bindings.map(\.field) }
    var models: [String] { [model.name] }
    var targetRules: [TargetRule] { bound.rules }
    var notes: [String] { bound.note.map { [$0] } ?? [] }
    var weightPerSample: Double { Double(target.shape[0]) }
    var predictions: [Prediction] { bound.prediction.map { [$0] } ?? [] }
    var metrics: [MetricDefinition] {
        let first = MetricSums.lossSlot + 1
        return [
            .loss, MetricDefinition(Accuracy().description, numerator: first, denominator: first + 1),
            MetricDefinition(
                MetricDescription(
                    "exactMatch", title: "Answers without a mistake", higherIsBetter: true, format: .fraction),
                numerator: first + 2, denominator: first + 3),
        ]
    }

    func callAsFunction(_ context: GrainContext) -> GrainResult {
        var inputs = inputs(context)
        if context.mode.isTraining, scheduledSampling > 0 { inputs[stepped] = mixed(inputs, context) }
        let outputs = whole(inputs, mode: context.mode)
        let (loss, input) = bound(outputs, context)
        let total = weightedSum([(loss, bound.term.weight)])
        let rows = packed(outputs[0])
        let right = Accuracy().sums(rows.value, context.target(target.name, like: outputs[0]))
        let exact = context.mode.isTraining ? [0, 0] : [Double(exactMatches(inputs, context)), Double(context.count)]
        return GrainResult(
            loss: total, weight: bound.loss.weight(input), sums: [Double(total.value.pointer[0])] + right + exact)
    }

    func predict(_ context: GrainContext) -> [Variable] { [whole(inputs(context), mode: .evaluation)[0]] }

    private func inputs(_ context: GrainContext) -> [Variable] {
        bindings.map { context.input($0.input, of: model, from: $0.field) }
    }

    /// Everything that is not written step by step.
    private func conditions(_ inputs: [Variable]) -> (values: [Tensor], lengths: [SequenceLengths?]) {
        let others = inputs.enumerated().filter { $0.offset != stepped }.map(\.element)
        return (others.map(\.value), others.map(\.lengths))
    }

    private func exactMatches(_ inputs: [Variable], _ context: GrainContext) -> Int {
        let (values, lengths) = conditions(inputs)
        let written = decoder(values, lengths: lengths, rows: context.count, on: context.tape.aside)
        let answers = context.batch.integers(target.name)
        let counts = context.lengths(of: target.name)?.counts
        let steps = answers.shape[1]
        return written.enumerated().count { row, tokens in
            let count = counts?[row] ?? steps
            return tokens.count == count
                && (0..<count).allSatisfy { Int(answers.pointer[row * steps + $0]) == tokens[$0] }
        }
    }

    // MARK: - Scheduled sampling

    /// The decoder's input with some tokens in the place of the right ones that the model itself has drawn.
    ///
    /// What it draws at a step depends on what it has read before, so that this is a pass of its own, step by step.
    private func mixed(_ inputs: [Variable], _ context: GrainContext) -> Variable {
        let right = inputs[stepped]
        let (rows, steps) = (right.shape[0], right.shape[1])
        let tape = context.tape.aside
        let stepper = SequenceStepper(plan, on: tape)
        let (values, lengths) = conditions(inputs)
        stepper.begin(values, lengths: lengths)
        let key = context.key.folding(name: "scheduledSampling")
        let result = Tensor(right.shape, pool: tape.pool)
        result.copy(from: right.value)
        for step in 1..<max(steps, 1) {
            let read = Tensor([rows, 1], pool: tape.pool)
            for row in 0..<rows { read.pointer[row] = result.pointer[row * steps + step - 1] }
            let scores = stepper.step(read)
            let classes = scores.shape[-1]
            for row in 0..<rows {
                let words = key.folding(row).block(at: UInt64(step))
                guard Double(RandomKey.unit(words[0])) < scheduledSampling else { continue }
                let token = drawn(scores.pointer + row * classes, classes, Double(RandomKey.unit(words[1])))
                result.pointer[row * steps + step] = Float(token)
            }
        }
        var value = context.tape.constant(result)
        value.lengths = right.lengths
        return value
    }

    /// A token by its probability; `share` is uniform in 0..<1.
    private func drawn(_ scores: UnsafePointer<Float>, _ count: Int, _ share: Double) -> Int {
        let total = logSum(scores, count)
        var sum = 0.0
        for token in 0..<count {
            sum += Double(exponential(Float(Double(scores[token]) - total)))
            if sum > share { return token }
        }
        return count - 1
    }
}
