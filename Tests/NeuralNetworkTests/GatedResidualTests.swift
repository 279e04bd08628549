import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Blocks of WaveNet and the layers that they are made of: shapes, names, refusals, and WaveNet against its formulas in
/// double precision.
@Suite struct GatedResidualTests {
    private func network(_ inputs: [ModelInput], _ layers: [LayerSpecification]) throws -> Model {
        try Network([ModelDescription(name: "test", inputs: inputs, layers: layers)]).models[0]
    }

    /// The values of some nodes, from inputs in the model's order.
    private func outputs(_ model: Model, _ names: [String], _ inputs: [(Shape, [Float])]) throws -> [[Float]] {
        let tape = Tape(layout: model.layout, values: Self.drawn(model))
        tape.begin(gradients: nil)
        let variables = inputs.map { tape.constant(Tensor($0.1, $0.0, pool: tape.pool)) }
        return try model.plan(outputs: names)(variables, mode: .evaluation).map(\.value.values)
    }

    static func drawn(_ model: Model) -> FlatBuffer {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        return values
    }

    // MARK: - Products, sums and gates

    @Test func valuesAreMultipliedAndVectorsGoWithEveryPosition() throws {
        let model = try network(
            [ModelInput(name: "a", shape: [2, 2]), ModelInput(name: "v", shape: [2])],
            [
                .named("square", .multiply).reading("a", "a", "a"), .named("scaled", .multiply).reading("a", "v"),
                .named("moved", .add).reading("a", "v", "a"), .named("gated", .gate).reading("a"),
            ])
        let inputs: [(Shape, [Float])] = [([1, 2, 2], [1, 2, 3, 4]), ([1, 2], [10, 100])]
        let result = try outputs(model, ["square", "scaled", "moved"], inputs)
        #expect(result == [[1, 8, 27, 64], [10, 200, 30, 400], [12, 104, 16, 108]])
        #expect(model.shape(of: "gated") == [2, 1])
        #expect(model.rows.map(\.operations.multiplications) == [8, 4, 0, 2])
        #expect(model.rows.map(\.operations.additions) == [0, 0, 8, 0])
    }

    @Test func vectorsThatMayBeMeantOtherwiseAreRefused() throws {
        let inputs = [
            ModelInput(name: "a", shape: [3, 2]), ModelInput(name: "v", shape: [2]),
            ModelInput(name: "steps", shape: [3]), ModelInput(name: "tokens", shape: [2], vocabulary: 7),
        ]
        #expect(throws: ModelError.branchesDiffer(layer: "0", [3, 2], [3])) {
            try network(inputs, [.add.reading("a", "steps")])
        }
        #expect(
            throws: ModelError.refused(
                layer: "0",
                because: "the vector [2] stands before [3, 2], at whose positions it is wanted; name the value with "
                    + "positions first")
        ) { try network(inputs, [.multiply.reading("v", "a")]) }
        #expect(
            throws: ModelError.refused(
                layer: "0",
                because: "tokens [2] is a sequence of single numbers, not a vector for the channels of [3, 2]; give it "
                    + "channels of its own first")
        ) { try network(inputs, [.add.reading("a", "tokens")]) }
        #expect(throws: ModelError.inputCount(layer: "0", count: 1, expected: "two or more values")) {
            try network(inputs, [.multiply.reading("a")])
        }
        #expect(
            throws: ModelError.refused(
                layer: "0",
                because: "the channels of its input [3] have no two halves; give the layer before it an even number of "
                    + "outputs")
        ) { try network(inputs, [.gate.reading("steps")]) }
    }

    // MARK: - A block

    @Test func aBlockHasItsNodesAndParametersByName() throws {
        let model = try network(
            [ModelInput(shape: [9, 6]), ModelInput(name: "h", shape: [5])],
            [
                .named("a", .gatedResidual(channels: 4, skip: 3, kernel: 3, dilation: 2)).reading("input", "h"),
                .named("b", .gatedResidual(skip: 7, bias: false, residual: false)).reading("a"),
                .named("c", .gatedResidual(skip: nil, padding: .same)).reading("a"),
            ])
        #expect(
            model.parameters.map { "\($0.name) \($0.shape)" } == [
                "a.conv.weight [8, 1, 3, 6]", "a.conv.bias [8]", "a.condition.weight [8, 5]",
                "a.skip.weight [3, 1, 1, 4]",
                "a.skip.bias [3]", "a.residual.weight [6, 1, 1, 4]", "a.residual.bias [6]",
                "b.conv.weight [12, 1, 2, 6]", "b.skip.weight [7, 1, 1, 6]",
                "c.conv.weight [12, 1, 2, 6]", "c.conv.bias [12]", "c.residual.weight [6, 1, 1, 6]",
                "c.residual.bias [6]",
            ])
        #expect(
            ["a", "a.skip", "b", "b.skip", "c"].map { model.shape(of: $0) } == [
                [9, 6], [9, 3], [9, 7], [9, 7], [9, 6],
            ])
        #expect(
            throws: ModelError.refused(layer: "0", because: "its padding makes 8 steps of 9; use causal or same")
        ) {
            try network(
                [ModelInput(shape: [9, 6])], [.gatedResidual(skip: 2, padding: .explicit(.init(0)))])
        }
        #expect(throws: ModelError.wrongRank(layer: "0", input: [9], expected: "a sequence [steps, channels]")) {
            try network([ModelInput(shape: [9])], [.gatedResidual(skip: 2)])
        }
    }

    /// The condition may be another one at every step.
    @Test func aBlockReadsASequenceAsItsCondition() throws {
        let model = try network(
            [ModelInput(shape: [3, 16]), ModelInput(name: "h", shape: [3, 2])],
            [.named("a", .gatedResidual(skip: nil)).reading("input", "h")])
        var numbers = TestNumbers(seed: 1)
        let (x, h) = (numbers.floats(48), numbers.floats(6))
        let y = try outputs(model, ["a"], [([1, 3, 16], x), ([1, 3, 2], h)])[0]
        var other = h
        other[4] += 1
        let z = try outputs(model, ["a"], [([1, 3, 16], x), ([1, 3, 2], other)])[0]
        #expect(y[..<32] == z[..<32] && y[32...] != z[32...])
    }

    // MARK: - WaveNet

    static let conditions: [String: Float] = ["digit": 7, "speaker": 2]

    /// A WaveNet with two conditions, of few channels.
    static func waveNet(steps: Int, channels: Int, varies: Bool = false) throws -> Model {
        var options = ZooOptions(classes: 9)
        options.waveNet.channels = channels
        options.waveNet.skip = 32
        options.waveNet.dilation = 8
        options.waveNet.stacks = 2
        options.waveNet.conditions = ["digit", "speaker"]
        options.waveNet.conditionUnits = 5
        let made = try ZooModel.named("wavenet").description(
            options, input: ModelInput(shape: [steps], vocabulary: 9, varies: varies))
        let inputs = made.inputs.map {
            $0.shape.rank == 1 ? $0 : ModelInput(name: $0.name, shape: [], vocabulary: $0.name == "digit" ? 10 : 6)
        }
        return try Network([ModelDescription(name: "wavenet", inputs: inputs, layers: made.layers)]).models[0]
    }

    /// Channels of whole vectors, which are computed together, and others.
    @Test(arguments: [16, 5]) func itComputesItsFormulas(channels: Int) throws {
        let model = try Self.waveNet(steps: 40, channels: channels)
        var numbers = TestNumbers(seed: 2)
        let levels = (0..<40).map { _ in Float(numbers.integer(below: 9)) }
        let y = try outputs(model, ["out2"], [([1, 40], levels), ([1], [7]), ([1], [2])])[0]
        #expect(relativeError(y, WaveNetReference(model).output(levels, digit: 7, speaker: 2)) < 5e-6)
    }

    /// Every node is wanted in one of two plans, so that nothing is computed together there.
    @Test func computedTogetherOrOneByOneItHasTheSameGradients() throws {
        let model = try Self.waveNet(steps: 70, channels: 32)
        var numbers = TestNumbers(seed: 3)
        let levels = (0..<140).map { _ in Float(numbers.integer(below: 9)) }
        let direction = numbers.floats(2 * 70 * 9)
        func gradients(_ names: [String]) throws -> [Float] {
            let tape = Tape(layout: model.layout, values: Self.drawn(model))
            tape.pool.poison()
            let gradients = FlatBuffer(count: tape.wholeVector.count)
            tape.begin(gradients: gradients.pointer)
            let values: [(Shape, [Float])] = [([2, 70], levels), ([2], [7, 1]), ([2], [2, 5])]
            let inputs = values.map { tape.constant(Tensor($0.1, $0.0, pool: tape.pool)) }
            let y = try model.plan(outputs: names)(inputs, mode: .evaluation)[0]
            tape.backward(from: y, gradient: Tensor(direction, y.shape, pool: tape.pool))
            return (0..<tape.wholeVector.gradients.count).map { gradients.pointer[$0] }
        }
        let together = try gradients(["out2"])
        let everything = ["out2"] + model.nodes.map(\.name).filter { $0 != "out2" }
        let oneByOne = try gradients(everything)
        #expect(together.contains { $0 != 0 })
        for parameter in model.parameters {
            let first = model.layout.offsets[parameter.index]
            let range = first..<first + parameter.shape.count
            #expect(
                relativeError(Array(together[range]), oneByOne[range].map(Double.init)) < 5e-6, "\(parameter.name)")
        }
    }

    @Test func theReadyMadeOneSeesALittleMoreThanAThousandLevels() throws {
        let model = try ZooModel.named("wavenet").build()
        #expect(model.inputShape == [4096] && model.outputShape == [4096, 256])
        let field = try #require(model.rows.last?.field.axes.first)
        #expect(field.size == 1024 && field.start == -1023 && field.step == 1)
    }
}

/// WaveNet from a model's own parameters, in double precision.
private struct WaveNetReference {
    private let tensors: [String: DoubleTensor]

    init(_ model: Model) {
        let values = GatedResidualTests.drawn(model)
        tensors = Dictionary(
            uniqueKeysWithValues: model.parameters.map { parameter in
                let first = model.layout.offsets[parameter.index]
                let floats = (0..<parameter.shape.count).map { values.pointer[first + $0] }
                return (parameter.name, DoubleTensor(floats, parameter.shape.dimensions))
            })
    }

    private func row(_ name: String, _ index: Int) -> [Double] {
        let table = tensors[name + ".weight"]!
        return Array(table.values[index * table.shape[1]..<(index + 1) * table.shape[1]])
    }

    private func convolution(_ name: String, _ x: DoubleTensor, dilation: Int = 1) -> DoubleTensor {
        let weight = tensors[name + ".weight"]!
        return DoubleReference.convolution1D(
            x, weight, bias: tensors[name + ".bias"], before: dilation * (weight.shape[2] - 1), dilation: dilation)
    }

    func output(_ levels: [Float], digit: Int, speaker: Int) -> [Double] {
        let condition = zip(row("embed_digit", digit), row("embed_speaker", speaker)).map(+)
        var x = DoubleTensor(
            levels.flatMap { row("embed", Int($0)) },
            [1, levels.count, tensors["embed.weight"]!.shape[1]])
        var skips: DoubleTensor?
        for (index, dilation) in [1, 2, 4, 8, 1, 2, 4, 8].enumerated() {
            let name = "block\(index)"
            let h = DoubleReference.linear(
                DoubleTensor(condition, [1, condition.count]), tensors[name + ".condition.weight"]!)
            let z = DoubleReference.gate(
                DoubleReference.atPositions(convolution(name + ".conv", x, dilation: dilation), h, +))
            let skip = convolution(name + ".skip", z)
            skips = skips.map { DoubleReference.combined($0, skip, +) } ?? skip
            if index < 7 { x = DoubleReference.combined(x, convolution(name + ".residual", z), +) }
        }
        let first = convolution("out1", DoubleReference.relu(skips!))
        return convolution("out2", DoubleReference.relu(first)).values
    }
}
