import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Convolutions over sequences of several lengths, and over one step after another.
@Suite struct SequenceStepTests {
    private static func tokens(_ count: Int) -> [Float] {
        var numbers = TestNumbers(seed: 5)
        return (0..<count).map { _ in Float(numbers.integer(below: 9)) }
    }

    // MARK: - Lengths

    /// Layers that read steps: [T, 16] of several lengths to any length.
    static let stacks: [[LayerSpecification]] = [
        [.conv1d(filters: 16, kernel: 3, padding: .causal, dilation: 4)],
        [.conv1d(filters: 32, kernel: 3, padding: .same), .gate, .conv1d(filters: 5, kernel: 1)],
        [.conv1d(filters: 6, kernel: 3, stride: 2), .relu, .conv1d(filters: 4, kernel: 2, padding: .causal)],
        [.conv1d(filters: 16, kernel: 5, padding: .explicit(.init(height: 0, width: 1)), dilation: 2)],
        [.named("a", .gatedResidual(skip: 3, kernel: 3, padding: .same)), .upsample(factor: .init(2))],
        [.conv1d(filters: 16, kernel: 4, groups: 2), .batchNorm(), .conv1d(filters: 3, kernel: 2)],
    ]

    /// Each sequence gives in a batch what it gives alone, and its gradients add up, whatever stands in the padding.
    @Test(arguments: stacks.indices) func paddingChangesNothing(_ index: Int) throws {
        let lengths = [23, 9, 17]
        let model = try Network([
            ModelDescription(
                name: "test", inputs: [ModelInput(shape: [40, 16], varies: true)], layers: Self.stacks[index])
        ]).models[0]
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        tape.pool.poison()
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        var numbers = TestNumbers(seed: 6)
        let sequences = lengths.map { numbers.floats($0 * 16) }

        /// The steps that are there of a batch, and the gradient of Σ of their squares.
        func run(_ rows: [[Float]], padding: Float) -> (values: [Float], lengths: [Int], gradient: [Double]) {
            tape.begin(gradients: gradients.pointer)
            let longest = rows.map { $0.count }.max() ?? 0
            let padded = rows.flatMap { $0 + [Float](repeating: padding, count: longest - $0.count) }
            var x = tape.constant(Tensor(padded, [rows.count, longest / 16, 16], pool: tape.pool))
            x.lengths = SequenceLengths(rows.map { $0.count / 16 })
            let y = model(x, mode: .evaluation)
            let there = packed(y)
            tape.backward(from: sum(multiply(there, there)))
            let floats = (0..<tape.wholeVector.gradients.count).map { Double(gradients.pointer[$0]) }
            return (there.value.values, y.lengths?.counts ?? [], floats)
        }
        let together = run(sequences, padding: 3)
        let alone = sequences.map { run([$0], padding: 0) }
        #expect(together.lengths == alone.flatMap(\.lengths) && together.lengths.allSatisfy { $0 > 0 })
        #expect(relativeError(together.values, alone.flatMap(\.values).map(Double.init)) < 1e-6)
        let total = together.gradient.indices.map { place in alone.reduce(0) { $0 + $1.gradient[place] } }
        #expect(relativeError(together.gradient.map { Float($0) }, total) < 5e-6)
    }

    /// A filter longer than every sequence of a grain leaves no step.
    @Test func sequencesShorterThanTheFilterHaveNoSteps() throws {
        let model = try Network([
            ModelDescription(
                name: "test", inputs: [ModelInput(shape: [40, 2], varies: true)],
                layers: [.conv1d(filters: 3, kernel: 5), .globalAveragePool])
        ]).models[0]
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        tape.begin(gradients: nil)
        var x = tape.constant(Tensor([1, 2, 3, 4, 5, 6, 0, 0], [2, 2, 2], pool: tape.pool))
        x.lengths = SequenceLengths([2, 1])
        #expect(model(x, mode: .evaluation).value.values == [0, 0, 0, 0, 0, 0])
    }

    // MARK: - Step by step

    /// One step at a time, several, and all at once give the same.
    @Test(arguments: [[1], [1, 3, 1, 30, 2], [50]]) func stepsAreWhatTheWholeIs(_ chunks: [Int]) throws {
        let model = try GatedResidualTests.waveNet(steps: 60, channels: 16)
        let tape = Tape(layout: model.layout, values: GatedResidualTests.drawn(model))
        let plan = try model.plan(outputs: ["out2"])
        let levels = Self.tokens(2 * 60)
        func inputs(_ steps: Range<Int>) -> [Variable] {
            let window = (0..<2).flatMap { row in steps.map { levels[row * 60 + $0] } }
            let values: [(Shape, [Float])] = [([2, steps.count], window), ([2], [7, 1]), ([2], [2, 5])]
            return values.map { tape.constant(Tensor($0.1, $0.0, pool: tape.pool)) }
        }
        tape.begin(gradients: nil)
        let whole = plan(inputs(0..<60), mode: .evaluation)[0].value.values
        let memory = StepMemory()
        var rows: [[Float]] = [[], []]
        var step = 0
        var turn = 0
        while step < 60 {
            let next = min(60, step + chunks[turn % chunks.count])
            tape.begin(stepping: memory)
            let y = plan(inputs(step..<next), mode: .evaluation)[0].value.values
            for row in 0..<2 { rows[row] += y[row * (next - step) * 9..<(row + 1) * (next - step) * 9] }
            step = next
            turn += 1
        }
        #expect(relativeError(rows[0] + rows[1], whole.map(Double.init)) < 2e-6)
    }

    /// Groups, and a filter of one tap, which remembers nothing.
    @Test func otherConvolutionsStepToo() throws {
        let model = try Model(
            name: "test", input: [20, 6],
            layers: [
                .conv1d(filters: 4, kernel: 3, padding: .causal, dilation: 3, groups: 2), .relu,
                .conv1d(filters: 3, kernel: 1),
            ])
        var numbers = TestNumbers(seed: 8)
        let x = numbers.floats(20 * 6)
        let whole = model.output(x)
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        let plan = try model.plan(outputs: [model.outputName])
        let memory = StepMemory()
        let steps = (0..<20).flatMap { step -> [Float] in
            tape.begin(stepping: memory)
            let input = tape.constant(Tensor(Array(x[step * 6..<step * 6 + 6]), [1, 1, 6], pool: tape.pool))
            return plan([input], mode: .evaluation)[0].value.values
        }
        #expect(relativeError(steps, whole.map(Double.init)) < 2e-6)
    }

    /// Beams go on with what the ones that they come from have read.
    @Test func aMemoryGoesOnWithChosenRows() throws {
        let model = try Model(
            name: "test", input: [5, 2], layers: [.conv1d(filters: 2, kernel: 2, padding: .causal, dilation: 2)])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        let plan = try model.plan(outputs: [model.outputName])
        let memory = StepMemory()
        func step(_ x: [Float]) -> [Float] {
            tape.begin(stepping: memory)
            return plan(
                [tape.constant(Tensor(x, [x.count / 2, 1, 2], pool: tape.pool))], mode: .evaluation)[0].value.values
        }
        _ = step([1, 2, 3, 4])
        _ = step([5, 6, 7, 8])
        memory.select(rows: [1, 1, 0], pool: tape.pool)
        let chosen = step([1, 1, 1, 1, 1, 1])
        let first = model.output([1, 2, 5, 6, 1, 1, 0, 0, 0, 0])[4..<6]
        let second = model.output([3, 4, 7, 8, 1, 1, 0, 0, 0, 0])[4..<6]
        #expect(relativeError(chosen, (second + second + first).map(Double.init)) < 1e-6)
    }
}
