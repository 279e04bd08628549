import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// Convolutions over sequences and transposed ones of random shapes, with every algorithm that computes them, and what
/// is done to images and filters before a convolution: against their formulas in double precision.
@Suite struct ConvolutionFamilyContractTests {
    typealias Input = OperationContract.Input

    /// Winograd's F(4, 3) and F(4, 5) multiply the rounding by the norms of their transforms.
    private static func tolerance(_ algorithm: ConvolutionAlgorithm, kernel: Int) -> Double {
        guard algorithm == .winograd(tileOutputs: 4) else { return 3e-6 }
        return kernel == 5 ? 4e-5 : 2e-5
    }

    // MARK: - Sequences

    static let sequences = {
        var numbers = TestNumbers(seed: 31)
        func draw(_ choices: Int) -> Int { numbers.integer(below: choices) }
        return (0..<40).flatMap { index -> [OperationContract] in
            let groups = [1, 1, 1, 2, 3][draw(5)]
            let (channels, outputs) = (groups * (1 + draw(5)), groups * (1 + draw(5)))
            let (taps, stride, dilation) = (1 + draw(4), 1 + draw(3), 1 + draw(4))
            let isCausal = draw(3) == 0
            let before = isCausal ? dilation * (taps - 1) : draw(4)
            let behind = isCausal ? 0 : draw(4)
            let steps = max(1 + draw(12), dilation * (taps - 1) + 1 - before - behind)
            let inputs = [Input([draw(3), steps, channels]), Input([outputs, 1, taps, channels / groups])]
            let hasBias = index % 2 == 0
            var attributes = ConvolutionAttributes(
                stride: [1, stride], padding: [0, 0, before, behind], dilation: [1, dilation], groups: groups)
            let geometry = attributes.geometry(
                input: [1, 1, steps, channels], filters: [outputs, 1, taps, channels / groups])
            return Convolution.algorithms(for: geometry).map { algorithm in
                attributes.algorithm = algorithm
                let forced = attributes
                return OperationContract(
                    "convolution1D \(forced)", inputs + (hasBias ? [Input([outputs])] : []), tolerance: 3e-6,
                    reference: {
                        DoubleReference.convolution1D(
                            $0[0], $0[1], bias: hasBias ? $0[2] : nil, stride: stride, before: before, behind: behind,
                            dilation: dilation, groups: groups)
                    }, { convolution1D($0[0], $0[1], bias: hasBias ? $0[2] : nil, forced) })
            }
        }
    }()

    // MARK: - Transposed

    private struct Transposed {
        var input: [Int]
        var filters: [Int]
        var stride = [1, 1]
        var padding = [0, 0, 0, 0]
        var outputPadding = [0, 0]
        var dilation = [1, 1]
        var groups = 1
        var rectify = false

        /// Contracts with each algorithm.
        var contracts: [OperationContract] {
            var attributes = ConvolutionAttributes(
                stride: stride, padding: padding, dilation: dilation, groups: groups)
            let geometry = attributes.transposedGeometry(
                input: Shape(input), filters: Shape(filters), outputPadding: outputPadding)
            let outputs = filters[3] * groups
            return Convolution.algorithms(for: geometry).map { [self] algorithm in
                attributes.algorithm = algorithm
                let forced = attributes
                return OperationContract(
                    "convolutionTranspose2D \(forced) \(outputPadding)",
                    [Input(input), Input(filters)] + (rectify ? [] : [Input([outputs])]),
                    tolerance: tolerance(algorithm, kernel: filters[1]),
                    reference: {
                        let y = DoubleReference.convolutionTranspose(
                            $0[0], $0[1], bias: rectify ? nil : $0[2], stride: stride, padding: padding,
                            outputPadding: outputPadding, dilation: dilation, groups: groups)
                        return rectify ? DoubleReference.relu(y) : y
                    },
                    {
                        convolutionTranspose2D(
                            $0[0], $0[1], bias: rectify ? nil : $0[2], forced, outputPadding: outputPadding,
                            rectify: rectify)
                    })
            }
        }
    }

    static let transposed: [OperationContract] = {
        var numbers = TestNumbers(seed: 32)
        func draw(_ choices: Int) -> Int { numbers.integer(below: choices) }
        var cases: [Transposed] = []
        while cases.count < 40 {
            let groups = [1, 1, 1, 2, 3][draw(5)]
            let stride = [1 + draw(3), 1 + draw(3)]
            let test = Transposed(
                input: [draw(3), 1 + draw(4), 1 + draw(4), groups * (1 + draw(4))],
                filters: [0, 1 + draw(4), 1 + draw(4), 1 + draw(4)],
                stride: stride, padding: [draw(3), draw(3), draw(3), draw(3)],
                outputPadding: stride.map { draw($0) }, dilation: [1 + draw(3), 1 + draw(3)], groups: groups)
            cases.append(test)
            cases[cases.count - 1].filters[0] = test.input[3]
            let geometry = ConvolutionAttributes(
                stride: test.stride, padding: test.padding, dilation: test.dilation, groups: groups
            ).transposedGeometry(
                input: Shape(test.input), filters: Shape(cases[cases.count - 1].filters),
                outputPadding: test.outputPadding)
            if geometry.inputHeight < 1 || geometry.inputWidth < 1 { cases.removeLast() }
        }
        // Winograd's, Fourier tiles, depthwise, groups in a vector; with ReLU.
        cases += [
            Transposed(input: [1, 5, 4, 16], filters: [16, 3, 3, 16], padding: [1, 1, 1, 1]),
            Transposed(
                input: [1, 3, 4, 16], filters: [16, 3, 3, 16], stride: [2, 2], padding: [1, 1, 1, 1],
                outputPadding: [1, 1]),
            Transposed(input: [1, 4, 3, 16], filters: [16, 5, 5, 16], padding: [2, 2, 2, 2]),
            Transposed(input: [1, 4, 5, 16], filters: [16, 7, 7, 16], padding: [3, 3, 3, 3]),
            Transposed(
                input: [2, 3, 4, 6], filters: [6, 4, 4, 1], stride: [2, 2], padding: [1, 1, 1, 1], groups: 6),
            Transposed(input: [1, 4, 4, 16], filters: [16, 3, 3, 4], padding: [1, 1, 1, 1], groups: 4),
            Transposed(
                input: [2, 3, 3, 3], filters: [3, 4, 4, 5], stride: [2, 2], padding: [1, 1, 1, 1], rectify: true),
        ]
        return cases.flatMap(\.contracts)
    }()

    // MARK: - Without shared weights

    static let locals: [OperationContract] = {
        var numbers = TestNumbers(seed: 33)
        func draw(_ choices: Int) -> Int { numbers.integer(below: choices) }
        var contracts: [OperationContract] = []
        while contracts.count < 25 {
            let groups = [1, 1, 2, 3][draw(4)]
            let (channels, outputs) = (groups * (1 + draw(3)), groups * (1 + draw(3)))
            let attributes = ConvolutionAttributes(
                stride: [1 + draw(2), 1 + draw(3)], padding: [draw(3), draw(2), draw(2), draw(3)],
                dilation: [1 + draw(2), 1 + draw(2)], groups: groups)
            let input = [draw(4), 1 + draw(5), 1 + draw(5), channels]
            let filter = [1 + draw(3), 1 + draw(3), channels / groups]
            let g = attributes.geometry(input: Shape(input), filters: Shape([outputs] + filter))
            let positions = g.outputHeight * g.outputWidth
            guard positions > 0, positions * outputs * filter.reduce(1, *) < 1500 else { continue }
            let hasBias = contracts.count % 2 == 0
            contracts.append(
                OperationContract(
                    "localConvolution2D \(attributes)",
                    [Input(input), Input([positions * outputs] + filter)]
                        + (hasBias ? [Input([positions * outputs])] : []),
                    reference: {
                        DoubleReference.localConvolution(
                            $0[0], $0[1], bias: hasBias ? $0[2] : nil, outputs: outputs, stride: attributes.stride,
                            padding: attributes.padding, dilation: attributes.dilation, groups: groups)
                    }, { localConvolution2D($0[0], $0[1], bias: hasBias ? $0[2] : nil, attributes) }))
        }
        return contracts
    }()

    // MARK: - Images and filters

    static let upsamplings = [
        ([2, 3, 4, 5], [2, 3]), ([1, 1, 3, 17], [4, 1]), ([1, 5, 1, 1], [1, 2]), ([0, 2, 2, 3], [2, 2]),
    ]
    .flatMap { shape, factor in
        Interpolation.allCases.map { interpolation in
            OperationContract(
                "upsample2D \(factor) \(interpolation)", [Input(shape)],
                reference: { DoubleReference.upsample($0[0], factor: factor, isBilinear: interpolation == .bilinear) },
                { upsample2D($0[0], factor: factor, interpolation) })
        }
    }

    static let others: [OperationContract] =
        [
            OperationContract(
                "flipped", [Input([3, 4, 3, 5])], reference: { DoubleReference.flipped($0[0]) }, { flipped($0[0]) })
        ]
        + [[1, 1, 1, 1], [0, 2, 3, 1], [4, 0, 0, 9], [0, 0, 0, 0]].map { padding in
            OperationContract(
                "padCircular2D \(padding)", [Input([2, 3, 4, 5])],
                reference: { DoubleReference.padCircular($0[0], padding) }, { padCircular2D($0[0], padding) })
        }
        + [[[0, 1], [2], [3, 0, 1]], [[3, 2, 1, 0]]].map { inputs in
            OperationContract(
                "connectedFilters \(inputs)", [Input([inputs.joined().count, 3, 2])],
                reference: { DoubleReference.connectedFilters($0[0], inputs, channels: 4) },
                { connectedFilters($0[0], ConnectionTable(inputs: inputs, inputChannels: 4)) })
        }

    /// Filters in all positions of a group, over an image and over the group, and convolutions with them.
    static let groups: [OperationContract] =
        SymmetryGroup.allCases.flatMap { group in
            [(1, 1), (1, 4), (group.order, 2), (group.order, 3)].flatMap { elements, side -> [OperationContract] in
                let filters = Input([2, side, side, elements * 3])
                return [
                    OperationContract(
                        "groupFilters \(group) \(elements)", [filters],
                        reference: { DoubleReference.groupFilters($0[0], order: group.order, elements: elements) },
                        { groupFilters($0[0], group, inputElements: elements) }),
                    OperationContract(
                        "a convolution over \(group) \(elements)",
                        [Input([2, 4, 4, elements * 3]), filters, Input([2])], tolerance: 3e-6,
                        reference: {
                            DoubleReference.convolution(
                                $0[0], DoubleReference.groupFilters($0[1], order: group.order, elements: elements),
                                bias: DoubleTensor(
                                    Array(Array(repeating: $0[2].values, count: group.order).joined()),
                                    [2 * group.order]))
                        },
                        {
                            convolution2D(
                                $0[0], groupFilters($0[1], group, inputElements: elements),
                                bias: repeated($0[2], times: group.order), ConvolutionAttributes())
                        }),
                ]
            }
        }

    @Test(arguments: groups) func groupsKeepTheirContract(_ contract: OperationContract) { check(contract) }
    @Test(arguments: sequences) func sequencesKeepTheirContract(_ contract: OperationContract) { check(contract) }
    @Test(arguments: transposed) func transposedOnesKeepTheirContract(_ contract: OperationContract) { check(contract) }
    @Test(arguments: locals + upsamplings + others) func theRestKeepsItsContract(_ contract: OperationContract) {
        check(contract)
    }

    private func check(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }
}
