import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// State that recurrent layers carry along lanes.
@Suite struct CarriedStateTests {
    /// Two lanes of one-hot tokens.
    private static func model(lanes: Int?, _ kind: LayerSpecification = .rnn(units: 6)) throws -> Model {
        let input = ModelInput(name: "tokens", shape: [3], vocabulary: 5)
        let description = ModelDescription(
            name: "text", inputs: [input], layers: [.oneHot, .named("rnn", kind), .linear(units: 5)])
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

    @Test(arguments: ["rnn", "lstm", "gru"])
    func theStateOfALaneGoesOnInItsNextWindow(_ name: String) throws {
        let kind: LayerSpecification =
            name == "rnn" ? .rnn(units: 6) : name == "lstm" ? .lstm(units: 6, layers: 2) : .gru(units: 6, layers: 2)
        let model = try Self.model(lanes: 2, kind)
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
            layers: [.oneHot, .named("rnn", kind), .linear(units: 5)])
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
}
