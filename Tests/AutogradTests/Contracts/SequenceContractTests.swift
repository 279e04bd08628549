import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// Operations on sequences [N, T, …], tables and orders of values, against their formulas in double precision.
@Suite struct SequenceContractTests {
    typealias Input = OperationContract.Input

    static let linears = [([1, 1, 1], 1), ([3, 5, 7], 4), ([2, 3, 17], 16), ([0, 4, 3], 2), ([2, 0, 3], 2)].map {
        shape, outputs in
        OperationContract(
            "linear over time", [Input(shape), Input([outputs, shape[2]]), Input([outputs])],
            reference: { DoubleReference.linearOverTime($0[0], $0[1], bias: $0[2]) }
        ) { linear($0[0], $0[1], bias: $0[2]) }
    }

    /// Images and volumes whose positions and channels fill blocks of 16, or not.
    static let orders = [
        [1, 1, 1, 1], [2, 3, 5, 7], [3, 4, 4, 16], [2, 5, 5, 33], [1, 1, 1, 9], [2, 3, 3, 1], [2, 2, 3, 2, 17],
        [0, 2, 2, 3], [2, 3, 4], [3, 5],
    ].flatMap { shape -> [OperationContract] in
        let size = shape.dropFirst().reduce(1, *)
        let inverse = OperationContract(
            "unflatten to \(shape)", [Input([shape[0], size])],
            reference: { unflattened($0[0], shape) }, { unflatten($0[0], into: Shape(shape.dropFirst())) })
        let forward = OperationContract(
            "flatten", [Input(shape)], reference: { DoubleReference.flatten($0[0]) }, { flatten($0[0]) })
        return [forward, inverse]
    }

    /// Searches the flattened order of an image whose values count up.
    private static func unflattened(_ x: DoubleTensor, _ shape: [Int]) -> DoubleTensor {
        let count = shape.reduce(1, *)
        let order = DoubleReference.flatten(DoubleTensor((0..<count).map(Double.init), shape))
        var y = DoubleTensor(repeating: 0, shape)
        for (place, index) in order.values.enumerated() { y.values[Int(index)] = x.values[place] }
        return y
    }

    static let slices = [
        ([2, 5, 3], 1..<4), ([3, 4, 2, 2], 0..<1), ([1, 6], 2..<6), ([2, 3, 4], 3..<3), ([0, 3, 2], 0..<2),
    ]
    .map { shape, range in
        OperationContract(
            "slice \(range)", [Input(shape)], reference: { sliced($0[0], range) }, { slice($0[0], range) })
    }

    static let steps = [([2, 5, 3], 4), ([1, 1, 7], 0), ([3, 2], 1)].map { shape, step in
        OperationContract(
            "slice of step \(step)", [Input(shape)],
            reference: {
                DoubleTensor(sliced($0[0], step..<step + 1).values, [shape[0]] + shape.dropFirst(2))
            }, { slice($0[0], step: step) })
    }

    private static func sliced(_ x: DoubleTensor, _ range: Range<Int>) -> DoubleTensor {
        let size = x.shape.dropFirst(2).reduce(1, *)
        let values = (0..<x.shape[0]).flatMap { n in
            range.flatMap { t in (0..<size).map { x.values[(n * x.shape[1] + t) * size + $0] } }
        }
        return DoubleTensor(values, [x.shape[0], range.count] + x.shape.dropFirst(2))
    }

    static let stacks = [[2, 3], [1, 17], [3], [0, 2]].map { shape in
        OperationContract(
            "stack", [Input(shape), Input(shape), Input(shape)],
            reference: { parts in
                let size = shape.dropFirst().reduce(1, *)
                let values = (0..<shape[0]).flatMap { n in
                    parts.flatMap { $0.values[n * size..<(n + 1) * size] }
                }
                return DoubleTensor(values, [shape[0], 3] + shape.dropFirst())
            }, { stack($0) })
    }

    static let tables = [(1, 1, [1]), (5, 3, [2, 4]), (7, 17, [3, 2, 2]), (3, 2, [0, 4])].map { rows, size, shape in
        var numbers = TestNumbers(seed: 6)
        let count = shape.reduce(1, *)
        let indices = (0..<count).map { _ in Float(numbers.integer(below: rows)) }
        return OperationContract(
            "embedding of \(shape)", [Input([rows, size])],
            reference: { table in
                let values = indices.flatMap { table[0].values[Int($0) * size..<(Int($0) + 1) * size] }
                return DoubleTensor(values, shape + [size])
            },
            {
                let pool = StoragePool()
                return embedding($0[0].tape.constant(Tensor(indices, Shape(shape), pool: pool)), $0[0])
            })
    }

    static let arithmetic = [[1], [3, 17], [2, 2, 3, 5], [0, 3], [1500]].flatMap { shape -> [OperationContract] in
        [
            OperationContract(
                "multiply", [Input(shape), Input(shape)],
                reference: { DoubleTensor(zip($0[0].values, $0[1].values).map { $0 * $1 }, shape) }
            ) { multiply($0[0], $0[1]) },
            OperationContract("square", [Input(shape)], reference: { $0[0].map { $0 * $0 } }) {
                multiply($0[0], $0[0])
            },
            OperationContract(
                "sum", [Input(shape, .uniform(0...1))],
                reference: { DoubleTensor([$0[0].values.reduce(0, +)], []) }
            ) { sum($0[0]) },
            OperationContract(
                "mean", [Input(shape, .uniform(0...1))],
                reference: { DoubleTensor([$0[0].values.reduce(0, +) / Double(max($0[0].count, 1))], []) }
            ) { mean($0[0]) },
        ]
    }

    @Test(arguments: linears + orders + slices + steps) func readsItsContract(_ contract: OperationContract) {
        check(contract)
    }
    @Test(arguments: stacks + tables + arithmetic) func joinsByItsContract(_ contract: OperationContract) {
        check(contract)
    }

    private func check(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }

    @Test func oneHotIsOneAtItsIndex() {
        let tape = Tape.withoutParameters()
        tape.pool.poison()
        tape.begin(gradients: nil)
        let y = oneHot(tape.constant(Tensor([2, 0], [1, 2], pool: tape.pool)), classes: 3)
        #expect(y.shape == [1, 2, 3] && !y.needsGradient)
        #expect(y.value.values == [0, 0, 1, 1, 0, 0])
    }

    /// One step of a sequence is a sequence; an image of one pixel is a vector.
    @Test func linearKeepsTheTimeAxis() {
        let tape = Tape.withoutParameters()
        tape.begin(gradients: nil)
        let weight = tape.constant(Tensor([1, 2], [1, 2], pool: tape.pool))
        let step = tape.constant(Tensor([3, 4], [1, 1, 2], pool: tape.pool))
        let pixel = tape.constant(Tensor([3, 4], [1, 1, 1, 2], pool: tape.pool))
        #expect(linear(step, weight).shape == [1, 1, 1] && linear(pixel, weight).shape == [1, 1])
    }
}
