import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// The tape's own promises: where gradients go, when they are final, and what is zero.
@Suite struct TapeTests {
    /// One that no loss depends on (it comes first, so that it is last in memory and holds no report up), three linear
    /// layers' weights, a statistic.
    static let parameters = [
        Parameter(index: 0, name: "unused", shape: [5], initializer: .heNormal),
        Parameter(index: 1, name: "a", shape: [4, 3], initializer: .heNormal),
        Parameter(index: 2, name: "b", shape: [4, 4], initializer: .heNormal),
        Parameter(index: 3, name: "c", shape: [2, 4], initializer: .heNormal),
        Parameter(index: 4, name: "statistic", shape: [3], role: .statistic(momentum: 0.1), initializer: .zeros),
    ]

    let layout = ModelLayout(parameters)
    let values: FlatBuffer
    let gradients: FlatBuffer
    let tape: Tape

    init() {
        values = FlatBuffer(count: layout.count)
        gradients = FlatBuffer(count: GrainVectorLayout(all: layout).count)
        layout.initialize(values, key: RandomKey(seed: 1))
        gradients.pointer.update(repeating: .nan, count: gradients.count)
        tape = Tape(layout: layout, values: values)
    }

    private func gradient(_ index: Int) -> [Float] {
        (0..<Self.parameters[index].shape.count).map { gradients.pointer[layout.offsets[index] + $0] }
    }

    private func makeInput() -> Tensor {
        var numbers = TestNumbers(seed: 3)
        return Tensor(numbers.floats(6), [2, 3], pool: tape.pool)
    }

    /// c · relu(b · relu(a · x)), where b is used `uses` times in a row.
    private func network(_ x: Variable, uses: Int = 1) -> Variable {
        var y = linear(x, x.parameter(Self.parameters[1]), rectify: true)
        for _ in 0..<uses { y = linear(y, x.parameter(Self.parameters[2]), rectify: true) }
        return linear(y, x.parameter(Self.parameters[3]))
    }

    @Test func everyFloatOfAParameterIsFinalAndUnusedOnesAreZero() {
        tape.begin(gradients: gradients.pointer)
        let x = tape.constant(makeInput())
        let (loss, _) = crossEntropy(network(x), .indices([0, 1]))
        tape.backward(from: loss)
        for index in [1, 2, 3] {
            #expect(gradient(index).allSatisfy { $0.isFinite } && gradient(index).contains { $0 != 0 })
        }
        #expect(gradient(0) == [0, 0, 0, 0, 0])
        #expect(gradient(4) == [0, 0, 0])
    }

    @Test func aParameterUsedTwiceGetsTheSumOfBothGradients() {
        // Two copies of the same weights, each used once, against one that is used twice.
        let twice = tape
        twice.begin(gradients: gradients.pointer)
        let x = makeInput()
        twice.backward(from: crossEntropy(network(twice.constant(x), uses: 2), .indices([0, 1])).loss)
        let shared = gradient(2)

        let separateLayout = ModelLayout(
            Self.parameters + [Parameter(index: 5, name: "b2", shape: [4, 4], initializer: .zeros)])
        let separateValues = FlatBuffer(count: separateLayout.count)
        for parameter in Self.parameters {
            for i in 0..<parameter.shape.count {
                separateValues.pointer[separateLayout.offsets[parameter.index] + i] =
                    values.pointer[layout.offsets[parameter.index] + i]
            }
        }
        for i in 0..<16 {
            separateValues.pointer[separateLayout.offsets[5] + i] = values.pointer[layout.offsets[2] + i]
        }
        let separate = Tape(layout: separateLayout, values: separateValues)
        let flat = FlatBuffer(count: separate.wholeVector.count)
        separate.begin(gradients: flat.pointer)
        let input = separate.constant(x)
        var y = linear(input, input.parameter(separateLayout.parameters[1]), rectify: true)
        y = linear(y, input.parameter(separateLayout.parameters[2]), rectify: true)
        y = linear(y, input.parameter(separateLayout.parameters[5]), rectify: true)
        separate.backward(
            from: crossEntropy(linear(y, input.parameter(separateLayout.parameters[3])), .indices([0, 1])).loss)
        let sum = (0..<16).map {
            Double(flat.pointer[separateLayout.offsets[2] + $0] + flat.pointer[separateLayout.offsets[5] + $0])
        }
        #expect(sum.contains { $0 != 0 })
        #expect(relativeError(shared, sum) < 1e-6)
    }

    @Test(arguments: [1, 2, 3]) func progressGrowsAndWhatItReportsIsFinal(uses: Int) {
        var reports: [(count: Int, values: [Float])] = []
        let flat = gradients
        tape.begin(gradients: flat.pointer) { count in
            reports.append((count, (0..<count).map { flat.pointer[$0] }))
        }
        tape.backward(from: crossEntropy(network(tape.constant(makeInput()), uses: uses), .indices([0, 1])).loss)
        #expect(reports.map(\.count) == reports.map(\.count).sorted())
        #expect(Set(reports.map(\.count)).count == reports.count)
        #expect(reports.last?.count == tape.wholeVector.metrics.lowerBound)
        #expect(reports.count >= 2, "the last layer's gradients are ready before the first one's")
        for report in reports {
            for (i, value) in report.values.enumerated() where i >= layout.count || layout.parameter(at: i) != nil {
                #expect(
                    value.bitPattern == flat.pointer[i].bitPattern,
                    "float \(i) changed after \(report.count) were final")
            }
        }
    }

    @Test func aBranchThatTheLossDoesNotDependOnGetsZeros() {
        tape.begin(gradients: gradients.pointer)
        let x = tape.input(makeInput())
        let hidden = linear(x, x.parameter(Self.parameters[1]), rectify: true)
        _ = linear(hidden, x.parameter(Self.parameters[3]))
        let other = tape.input(Tensor([1, 2], [2], pool: tape.pool))
        tape.backward(
            from: meanSquaredError(linear(hidden, x.parameter(Self.parameters[2])), tape.constant(zeros([2, 4]))))
        #expect(gradient(3).allSatisfy { $0 == 0 })
        #expect(gradient(1).contains { $0 != 0 } && gradient(2).contains { $0 != 0 })
        #expect(tape.gradient(of: x) != nil)
        #expect(tape.gradient(of: other) == nil)
    }

    @Test func aLossWithoutParametersLeavesZeros() {
        tape.begin(gradients: gradients.pointer)
        let x = tape.constant(makeInput())
        tape.backward(from: meanSquaredError(x, x))
        for index in 0..<5 { #expect(gradient(index).allSatisfy { $0 == 0 }) }
    }

    @Test func theGradientOfAnInputIsGivenInEvaluationToo() {
        tape.begin(gradients: nil)
        let x = tape.input(makeInput())
        tape.backward(from: meanSquaredError(network(x), tape.constant(zeros([2, 2]))))
        let inEvaluation = tape.gradient(of: x)?.values
        tape.begin(gradients: gradients.pointer)
        let again = tape.input(makeInput())
        tape.backward(from: meanSquaredError(network(again), tape.constant(zeros([2, 2]))))
        #expect(inEvaluation == tape.gradient(of: again)?.values)
        #expect(inEvaluation?.contains { $0 != 0 } == true)
    }

    @Test func theSeedScalesTheGradients() {
        func run(_ seed: Float) -> [Float] {
            tape.begin(gradients: gradients.pointer)
            tape.backward(from: crossEntropy(network(tape.constant(makeInput())), .indices([1, 1])).loss, seed: seed)
            return gradient(1)
        }
        let single = run(1)
        #expect(single.contains { $0 != 0 })
        #expect(single.map { $0 * 4 } == run(4))
    }

    @Test func theSameStepGivesTheSameBitsAndTakesNoMemory() {
        func run() -> [Float] {
            tape.begin(gradients: gradients.pointer)
            tape.backward(from: crossEntropy(network(tape.constant(makeInput()), uses: 2), .indices([0, 1])).loss)
            return [1, 2, 3].flatMap(gradient)
        }
        let first = run()
        let statistics = tape.pool.statistics
        gradients.pointer.update(repeating: .nan, count: gradients.count)
        #expect(run() == first)
        #expect(tape.pool.statistics == statistics)
    }

    @Test func nothingIsRecordedWithoutGradients() {
        tape.begin(gradients: nil)
        let x = tape.constant(makeInput())
        #expect(!network(x).needsGradient)
    }

    private func zeros(_ shape: Shape) -> Tensor {
        let tensor = Tensor(shape, pool: tape.pool)
        tensor.fill(0)
        return tensor
    }
}
