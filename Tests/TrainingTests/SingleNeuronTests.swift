import Autograd
import DataPipeline
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// What one neuron learns of the functions of two truth values: the history's first lesson (Minsky and Papert 1969).
@Suite struct SingleNeuronTests {
    /// w₁ x + w₂ y + b over the four cases of a function.
    private struct Neuron {
        private let network: Network
        private let objective: any Objective
        private let cases: any Dataset
        private let values: FlatBuffer
        private let gradients: FlatBuffer
        private let places: [Int]

        init(_ loss: any Loss, _ function: TruthTable.Function, from weights: [Float]) throws {
            let network = try TestSupport.network([.named("output", .linear(units: 1))], input: [2])
            cases = TruthTable(function: function).open(.train, path: nil, imports: [:])
            let values = FlatBuffer(count: network.layout.count)
            values.pointer.update(repeating: 0, count: values.count)
            gradients = FlatBuffer(count: Tape(layout: network.layout, values: values).wholeVector.count)
            func start(_ suffix: String) -> Int {
                network.layout.parameters.first { $0.name.hasSuffix(suffix) }.map { network.layout.offsets[$0.index] }
                    ?? 0
            }
            let places = [start("weight"), start("weight") + 1, start("bias")]
            for (place, weight) in zip(places, weights) { values.pointer[place] = weight }
            self.network = network
            self.values = values
            self.places = places
            objective = try network.objective(loss, metrics: [], like: FieldBatch([0, 0], [2], .classes([0], of: 2)))
        }

        var weights: [Float] { places.map { values.pointer[$0] } }

        func sample(_ index: Int) -> (x: [Float], label: Int32) {
            var point: [Float] = [0, 0]
            var label: [Int32] = [0]
            point.withUnsafeMutableBufferPointer { try? cases.read(index, field: 0, into: $0) }
            label.withUnsafeMutableBufferPointer { try? cases.readIntegers(index, field: 1, into: $0) }
            return (point, label[0])
        }

        /// A step of gradient descent by the mean over some cases.
        func step(_ indices: [Int], rate: Float) {
            let samples = indices.map(sample)
            let batch = FieldBatch(samples.flatMap(\.x), [2], .classes(samples.map(\.label), of: 2))
            let tape = Tape(layout: network.layout, values: values)
            tape.begin(gradients: gradients.pointer)
            let key = RandomKey(seed: 1)
            let result = objective(GrainContext(batch, on: tape, mode: .training(key), key: key))
            if let loss = result.loss { tape.backward(from: loss) }
            for place in places { values.pointer[place] -= rate * gradients.pointer[place] / Float(indices.count) }
        }

        func output(_ index: Int) -> Float {
            let x = sample(index).x
            return weights[0] * x[0] + weights[1] * x[1] + weights[2]
        }

        var isRight: Bool { (0..<4).allSatisfy { (output($0) > 0 ? 1 : 0) == sample($0).label } }
    }

    private static let separable: [TruthTable.Function] = [.and, .or, .nand, .nor]
    private static let starts: [[Float]] = [[0, 0, 0], [0.75, -1.25, 0.5], [-3, 2, 4]]

    @Test(arguments: TruthTable.Function.allCases)
    func `a step of the perceptron is Rosenblatt's, from zero weights, too`(function: TruthTable.Function) throws {
        for start in Self.starts {
            let neuron = try Neuron(PerceptronLoss(), function, from: start)
            var expected = start
            for index in [3, 0, 1, 2, 2, 1, 0, 3, 3, 1] {
                let (x, label) = neuron.sample(index)
                let y: Float = expected[0] * x[0] + expected[1] * x[1] + expected[2] > 0 ? 1 : 0
                let change = 0.5 * (Float(label) - y)
                expected = [expected[0] + change * x[0], expected[1] + change * x[1], expected[2] + change]
                neuron.step([index], rate: 0.5)
                #expect(neuron.weights == expected)
            }
        }
    }

    @Test(arguments: separable)
    func `the perceptron ends on what a line separates`(function: TruthTable.Function) throws {
        for start in Self.starts {
            let neuron = try Neuron(PerceptronLoss(), function, from: start)
            for _ in 0..<30 { for index in 0..<4 { neuron.step([index], rate: 1) } }
            #expect(neuron.isRight, "\(function) from \(start): \(neuron.weights)")
            let end = neuron.weights
            for index in 0..<4 { neuron.step([index], rate: 1) }
            #expect(neuron.weights == end)
        }
    }

    /// Some answer is wrong in every round, because no weights answer all four; weights stay bounded (Minsky and
    /// Papert).
    @Test func `on exclusive or the perceptron never ends`() throws {
        let neuron = try Neuron(PerceptronLoss(), .xor, from: [0.75, -1.25, 0.5])
        for round in 0..<500 {
            var changes = 0
            for index in 0..<4 {
                let before = neuron.weights
                neuron.step([index], rate: 1)
                if neuron.weights != before { changes += 1 }
            }
            #expect(changes > 0 && !neuron.isRight, "round \(round)")
            #expect(neuron.weights.allSatisfy { abs($0) < 8 })
        }
    }

    /// On all four cases at once ADALINE comes to the least squares: x + y − 1.5 for and, x + y − 0.5 for or, and for
    /// exclusive or the constant 0, which is as far from 1 as from −1.
    @Test(
        arguments: [
            (.and, [1, 1, -1.5]), (.or, [1, 1, -0.5]), (.nand, [-1, -1, 1.5]), (.xor, [0, 0, 0]),
        ] as [(TruthTable.Function, [Float])])
    func `ADALINE comes to the least squares`(function: TruthTable.Function, solution: [Float]) throws {
        for start in Self.starts {
            let neuron = try Neuron(AdalineLoss(), function, from: start)
            for _ in 0..<600 { neuron.step([0, 1, 2, 3], rate: 0.5) }
            for (weight, expected) in zip(neuron.weights, solution) {
                #expect(abs(weight - expected) < 1e-4, "\(function) from \(start): \(neuron.weights)")
            }
            if function != .xor { #expect(neuron.isRight) }
        }
    }

    @Test func `a step of ADALINE is that of Widrow and Hoff`() throws {
        let neuron = try Neuron(AdalineLoss(), .or, from: [0.5, -0.25, 1])
        neuron.step([2], rate: 0.5)
        // The output for (0, 1) is 0.75, the target 1.
        #expect(neuron.weights == [0.5, -0.125, 1.125])
    }
}
