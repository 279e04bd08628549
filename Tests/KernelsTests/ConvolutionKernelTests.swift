import Kernels
import TestSupport
import Testing

/// Every convolution algorithm against the direct sum in double precision: the three passes, bias, ReLU and
/// accumulation.
@Suite struct ConvolutionKernelTests {
    typealias Case = ConvolutionCase

    @Test(arguments: Case.winogradCases + Case.manyTiles) func smallFiltersAgreeWithTheDirectSum(_ test: Case) {
        check(test)
    }
    @Test(arguments: Case.fiveByFive) func filtersOfFiveAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: Case.strided) func downsamplingAgreesWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: Case.largeKernels) func largeKernelsAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: Case.groups) func groupsAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: Case.depthwise) func depthwiseAgreesWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: Case.stems) func stemsAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: Case.randomCases) func anyShapeAgreesWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: Case.fewChannels) func fewChannelsAgreeWithTheDirectSum(_ test: Case) { check(test) }

    @Test(arguments: Case.sequences + Case.longSequences) func sequencesAgreeWithTheDirectSum(_ test: Case) {
        check(test)
    }

    /// Else the products of taps would go untested.
    @Test func sequencesAreComputedTapByTap() {
        #expect(
            Case.sequences.contains { $0.algorithm == .taps } && Case.longSequences.contains { $0.algorithm == .taps })
        #expect(Case.longSequences.allSatisfy { Convolution($0.geometry).isByTaps })
    }

    /// Else a length of the transform would go untested.
    @Test func largeKernelsMeetEveryTile() {
        let tiles = Case.largeKernels.map { FFTConvolution($0.geometry) }
        #expect(Set(tiles.map(\.tileHeight)) == [8, 12, 16, 20, 24, 32])
        #expect(Set(tiles.map(\.tileWidth)) == [8, 12, 16, 20, 24, 32])
    }

    private func check(_ test: Case) {
        let g = test.geometry
        var numbers = TestNumbers(seed: 7)
        let (x, w) = (numbers.floats(g.inputCount), numbers.floats(g.filterCount))
        let (bias, dy) = (numbers.floats(g.outputChannels), numbers.floats(g.outputCount))
        let (xs, ws) = (DoubleTensor(x, test.x), DoubleTensor(w, test.w))
        let stride = [g.strideHeight, g.strideWidth]
        let dilation = [g.dilationHeight, g.dilationWidth]
        let y = DoubleReference.convolution(
            xs, ws, bias: DoubleTensor(bias, [g.outputChannels]), stride: stride, padding: test.padding,
            dilation: dilation,
            groups: g.groups)
        let gradients = DoubleReference.convolutionGradients(
            xs, ws, DoubleTensor(dy, test.y), stride: stride, padding: test.padding, dilation: dilation,
            groups: g.groups)
        let run = ConvolutionRun(test.geometry, test.algorithm, x: x, w: w)

        #expect(y.shape == test.y)
        let plain = run.forward(bias: bias, rectify: false)
        #expect(relativeError(plain, y.values) < test.tolerance, "forward")
        // Fusing the activation changes no bit.
        #expect(run.forward(bias: bias, rectify: true) == plain.map { $0 < 0 ? 0 : $0 }, "forward with ReLU")
        let unbiased = run.forward(bias: nil, rectify: false)
        #expect(run.forward(bias: nil, rectify: true) == unbiased.map { $0 < 0 ? 0 : $0 }, "forward with ReLU, no bias")

        let both = run.gradients(
            dy, data: [Float](repeating: .nan, count: x.count), filter: [Float](repeating: .nan, count: w.count))
        #expect(relativeError(both.data, gradients.data.values) < test.tolerance, "data gradient")
        #expect(relativeError(both.filter, gradients.filters.values) < test.tolerance, "filter gradient")
        #expect(
            run.gradients(dy, data: [Float](repeating: .nan, count: x.count), filter: nil).data == both.data,
            "data gradient alone")
        #expect(
            run.gradients(dy, data: nil, filter: [Float](repeating: .nan, count: w.count)).filter == both.filter,
            "filter gradient alone")

        // Added to what is there: gradients of order 1, so that the tolerance is not met by what was there alone.
        let added = run.gradients(dy, data: x, filter: w, accumulate: true)
        let dataSum = zip(gradients.data.values, x).map { $0 + Double($1) }
        let filterSum = zip(gradients.filters.values, w).map { $0 + Double($1) }
        #expect(relativeError(added.data, dataSum) < test.tolerance, "accumulated data gradient")
        #expect(relativeError(added.filter, filterSum) < test.tolerance, "accumulated filter gradient")
    }
}
