import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Lists of layers as graphs: names, several inputs and outputs, shared parameters, what is computed.
@Suite struct GraphTests {
    private func network(_ inputs: [ModelInput], _ layers: [LayerSpecification]) throws -> Model {
        try Network([ModelDescription(name: "test", inputs: inputs, layers: layers)]).models[0]
    }

    private func outputs(_ model: Model, _ names: [String], _ inputs: [(Shape, [Float])]) throws -> [[Float]] {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        tape.begin(gradients: nil)
        let variables = inputs.map { tape.constant(Tensor($0.1, $0.0, pool: tape.pool)) }
        return try model.plan(outputs: names)(variables, mode: .evaluation).map(\.value.values)
    }

    @Test func anElementReadsTheOneBeforeItOrWhatItNames() throws {
        let model = try network(
            [ModelInput(shape: [4])],
            [
                .named("trunk", .linear(units: 3)), .named("digit", .linear(units: 2)).reading("trunk"),
                .named("slant", .linear(units: 1)).reading("trunk"), .named("raw", .relu).reading("input"),
            ])
        #expect(
            model.layout.parameters.map(\.name).filter { $0.hasSuffix("weight") }
                == ["trunk.weight", "digit.weight", "slant.weight"])
        #expect(model.shape(of: "digit") == [2] && model.shape(of: "slant") == [1] && model.outputName == "raw")
        let x: [Float] = [1, -2, 3, -4]
        #expect(try outputs(model, ["raw"], [([1, 4], x)]) == [[1, 0, 3, 0]])
        let both = try outputs(model, ["digit", "slant"], [([1, 4], x)])
        #expect(
            try both == [outputs(model, ["digit"], [([1, 4], x)])[0], outputs(model, ["slant"], [([1, 4], x)])[0]])
    }

    @Test func severalInputsAreJoinedAndAdded() throws {
        let model = try network(
            [ModelInput(name: "a", shape: [2]), ModelInput(name: "b", shape: [2])],
            [
                .named("both", .concatenate).reading("a", "b"),
                .named("sum", .add).reading("a", "b", "a"),
            ])
        let result = try outputs(model, ["both", "sum"], [([1, 2], [1, 2]), ([1, 2], [10, 20])])
        #expect(result == [[1, 2, 10, 20], [12, 24]])
    }

    @Test func namesOfInnerListsAreSoughtOutwards() throws {
        let model = try network(
            [ModelInput(shape: [3])],
            [
                .named("stem", .linear(units: 3)),
                .named(
                    "block",
                    .sequence([.named("stem", .relu), .named("inner", .linear(units: 2)).reading("stem")])),
                .named("late", .linear(units: 1)).reading("block.stem"),
            ])
        #expect(model.nodes.map(\.name) == ["input", "stem", "block.stem", "block.inner", "late"])
        #expect(model.shape(of: "block.inner") == [2])
    }

    @Test func aSharedLayerHasOneSetOfParameters() throws {
        let tower: [LayerSpecification] = [.named("fc", .linear(units: 2)), .relu]
        let model = try network(
            [ModelInput(name: "a", shape: [3]), ModelInput(name: "b", shape: [3])],
            [.named("one", .sequence(tower)).reading("a"), .named("two", .share("one")).reading("b")])
        #expect(model.layout.parameters.map(\.name) == ["one.fc.weight", "one.fc.bias"])
        let x: [Float] = [1, -1, 2]
        let result = try outputs(model, ["one", "two"].map { $0 + ".1" }, [([1, 3], x), ([1, 3], x)])
        #expect(result[0] == result[1])
        let error = ModelError.sharedShape(parameter: "one.fc.weight", [2, 3], [2, 4])
        #expect(throws: error) {
            try network(
                [ModelInput(name: "a", shape: [3]), ModelInput(name: "b", shape: [4])],
                [.named("one", .sequence(tower)).reading("a"), .named("two", .share("one")).reading("b")])
        }
    }

    @Test func anUnknownNameIsRefusedWithTheNamesThereAre() throws {
        let error = ModelError.unknownNode(layer: "1", name: "trnk", known: ["input", "trunk"])
        #expect(throws: error) {
            try network([ModelInput(shape: [3])], [.named("trunk", .relu), .relu.reading("trnk")])
        }
        #expect("\(error)" == "1: nothing before it is named 'trnk' (did you mean 'trunk'?); there are: input, trunk")
        let model = try network([ModelInput(shape: [3])], [.named("trunk", .relu)])
        #expect(throws: ModelError.unknownLayer(model: "test", name: "digit", known: ["input", "trunk"])) {
            try model.plan(outputs: ["digit"])
        }
    }

    @Test func whatNoOutputNeedsIsNotComputed() throws {
        let model = try network(
            [ModelInput(shape: [2])], [.named("trunk", .relu), .named("head", .linear(units: 1)), .relu])
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: model.layout.count)) { parameter in
            Issue.record("\(parameter.name) was read")
        }
        tape.begin(gradients: nil)
        let x = tape.constant(Tensor([1, 2], [1, 2], pool: tape.pool))
        #expect(try model.plan(outputs: ["trunk"])([x], mode: .evaluation)[0].value.values == [1, 2])
    }

    @Test func severalModelsShareOneMemoryUnderTheirNames() throws {
        let generator = ModelDescription(
            name: "generator", inputs: [ModelInput(name: "noise", shape: [2])], layers: [.linear(units: 3)])
        let judge = ModelDescription(
            name: "judge", inputs: [ModelInput(name: "image", shape: [3])], layers: [.linear(units: 1)])
        let network = try Network([generator, judge])
        #expect(
            network.layout.parameters.map(\.name) == [
                "generator.0.weight", "generator.0.bias", "judge.0.weight", "judge.0.bias",
            ])
        #expect(network["judge"]?.parameters.map(\.name) == ["judge.0.weight", "judge.0.bias"])
    }
}
