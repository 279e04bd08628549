import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Models that compute a sequence one step after another, and what is drawn from their scores.
@Suite struct SequenceStepperTests {
    private static let words = ["a", "b", "c", "d", "e"]

    private static func field(_ name: String, steps: Int, _ meaning: FieldMeaning) -> FieldDescription {
        FieldDescription(name: name, elementType: .int32, shape: [steps], meaning: meaning)
    }

    /// Tokens and those that follow, with a model of these layers between them.
    private static func setup(_ layers: [LayerSpecification], steps: Int = 7) throws -> (GenerativeModel?, Network) {
        let input = ModelInput(name: "tokens", shape: [steps], vocabulary: words.count)
        let network = try Network([ModelDescription(name: "text", inputs: [input], layers: layers)])
        let fields = ["tokens", "next"].map { field($0, steps: steps, .tokens(vocabulary: words)) }
        let setup = ObjectiveSetup(network: network, fields: fields, defaultInput: "tokens", defaultTarget: "next")
        let objective = try SupervisedSpecification(losses: [LossTerm(CrossEntropyLoss())]).make(setup)
        return (try GenerativeModel(objective, setup), network)
    }

    private static func values(_ network: Network) -> FlatBuffer {
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: 3))
        return values
    }

    private static let models: [(name: String, layers: [LayerSpecification])] = [
        ("one layer", [.oneHot, .rnn(units: 6), .linear(units: 5)]),
        (
            "three layers",
            [.embedding(units: 3), .rnn(units: 4), .layerNorm(), .rnn(units: 8), .relu, .linear(units: 5)]
        ),
        (
            "softmax at its end",
            [.embedding(units: 20), .rnn(units: 17, activation: .relu), .linear(units: 5), .activation("softmax")]
        ),
        ("LSTM", [.oneHot, .lstm(units: 6, layers: 2), .linear(units: 5)]),
        ("GRU", [.embedding(units: 16), .gru(units: 16), .gru(units: 7), .linear(units: 5)]),
        (
            "two branches",
            [
                .named("e", .embedding(units: 4)), .named("r", .rnn(units: 4)),
                .add.reading("e", "r"), .dropout(probability: 0.5), .linear(units: 5),
            ]
        ),
    ]

    @Test(arguments: models.map(\.name))
    func stepsGiveWhatTheWholeSequenceGives(_ name: String) throws {
        let layers = try #require(Self.models.first { $0.name == name }).layers
        let (made, network) = try Self.setup(layers)
        let generative = try #require(made)
        let values = Self.values(network)
        let tape = Tape(layout: network.layout, values: values)
        let stepper = SequenceStepper(generative.plan, on: tape)
        let scores = name == "softmax at its end" ? "2" : network.models[0].outputName
        var tokens: [Float] = [4, 0, 1, 1, 3, 2, 2]
        for _ in 0..<2 {
            tape.begin(gradients: nil)
            let whole = try network.models[0].plan(outputs: [scores])(
                [tape.constant(Tensor(tokens, [1, 7], pool: tape.pool))], mode: .evaluation)[0].value.values
            stepper.begin([])
            let steps = tokens.map { stepper.step(token: Int($0)).values }
            for (step, values) in steps.enumerated() {
                #expect(relativeError(values, Array(whole[5 * step..<5 * step + 5])) < 1e-5, "step \(step)")
            }
            tokens.reverse()  // a second sequence begins without memory of the first
        }
    }

    @Test func severalSequencesAtOnceAreEachComputedAsAloneAndRowsCanBeChosen() throws {
        let (made, network) = try Self.setup([.oneHot, .rnn(units: 6), .linear(units: 5)])
        let plan = try #require(made).plan
        let tape = Tape(layout: network.layout, values: Self.values(network))
        let stepper = SequenceStepper(plan, on: tape)
        func run(_ sequences: [[Float]], choosing rows: [Int]? = nil, then next: [Float]? = nil) -> [Float] {
            stepper.begin([])
            var result = Tensor([0], pool: tape.pool)
            for step in sequences[0].indices {
                let count = sequences.count
                result = stepper.step(Tensor(sequences.map { $0[step] }, [count, 1], pool: tape.pool))
            }
            if let rows, let next {
                stepper.select(rows: rows)
                result = stepper.step(Tensor(next, [rows.count, 1], pool: tape.pool))
            }
            return result.values
        }
        let (a, b): ([Float], [Float]) = ([1, 2, 3], [4, 4, 0])
        #expect(relativeError(run([a, b]), run([a]) + run([b])) < 1e-6)
        let chosen = run([a, b], choosing: [1, 1, 0], then: [2, 3, 0])
        #expect(relativeError(chosen, run([b + [2]]) + run([b + [3]]) + run([a + [0]])) < 1e-6)
    }

    @Test func whatDoesNotDependOnTheStepsIsComputedOnceAndConditionsThem() throws {
        let inputs = [
            ModelInput(name: "tokens", shape: [7], vocabulary: 5), ModelInput(name: "voice", shape: [1], vocabulary: 3),
        ]
        let network = try Network([
            ModelDescription(
                name: "text", inputs: inputs,
                layers: [
                    .named("table", .embedding(units: 6)).reading("voice"),
                    .named("first", .flatten).reading("table"),
                    .named("words", .oneHot).reading("tokens"),
                    .named("states", .gru(units: 6)).reading("words", "first"),
                    .linear(units: 5),
                ])
        ])
        let fields =
            ["tokens", "next"].map { Self.field($0, steps: 7, .tokens(vocabulary: Self.words)) } + [
                FieldDescription(
                    name: "voice", elementType: .int32, shape: [], meaning: .classes(names: ["x", "y", "z"]))
            ]
        let setup = ObjectiveSetup(network: network, fields: fields, defaultInput: "tokens", defaultTarget: "next")
        let objective = try SupervisedSpecification(losses: [LossTerm(CrossEntropyLoss())]).make(setup)
        let generative = try #require(try GenerativeModel(objective, setup))
        #expect(generative.conditions.map(\.field.name) == ["voice"] && generative.conditions[0].shape == [1])
        let tape = Tape(layout: network.layout, values: Self.values(network))
        let stepper = SequenceStepper(generative.plan, on: tape)
        let tokens: [Float] = [4, 0, 1, 1, 3, 2, 2]
        var all: [[Float]] = []
        for voice in 0..<3 {
            let voiceValue = Tensor([Float(voice)], [1, 1], pool: tape.pool)
            tape.begin(gradients: nil)
            let whole = network.models[0](
                [tape.constant(Tensor(tokens, [1, 7], pool: tape.pool)), tape.constant(voiceValue)], mode: .evaluation
            ).value.values
            stepper.begin([voiceValue])
            let steps = tokens.flatMap { stepper.step(token: Int($0)).values }
            #expect(relativeError(steps, whole) < 1e-5)
            all.append(steps)
        }
        #expect(all[0] != all[1] && all[1] != all[2])
    }

    @Test func stepsTakeNothingFromTheSystem() throws {
        let (made, network) = try Self.setup([.oneHot, .rnn(units: 6), .linear(units: 5)])
        let tape = Tape(layout: network.layout, values: Self.values(network))
        let stepper = SequenceStepper(try #require(made).plan, on: tape)
        stepper.begin([])
        for token in 0..<5 { _ = stepper.step(token: token) }
        let before = tape.pool.statistics
        for step in 0..<100 { _ = stepper.step(token: step % 5) }
        #expect(tape.pool.statistics == before)
    }

    @Test func modelsThatReadLaterStepsAreRefused() throws {
        let refused: [(layers: [LayerSpecification], layer: String, reason: String)] = [
            (
                [.oneHot, .flatten, .linear(units: 35), .unflatten(into: [7, 5])], "layer 1",
                "one value for each of 7 steps"
            ),
            ([.oneHot, .groupNorm(groups: 1), .linear(units: 5)], "layer 1", "reads steps that come later"),
        ]
        for (layers, layer, reason) in refused {
            let error = #expect(throws: ModelError.self) { try Self.setup(layers) }
            let text = "\(String(describing: error))"
            #expect(text.contains(layer) && text.contains(reason), "\(text)")
        }
    }

    @Test func whatDoesNotPredictItsOwnKindOfTokensIsNotGenerative() throws {
        let network = try Network([
            ModelDescription(
                name: "text", inputs: [ModelInput(name: "tokens", shape: [7], vocabulary: 5)],
                layers: [.oneHot, .linear(units: 4)])
        ])
        let fields = [
            Self.field("tokens", steps: 7, .tokens(vocabulary: Self.words)),
            Self.field("next", steps: 7, .tokens(vocabulary: ["a", "b", "c", "d"])),
        ]
        let setup = ObjectiveSetup(network: network, fields: fields, defaultInput: "tokens", defaultTarget: "next")
        let objective = try SupervisedSpecification(losses: [LossTerm(CrossEntropyLoss())]).make(setup)
        #expect(try GenerativeModel(objective, setup) == nil)
    }
}

/// What is drawn from scores.
@Suite struct TokenSamplerTests {
    private let scores: [Float] = [1, 3, 3, -2, 0.5, 2, -40]

    private func draw(
        _ count: Int, temperature: Float, topK: Int? = nil, seed: UInt64 = 1, _ scores: [Float]? = nil
    ) -> [Int?] {
        var sampler = TokenSampler(temperature: temperature, topK: topK, seed: seed)
        let scores = scores ?? self.scores
        return (0..<count).map { sampler.sample(scores, count: scores.count, at: $0) }
    }

    /// softmax(score / temperature) over the allowed tokens, in double precision.
    private func probabilities(temperature: Double, allowed: Set<Int>) -> [Double] {
        let weights = scores.indices.map { allowed.contains($0) ? exp(Double(scores[$0]) / temperature) : 0 }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    @Test(arguments: [(1, nil), (0.5, nil), (3, nil), (1, 3), (0.7, 2), (2, 6), (1, 7), (1, 99)] as [(Double, Int?)])
    func drawsAreDistributedAsTheProbabilities(temperature: Double, topK: Int?) {
        let order = [1, 2, 5, 0, 4, 3, 6]  // of equal ones the smaller number first
        let expected = probabilities(temperature: temperature, allowed: Set(order.prefix(topK ?? 7)))
        let count = 40_000
        var counts = [Int](repeating: 0, count: 7)
        for token in draw(count, temperature: Float(temperature), topK: topK) { counts[token ?? 0] += 1 }
        for token in 0..<7 {
            let deviation = (Double(count) * expected[token] * (1 - expected[token])).squareRoot()
            // Five standard deviations; the draws are the same every time.
            #expect(abs(Double(counts[token]) - Double(count) * expected[token]) <= 5 * deviation, "token \(token)")
            if expected[token] == 0 { #expect(counts[token] == 0) }
        }
    }

    @Test func withoutTemperatureOrWithOneTokenTheFirstOfTheLikeliestIsTaken() {
        #expect(draw(20, temperature: 0) == Array(repeating: 1, count: 20))
        #expect(draw(20, temperature: 5, topK: 1) == Array(repeating: 1, count: 20))
        #expect(draw(20, temperature: 1e-30, topK: 1) == Array(repeating: 1, count: 20))
        #expect(draw(1, temperature: 0, [-7]) == [0])
        #expect(Set(draw(200, temperature: 1e-30).map { $0 ?? -1 }) == [1, 2])  // as likely as each other
    }

    @Test func aDrawDependsOnSeedAndPlaceAlone() {
        let draws = draw(200, temperature: 1)
        var sampler = TokenSampler(temperature: 1, seed: 1)
        let backwards = (0..<200).reversed().map { sampler.sample(scores, count: scores.count, at: $0) }
        #expect(backwards.reversed() == draws && draw(200, temperature: 1, topK: 7) == draws)
        #expect(draw(200, temperature: 1, seed: 2) != draws)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func scoresThatAreNoNumbersGiveNothing(wrong: Float) {
        for place in 0..<3 {
            var scores: [Float] = [1, 2, 3]
            scores[place] = wrong
            #expect(draw(1, temperature: 1, scores) == [nil] && draw(1, temperature: 0, scores) == [nil])
        }
    }
}
