import Autograd
import Kernels
import TestSupport
import Testing

/// The other layers' operations against their formulas in double precision.
@Suite struct LayerContractTests {
    typealias Input = OperationContract.Input

    static let linears = [(1, 1, 1), (3, 7, 5), (2, 17, 16), (5, 64, 33), (0, 3, 2)].flatMap {
        (n, i, o) -> [OperationContract] in
        [
            OperationContract(
                "linear", [Input([n, i]), Input([o, i])], reference: { DoubleReference.linear($0[0], $0[1]) }
            ) {
                linear($0[0], $0[1])
            },
            OperationContract(
                "linear with bias", [Input([n, i]), Input([o, i]), Input([o])],
                reference: { DoubleReference.linear($0[0], $0[1], bias: $0[2]) }
            ) { linear($0[0], $0[1], bias: $0[2]) },
            OperationContract(
                "linear with ReLU", [Input([n, i]), Input([o, i]), Input([o])],
                reference: { DoubleReference.relu(DoubleReference.linear($0[0], $0[1], bias: $0[2])) }
            ) { linear($0[0], $0[1], bias: $0[2], rectify: true) },
        ]
    }

    static let poolings = [
        ([1, 1, 1, 1], DoubleReference.Windows(kernel: 1, stride: 1)), ([2, 9, 8, 3], .init(kernel: 2, stride: 2)),
        ([1, 7, 7, 17], .init(kernel: 3, stride: 2, padding: 1)),
        ([1, 5, 4, 2], .init(kernel: 3, stride: 1, padding: 1)),
        ([1, 8, 8, 2], .init(kernel: 3, stride: 2, ceil: true)),
        ([1, 7, 6, 1], .init(kernel: 2, stride: 2, padding: 1, ceil: true)),
        ([1, 6, 6, 2], .init(kernel: 2, stride: 3)), ([0, 4, 4, 3], .init(kernel: 2, stride: 2)),
        ([2, 4, 4, 6], .init(kernel: 2, stride: 2)), ([2, 5, 7, 8], .init(kernel: 2, stride: 2)),
        ([1, 5, 5, 9], .init(kernel: 2, stride: 3)), ([2, 6, 4, 12], .init(kernel: 3, stride: 3, ceil: true)),
        ([1, 5, 5, 16], .init(kernel: 3, stride: 2)), ([1, 4, 4, 24], .init(kernel: 2, stride: 1, padding: 1)),
        ([1, 3, 5, 31], .init(kernel: 3, stride: 1)),
    ].flatMap { (shape, windows) -> [OperationContract] in
        let attributes = PoolingAttributes(
            kernel: [windows.kernel, windows.kernel], stride: [windows.stride, windows.stride],
            padding: [windows.padding, windows.padding], ceilMode: windows.ceil)
        return [
            OperationContract(
                "maxPool2D \(windows)", [Input(shape, .distinct)],
                reference: { DoubleReference.maxPool($0[0], windows) }
            ) { maxPool2D($0[0], attributes) },
            OperationContract(
                "l2Pool2D \(windows)", [Input(shape)], reference: { DoubleReference.l2Pool($0[0], windows) }
            ) { l2Pool2D($0[0], attributes) },
            OperationContract(
                "stochasticPool2D in evaluation \(windows)", [Input(shape, .away(from: [0]))],
                reference: { DoubleReference.weightedPool($0[0], windows) }
            ) { stochasticPool2D($0[0], attributes, layer: 1, mode: .evaluation) },
        ]
            + [true, false].map { countPadding in
                OperationContract(
                    "averagePool2D \(windows) \(countPadding)", [Input(shape)],
                    reference: { DoubleReference.averagePool($0[0], windows, countPadding: countPadding) }
                ) { averagePool2D($0[0], attributes, countPadding: countPadding) }
            }
    }

    static let globalPoolings = [[1, 1, 1, 1], [2, 7, 5, 17], [3, 4, 4, 16], [2, 5, 3], [0, 2, 2, 3]].map {
        OperationContract("globalAveragePool2D", [Input($0)], reference: { DoubleReference.globalAveragePool($0[0]) }) {
            globalAveragePool2D($0[0])
        }
    }

    static let normalizations = [[4, 3], [5, 17], [2, 3, 5, 16], [1, 2, 2, 33], [70, 2]].flatMap {
        shape -> [OperationContract] in
        let channels = shape.last ?? 0
        let inputs = [Input(shape), Input([channels], .uniform(0.5...2)), Input([channels])]
        var numbers = TestNumbers(seed: 9)
        let (mean, variance) = (numbers.floats(channels), numbers.floats(channels, .uniform(0.5...2)))
        let running = (mean: mean.map(Double.init), variance: variance.map(Double.init))
        return [false, true].flatMap { rectify -> [OperationContract] in
            [
                OperationContract(
                    "batchNormalization in training, rectify \(rectify)", inputs, tolerance: 5e-6,
                    statistics: [mean, variance],
                    reference: {
                        let y = DoubleReference.batchNormalization($0[0], gamma: $0[1], beta: $0[2], epsilon: 1e-3)
                        return rectify ? DoubleReference.relu(y) : y
                    },
                    {
                        batchNormalization(
                            $0[0], gamma: $0[1], beta: $0[2], runningMean: $1[0], runningVariance: $1[1], epsilon: 1e-3,
                            mode: .training(RandomKey(seed: 1)), rectify: rectify)
                    }),
                OperationContract(
                    "batchNormalization in evaluation, rectify \(rectify)", inputs, statistics: [mean, variance],
                    reference: {
                        let y = DoubleReference.batchNormalization(
                            $0[0], gamma: $0[1], beta: $0[2], epsilon: 1e-3, statistics: running)
                        return rectify ? DoubleReference.relu(y) : y
                    },
                    {
                        batchNormalization(
                            $0[0], gamma: $0[1], beta: $0[2], runningMean: $1[0], runningVariance: $1[1], epsilon: 1e-3,
                            mode: .evaluation, rectify: rectify)
                    }),
            ]
        }
    }

    /// Vectors, sequences and images; rows of less than a vector, of whole ones, of whole groups of four and of more.
    static let layerNormalizations = [
        [4, 3], [3, 1], [5, 17], [2, 3, 16], [1, 2, 2, 33], [2, 2, 3, 5], [70, 4], [2, 64], [2, 150], [0, 3],
    ].flatMap { shape -> [OperationContract] in
        let features = shape.last ?? 0
        return [
            OperationContract(
                "layerNormalization", [Input(shape), Input([features], .uniform(0.5...2)), Input([features])],
                tolerance: 5e-6,
                reference: { DoubleReference.layerNormalization($0[0], gamma: $0[1], beta: $0[2], epsilon: 1e-3) }
            ) { layerNormalization($0[0], affine: ($0[1], $0[2]), epsilon: 1e-3) },
            OperationContract(
                "layerNormalization without γ and β", [Input(shape)], tolerance: 5e-6,
                reference: {
                    DoubleReference.layerNormalization(
                        $0[0], gamma: DoubleTensor(repeating: 1, [features]),
                        beta: DoubleTensor(repeating: 0, [features]), epsilon: 1e-3)
                }
            ) { layerNormalization($0[0], epsilon: 1e-3) },
        ]
    }

    static let combinations = [[1], [3, 17], [2, 2, 3, 5], [0, 3]].flatMap { shape -> [OperationContract] in
        let wider = shape.dropLast() + [4]
        return [
            OperationContract("add", [Input(shape), Input(shape)], reference: { DoubleReference.add($0[0], $0[1]) }) {
                add($0[0], $0[1])
            },
            OperationContract(
                "add with ReLU", [Input(shape), Input(shape)],
                reference: { DoubleReference.relu(DoubleReference.add($0[0], $0[1])) }
            ) { add($0[0], $0[1], rectify: true) },
            OperationContract("add to itself", [Input(shape)], reference: { $0[0].map { 2 * $0 } }) {
                add($0[0], $0[0])
            },
            OperationContract("scaled", [Input(shape)], reference: { $0[0].map { -1.5 * $0 } }) {
                scaled($0[0], by: -1.5)
            },
            OperationContract("scaled by 1", [Input(shape)], reference: { $0[0].map { 2 * $0 } }) {
                add(scaled($0[0], by: 1), $0[0])
            },
            OperationContract(
                "concatenate", [Input(shape), Input(Array(wider)), Input(shape)],
                reference: { DoubleReference.concatenate($0) }
            ) { concatenate($0) },
            OperationContract(
                "concatenate with itself", [Input(shape)], reference: { DoubleReference.concatenate([$0[0], $0[0]]) }
            ) { concatenate([$0[0], $0[0]]) },
            OperationContract(
                "flatten", [Input(shape)], reference: { DoubleReference.flatten($0[0]) }
            ) { flatten($0[0]) },
        ]
    }

    @Test(arguments: linears) func linearKeepsItsContract(_ contract: OperationContract) { check(contract) }
    @Test(arguments: poolings) func poolingKeepsItsContract(_ contract: OperationContract) { check(contract) }
    @Test(arguments: globalPoolings) func globalPoolingKeepsItsContract(_ contract: OperationContract) {
        check(contract)
    }
    @Test(arguments: normalizations) func batchNormalizationKeepsItsContract(_ contract: OperationContract) {
        check(contract)
    }
    @Test(arguments: layerNormalizations) func layerNormalizationKeepsItsContract(_ contract: OperationContract) {
        check(contract)
    }
    @Test(arguments: combinations) func combinationKeepsItsContract(_ contract: OperationContract) { check(contract) }

    private func check(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
