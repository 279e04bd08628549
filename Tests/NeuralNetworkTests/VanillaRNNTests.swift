import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// The recurrent layer against PyTorch's, and the state that it carries along lanes.
@Suite struct VanillaRNNTests {
    @Test(arguments: ["rnn_tanh", "rnn_relu"])
    func valuesAndGradientsAreThoseOfPyTorch(_ name: String) throws {
        let golden = try GoldenCase.named(name)
        let input = try golden.tensor("input", .same, StoragePool())
        let count = try #require(golden.file.tensor("h_n")?.shape[0])
        let activation = name == "rnn_relu" ? "relu" : "tanh"
        let model = try Model(
            name: "rnn", input: input.shape.sample,
            layers: (0..<count).map { .named("l\($0)", .rnn(units: 4, activation: activation)) })
        /// The reference's name of a parameter: `weight_ih_l1` of `l1.weight_ih_l0`.
        func reference(_ parameter: Parameter) -> String {
            String(parameter.name.dropFirst(3).dropLast()) + String(parameter.name.prefix(2).suffix(1))
        }
        let values = FlatBuffer(count: model.layout.count)
        for parameter in model.parameters {
            let floats = try golden.file.floats(of: reference(parameter))
            for (i, value) in floats.enumerated() { values.pointer[model.layout.offsets[parameter.index] + i] = value }
        }
        let tape = Tape(layout: model.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        let x = tape.input(input)
        let outputs = try model.plan(outputs: (0..<count).map { "l\($0)" })([x], mode: .evaluation)
        let y = try #require(outputs.last)
        var comparisons = [
            Comparison(
                "y", error: relativeError(y.value.values, try golden.file.floats(of: "y")),
                tolerance: golden.tolerance)
        ]
        // The reference's gradients are those of all outputs and of every layer's last state.
        var loss = sum(multiply(y, tape.constant(try golden.tensor("cotangent", .same, tape.pool))))
        let last = try golden.tensor("cotangent.h_n", .same, tape.pool)
        for (layer, output) in outputs.enumerated() {
            let weights = Tensor(
                Array(last.values[layer * 12..<(layer + 1) * 12]), [3, 4], pool: tape.pool)
            loss = add(loss, sum(multiply(slice(output, step: 6), tape.constant(weights))))
        }
        tape.backward(from: loss)
        func compare(_ name: String, _ values: [Float]) throws {
            comparisons.append(
                Comparison(
                    name, error: relativeError(values, try golden.file.floats(of: "grad." + name)),
                    tolerance: golden.tolerance))
        }
        try compare("input", try #require(tape.gradient(of: x)).values)
        for parameter in model.parameters {
            let first = try #require(tape.wholeVector.offset(of: parameter.index))
            try compare(
                reference(parameter), (0..<parameter.shape.count).map { gradients.pointer[first + $0] })
        }
        for comparison in comparisons { #expect(comparison.isClose, "\(comparison)") }
    }

    // MARK: - Carried state

    /// Two lanes of one-hot tokens.
    private static func model(lanes: Int?) throws -> Model {
        let input = ModelInput(name: "tokens", shape: [3], vocabulary: 5)
        let description = ModelDescription(
            name: "text", inputs: [input], layers: [.oneHot, .named("rnn", .rnn(units: 6)), .linear(units: 5)])
        return try Network([description], lanes: lanes).models[0]
    }

    private static func values(_ model: Model) -> FlatBuffer {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 3))
        return values
    }

    private static func run(
        _ model: Model, _ tape: Tape, _ tokens: [Float], gradients: FlatBuffer? = nil, carried: CarriedLanes?
    ) -> [Float] {
        tape.begin(gradients: gradients?.pointer, carried: carried)
        let x = tape.constant(Tensor(tokens, [tokens.count / 3, 3], pool: tape.pool))
        return model(x, mode: .evaluation).value.values
    }

    @Test func theStateOfALaneGoesOnInItsNextWindow() throws {
        let model = try Self.model(lanes: 2)
        let values = Self.values(model)
        let tape = Tape(layout: model.layout, values: values)
        let vector = FlatBuffer(count: tape.wholeVector.count)
        let first = CarriedLanes(lanes: 0..<2, isStartOfSequence: true)
        _ = Self.run(model, tape, [0, 1, 2, 3, 4, 0], gradients: vector, carried: first)
        tape.wholeVector.assignCarried(values, sums: vector.pointer)
        let second: [Float] = [2, 2, 1, 0, 3, 4]
        let continued = Self.run(
            model, tape, second, gradients: vector, carried: CarriedLanes(lanes: 0..<2))
        let fresh = Self.run(model, tape, second, gradients: vector, carried: first)
        #expect(continued != fresh, "carried state makes a difference")

        // One window of six tokens is the same as two of three.
        let long = ModelDescription(
            name: "text", inputs: [ModelInput(name: "tokens", shape: [6], vocabulary: 5)],
            layers: [.oneHot, .named("rnn", .rnn(units: 6)), .linear(units: 5)])
        let whole = try Network([long]).models[0]
        let wholeTape = Tape(layout: whole.layout, values: Self.values(whole))
        wholeTape.begin(gradients: nil)
        let x = wholeTape.constant(Tensor([0, 1, 2, 2, 2, 1, 3, 4, 0, 0, 3, 4], [2, 6], pool: wholeTape.pool))
        let expected = whole(x, mode: .evaluation).value.values
        let tail = (0..<2).flatMap { lane in expected[lane * 30 + 15..<lane * 30 + 30] }
        #expect(relativeError(continued, tail) < 1e-6)
    }

    @Test func evaluationCarriesTheStateBesideTheWeights() throws {
        let model = try Self.model(lanes: 2)
        let values = Self.values(model)
        let before = (0..<values.count).map { values.pointer[$0] }
        let tape = Tape(layout: model.layout, values: values)
        let rows = CarriedRows()
        _ = Self.run(
            model, tape, [0, 1, 2, 3, 4, 0],
            carried: CarriedLanes(lanes: 0..<2, isStartOfSequence: true, rows: rows))
        let continued = Self.run(model, tape, [2, 2, 1, 0, 3, 4], carried: CarriedLanes(lanes: 0..<2, rows: rows))
        let anew = Self.run(
            model, tape, [2, 2, 1, 0, 3, 4],
            carried: CarriedLanes(lanes: 0..<2, isStartOfSequence: true, rows: CarriedRows()))
        #expect(continued != anew)
        #expect((0..<values.count).map { values.pointer[$0] } == before, "evaluation changes nothing")
    }

    @Test func withoutLanesEverySampleBeginsWithZeros() throws {
        let model = try Self.model(lanes: nil)
        #expect(!model.parameters.contains { $0.role == .carried })
        let tape = Tape(layout: model.layout, values: Self.values(model))
        let once = Self.run(model, tape, [2, 2, 1], carried: nil)
        #expect(Self.run(model, tape, [2, 2, 1], carried: nil) == once)

        let lanes = try Self.model(lanes: 2)
        let laneTape = Tape(layout: lanes.layout, values: Self.values(lanes))
        let start = CarriedLanes(lanes: 0..<1, isStartOfSequence: true, rows: CarriedRows())
        #expect(Self.run(lanes, laneTape, [2, 2, 1], carried: start) == once)
    }

    // MARK: - Tokens and shapes

    @Test func tokensNeedAFieldOfTokensAndAVocabularyThatHoldsThem() throws {
        func build(_ layer: LayerSpecification, vocabulary: Int?) throws -> Model {
            let input = ModelInput(name: "tokens", shape: [3], vocabulary: vocabulary)
            return try Network([ModelDescription(name: "m", inputs: [input], layers: [layer])]).models[0]
        }
        #expect(try build(.embedding(units: 4), vocabulary: 5).parameters.first?.shape == [5, 4])
        #expect(try build(.embedding(units: 4, vocabulary: 9), vocabulary: 5).parameters.first?.shape == [9, 4])
        #expect(try build(.oneHot, vocabulary: 5).outputShape == [3, 5])
        #expect(throws: ModelError.noVocabulary(layer: "0", input: "tokens")) {
            try build(.embedding(units: 4), vocabulary: nil)
        }
        #expect(throws: ModelError.smallVocabulary(layer: "0", chosen: 4, needed: 5)) {
            try build(.embedding(units: 4, vocabulary: 4), vocabulary: 5)
        }
    }

    @Test func unflattenUndoesFlatten() throws {
        let model = try Model(name: "m", input: [2, 3, 4], layers: [.flatten, .unflatten(into: [2, 3, 4])])
        #expect(model.outputShape == [2, 3, 4])
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: model.layout.count))
        tape.begin(gradients: nil)
        let numbers = (0..<48).map(Float.init)
        let y = model(tape.constant(Tensor(numbers, [2, 2, 3, 4], pool: tape.pool)), mode: .evaluation)
        #expect(y.value.values == numbers)
        #expect(throws: ModelError.otherCount(layer: "0", input: [23], shape: [2, 3, 4])) {
            try Model(name: "m", input: [23], layers: [.unflatten(into: [2, 3, 4])])
        }
    }
}
