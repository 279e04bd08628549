import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// When a gradient is final, what frozen weights cost, several results, and what pullbacks hold.
@Suite struct TapeUseTests {
    static let arena = ModelLayout([
        Parameter(index: 0, name: "first", shape: [3], initializer: .ones),
        Parameter(index: 1, name: "last", shape: [3], initializer: .ones),
    ])
    let parameters = arena.parameters
    let tape: Tape
    let memory: FlatBuffer

    init() {
        let values = FlatBuffer(count: Self.arena.count)
        Self.arena.initialize(values, key: RandomKey(seed: 1))
        tape = Tape(layout: Self.arena, values: values)
        memory = FlatBuffer(count: tape.wholeVector.count)
        memory.pointer.update(repeating: .nan, count: memory.count)
    }

    /// x + w, whose pullback adds the gradient of w in `parts` parts, as an operation over time steps does.
    private func sum(_ x: Variable, _ w: Variable, parts: Int) -> Variable {
        let y = x.makeTensor(x.shape)
        add(x.value.pointer, w.value.pointer, into: y.pointer, count: y.count)
        return x.tape.record(y, x, w) { [x = x.target, w = w.target] tape, dy in
            let gradient = dy
            for _ in 0..<parts {
                tape.accumulate(into: w) { dw, accumulate in
                    scale(gradient.pointer, by: 1 / Float(parts), into: dw, count: 3, accumulate: accumulate)
                }
            }
            tape.accumulate(gradient, into: x)
        }
    }

    @Test(arguments: [1, 2, 5]) func aGradientInSeveralPartsIsReportedOnceAndWhenItIsWhole(parts: Int) {
        var reports: [(count: Int, values: [Float])] = []
        let memory = memory
        tape.begin(gradients: memory.pointer) { count in
            reports.append((count, (0..<3).map { memory.pointer[$0] }))
        }
        let x = tape.parameter(parameters[0])
        let y = sum(x, tape.parameter(parameters[1]), parts: parts)
        let gradient = Tensor([1, 2, 3], [3], pool: tape.pool)
        tape.backward(from: sum(y, tape.parameter(parameters[1]), parts: parts), gradient: gradient)
        // `last` lies in front and is used twice; nothing is reported before both uses are passed.
        #expect(reports.map(\.count) == [32, 32])
        #expect(reports.allSatisfy { relativeError($0.values, [2, 4, 6] as [Double]) < 1e-6 })
        #expect((0..<3).map { memory.pointer[16 + $0] } == [1, 2, 3])
    }

    @Test func aSkippedOperationsWeightHoldsNoReportUp() {
        var reports: [Int] = []
        tape.begin(gradients: memory.pointer) { reports.append($0) }
        let x = tape.input(Tensor([1, 1, 1], [3], pool: tape.pool))
        let y = sum(x, tape.parameter(parameters[0]), parts: 1)
        _ = sum(y, tape.parameter(parameters[1]), parts: 1)  // nothing depends on it
        tape.backward(from: y, gradient: Tensor([1, 2, 3], [3], pool: tape.pool))
        #expect(reports == [16, 32, 32])
        #expect((0..<3).map { memory.pointer[$0] } == [0, 0, 0])
    }

    @Test func aFrozenWeightIsAConstant() {
        let layout = GrainVectorLayout(
            GradientLayout(Self.arena, ParameterSet(Self.arena) { $0 == "first" }), metrics: 0, flags: 0)
        #expect(layout.count == 16)
        tape.begin(gradients: memory.pointer, layout: layout)
        #expect(!tape.parameter(parameters[1]).needsGradient)
        let y = sum(tape.parameter(parameters[1]), tape.parameter(parameters[0]), parts: 1)
        tape.backward(from: y, gradient: Tensor([1, 2, 3], [3], pool: tape.pool))
        #expect((0..<3).map { memory.pointer[$0] } == [1, 2, 3])
        #expect(memory.pointer[16].isNaN, "nothing is written behind the vector")
    }

    @Test func anOperationWithSeveralResultsGetsAGradientForEach() {
        tape.begin(gradients: nil)
        let x = tape.input(Tensor([1, 2], [2], pool: tape.pool))
        func split(_ x: Variable, _ seen: @escaping ([[Float]?]) -> Void) -> [Variable] {
            tape.record(several: [x.value, x.value, x.value], [x]) { [x = x.target] tape, gradients in
                seen(gradients.map { $0?.values })
                for gradient in gradients { if let gradient { tape.accumulate(gradient, into: x) } }
            }
        }
        var calls: [[[Float]?]] = []
        let parts = split(x) { calls.append($0) }
        // The first result is used later than an operation on the last one; the middle one is not used.
        let y = add(scaled(parts[2], by: 3), scaled(parts[0], by: 2))
        tape.backward(from: y, gradient: Tensor([1, 10], [2], pool: tape.pool))
        #expect(calls == [[[2, 20], nil, [3, 30]]])
        #expect(tape.gradient(of: x)?.values == [5, 50])
        tape.begin(gradients: nil)
        let constant = split(tape.constant(Tensor([1], [1], pool: tape.pool))) { _ in }
        #expect(constant.allSatisfy { !$0.needsGradient })
    }

    @Test func noGradientFlowsThroughADetachedValue() {
        tape.begin(gradients: nil)
        let x = tape.input(Tensor([1, 2], [2], pool: tape.pool))
        let y = add(scaled(x, by: 2), detach(scaled(x, by: 100)))
        #expect(y.value.values == [102, 204])
        tape.backward(from: y, gradient: Tensor([1, 1], [2], pool: tape.pool))
        #expect(tape.gradient(of: x)?.values == [2, 2])
    }

    struct Unary: Sendable, CustomStringConvertible {
        var description: String
        var operation: @Sendable (Variable) -> Variable
    }

    /// Operations whose backward does not need their input.
    static let forgetful = [
        Unary(description: "sigmoid") { sigmoid($0) }, Unary(description: "tanh") { tanh($0) },
        Unary(description: "relu") { relu($0) },
        Unary(description: "leakyRelu") { leakyRelu($0) }, Unary(description: "ramp") { ramp($0) },
        Unary(description: "add") { add($0, $0) },
        Unary(description: "add with ReLU") { add($0, $0, rectify: true) },
        Unary(description: "scaled") { scaled($0, by: 2) },
        Unary(description: "concatenate") { concatenate([$0, $0]) },
        Unary(description: "softmax") { softmax($0) }, Unary(description: "logSoftmax") { logSoftmax($0) },
        Unary(description: "flatten") { flatten($0) },
        Unary(description: "maxPool2D") { maxPool2D($0, .init(kernel: [2, 2])) },
        Unary(description: "averagePool2D") { averagePool2D($0, .init(kernel: [2, 2])) },
        Unary(description: "globalAveragePool2D") { globalAveragePool2D($0) },
        Unary(description: "gaussianNoise") {
            gaussianNoise($0, deviation: 0.5, layer: 1, mode: .training(RandomKey(seed: 1)))
        },
        Unary(description: "dropout") {
            dropout($0, probability: 0.5, layer: 1, mode: .training(RandomKey(seed: 1)))
        },
        Unary(description: "crossEntropy") { crossEntropy($0, .indices([0, 1, 2, 0, 1, 2, 0, 1])).loss },
    ]

    @Test(arguments: forgetful) func memoryThatBackwardDoesNotNeedIsFreeAtOnce(_ test: Unary) {
        tape.begin(gradients: nil)
        let source = tape.input(Tensor(Array(repeating: 0.5, count: 24), [2, 2, 2, 3], pool: tape.pool))
        weak var storage: Storage?
        let (result, wasHeld) = {
            let x = scaled(source, by: 3)
            storage = x.value.storage
            return (test.operation(x), storage != nil)
        }()
        #expect(wasHeld)
        #expect(storage == nil)
        let gradient = Tensor(result.shape, pool: tape.pool)
        gradient.fill(1)
        tape.backward(from: result, gradient: gradient)
        #expect(tape.gradient(of: source) != nil)
    }
}
