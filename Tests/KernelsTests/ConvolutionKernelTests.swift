import Kernels
import TestSupport
import Testing

/// Every convolution algorithm against the direct sum in double precision: the three passes, bias, ReLU and
/// accumulation.
@Suite struct ConvolutionKernelTests {
    /// A convolution's shape; its kernel, stride and so on are those of the geometry.
    struct Case: Sendable, CustomStringConvertible {
        var geometry: ConvolutionGeometry
        var algorithm: ConvolutionAlgorithm

        var description: String {
            let g = geometry
            return "\(algorithm) \(g.batch)×\(g.inputHeight)×\(g.inputWidth)×\(g.inputChannels) → \(g.outputChannels), "
                + "kernel \(g.kernelHeight)×\(g.kernelWidth), stride \(g.strideHeight)×\(g.strideWidth), "
                + "padding \(padding), dilation \(g.dilationHeight)×\(g.dilationWidth), groups \(g.groups)"
        }

        var padding: [Int] {
            [geometry.paddingTop, geometry.paddingBottom, geometry.paddingLeft, geometry.paddingRight]
        }
        var x: [Int] { [geometry.batch, geometry.inputHeight, geometry.inputWidth, geometry.inputChannels] }
        var w: [Int] {
            [geometry.outputChannels, geometry.kernelHeight, geometry.kernelWidth, geometry.groupInputChannels]
        }
        var y: [Int] { [geometry.batch, geometry.outputHeight, geometry.outputWidth, geometry.outputChannels] }
        /// Winograd F(4, 3) loses a digit against the direct sum, F(2, 3) little; F(4, 5) has two points more than F(4,
        /// 3).
        var tolerance: Double {
            if algorithm != .winograd(tileOutputs: 4) { return 3e-6 }
            return geometry.kernelHeight == 5 ? 4e-5 : 2e-5
        }
    }

    /// 3×3 convolutions of images from 1×1 to 13×9, with many paddings, 16 to 64 channels.
    static let winogradCases = [
        (1, 1), (1, 5), (2, 2), (3, 4), (4, 4), (5, 3), (7, 7), (8, 6), (13, 7), (9, 12), (6, 13),
    ].enumerated().flatMap { index, size -> [Case] in
        let paddings = [
            [1, 1, 1, 1], [0, 0, 0, 0], [2, 2, 2, 2], [0, 1, 2, 0], [2, 0, 1, 2], [1, 2, 0, 1], [1, 3, 1, 0],
        ]
        let channels = [(16, 16), (32, 16), (16, 48), (64, 32)]
        return paddings.enumerated().flatMap { place, padding -> [Case] in
            let (c, o) = channels[(index + place) % channels.count]
            var g = ConvolutionGeometry(
                batch: 1 + (index + place) % 3, inputHeight: size.0, inputWidth: size.1, inputChannels: c,
                outputChannels: o,
                kernelHeight: 3, kernelWidth: 3)
            (g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) = (
                padding[0], padding[1], padding[2], padding[3]
            )
            guard g.outputHeight > 0 && g.outputWidth > 0 else { return [] }
            return Convolution.algorithms(for: g).map { Case(geometry: g, algorithm: $0) }
        }
    }

    /// The same images and paddings at stride 2, and more tiles than a block of 64 holds.
    static let strided =
        (winogradCases.filter { $0.algorithm == .im2col }.map(\.geometry)
        + manyTiles.filter { $0.algorithm == .im2col }.map(\.geometry)).flatMap { shape -> [Case] in
            var g = shape
            (g.strideHeight, g.strideWidth) = (2, 2)
            return Convolution.algorithms(for: g).map { Case(geometry: g, algorithm: $0) }
        }

    /// 5×5 filters on the same images, with paddings up to 4, and more tiles than a block of 128 holds.
    static let fiveByFive = winogradCases.filter { $0.algorithm == .im2col }.map(\.geometry).enumerated().flatMap {
        index, shape -> [Case] in
        var g = shape
        (g.kernelHeight, g.kernelWidth) = (5, 5)
        g.paddingTop += index % 3
        g.paddingLeft += (index + 1) % 3
        if index == 0 { (g.batch, g.inputHeight, g.inputWidth) = (2, 37, 34) }
        return g.outputPixels == 0 ? [] : Convolution.algorithms(for: g).map { Case(geometry: g, algorithm: $0) }
    }

    /// More tiles than a block of 64 or 128 holds, for both block sizes.
    static let manyTiles = [(3, 26, 22, 16, 16), (4, 24, 23, 160, 16), (2, 9, 7, 288, 80), (1, 4, 3, 368, 368)].flatMap
    { n, h, w, c, o -> [Case] in
        var g = ConvolutionGeometry(
            batch: n, inputHeight: h, inputWidth: w, inputChannels: c, outputChannels: o, kernelHeight: 3,
            kernelWidth: 3)
        (g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) = (1, 1, 1, 1)
        return Convolution.algorithms(for: g).map { Case(geometry: g, algorithm: $0) }
    }

    /// Shapes drawn at random: any kernel, stride, padding, dilation and groups.
    static let randomCases = cases(150, seed: 11) { g, numbers in
        g.groups = [1, 1, 1, 2, 3][numbers.integer(below: 5)]
        g.inputChannels = g.groups * (1 + numbers.integer(below: 6))
        g.outputChannels = g.groups * (1 + numbers.integer(below: 6))
        (g.strideHeight, g.strideWidth) = (1 + numbers.integer(below: 3), 1 + numbers.integer(below: 3))
        (g.dilationHeight, g.dilationWidth) = (1 + numbers.integer(below: 3), 1 + numbers.integer(below: 3))
    }

    /// Stride 1 and few channels, which the direct algorithm computes: output channels below, at and above whole
    /// vectors.
    static let fewChannels = cases(150, seed: 12) { g, numbers in
        g.inputChannels = 1 + numbers.integer(below: 12)
        g.outputChannels = 1 + numbers.integer(below: 34)
    }

    /// A filter for each channel: channels below, at and above whole vectors, any stride and dilation.
    static let depthwise = cases(60, seed: 13) { g, numbers in
        g.groups = 2 + numbers.integer(below: 39)
        (g.inputChannels, g.outputChannels) = (g.groups, g.groups)
        (g.strideHeight, g.strideWidth) = (1 + numbers.integer(below: 3), 1 + numbers.integer(below: 3))
        (g.dilationHeight, g.dilationWidth) = (1 + numbers.integer(below: 2), 1 + numbers.integer(below: 2))
    }

    /// Few filters of few values over enough pixels for several blocks of the matrix product: RGB stems, and around the
    /// limit of a thin one.
    static let stems = [
        (3, 64, 3, 1, 40), (3, 64, 7, 2, 60), (3, 16, 11, 4, 70), (2, 80, 5, 2, 41), (3, 152, 3, 1, 30),
    ].flatMap {
        c, o, kernel, stride, size -> [Case] in
        var g = ConvolutionGeometry(
            batch: 2, inputHeight: size, inputWidth: size + 3, inputChannels: c, outputChannels: o,
            kernelHeight: kernel, kernelWidth: kernel)
        (g.strideHeight, g.strideWidth) = (stride, stride)
        (g.paddingTop, g.paddingLeft, g.paddingRight) = (kernel / 2, kernel / 2, 1)
        return Convolution.algorithms(for: g).map { Case(geometry: g, algorithm: $0) }
    }

    /// Kernels for Fourier tiles of every size, with asymmetric paddings, some beyond the kernel, images smaller than
    /// it, and more tiles than a block of 64 holds.
    static let largeKernels: [Case] = {
        let kernels = [(5, 5), (7, 7), (11, 11), (7, 5), (4, 9), (5, 11), (6, 4), (8, 8)]
        let images = [(9, 13), (3, 20), (16, 7), (1, 1), (21, 22), (30, 11)]
        let channels = [(16, 16), (48, 16), (32, 64), (16, 80)]
        var shapes = kernels.enumerated().flatMap { row, kernel in
            images.enumerated().map { column, image -> ConvolutionGeometry in
                var g = ConvolutionGeometry(
                    batch: 1 + (row + column) % 3, inputHeight: image.0, inputWidth: image.1,
                    inputChannels: channels[(row + column) % 4].0,
                    outputChannels: channels[(row + column) % 4].1, kernelHeight: kernel.0, kernelWidth: kernel.1)
                (g.paddingTop, g.paddingBottom) = (kernel.0 / 2 + column % 2, (kernel.0 - 1) / 2 + row % 2 * 6)
                (g.paddingLeft, g.paddingRight) = (kernel.1 / 2 - row % 2, kernel.1 / 2 + column % 3)
                return g
            }
        }
        for (height, width, kernelHeight, kernelWidth, batch) in [
            (8, 54, 4, 11, 12), (54, 8, 11, 4, 12), (38, 8, 11, 4, 12), (40, 40, 4, 5, 2), (10, 11, 4, 4, 40),
        ] {
            shapes.append(
                ConvolutionGeometry(
                    batch: batch, inputHeight: height, inputWidth: width, inputChannels: 16, outputChannels: 16,
                    kernelHeight: kernelHeight,
                    kernelWidth: kernelWidth))
        }
        return shapes.filter { $0.outputPixels > 0 && FFTConvolution.supports($0) }.map {
            Case(geometry: $0, algorithm: .fft)
        }
    }()

    /// Groups of 2, 4, 8 and 16 channels, which fill vectors, and of 32 and 48, which are convolved one by one: every
    /// block of outputs, strides, dilations, paddings beyond the kernel.
    static let groups = cases(120, seed: 14) { g, numbers in
        let channels = [2, 4, 8, 16, 16, 32, 48][numbers.integer(below: 7)]
        g.groups = max(2, (1 + numbers.integer(below: 3)) * 16 / channels)
        g.inputChannels = g.groups * channels
        g.outputChannels = channels < 32 ? g.inputChannels : g.groups * 16 * (1 + numbers.integer(below: 3))
        g.inputWidth += numbers.integer(below: 20)
        let stride = 1 + numbers.integer(below: 4) / 2
        (g.strideHeight, g.strideWidth) = (stride, numbers.integer(below: 5) == 0 ? 3 - stride : stride)
        if numbers.integer(below: 4) == 0 { (g.dilationHeight, g.dilationWidth) = (2, 1 + numbers.integer(below: 2)) }
        if numbers.integer(below: 2) == 0 { (g.kernelHeight, g.kernelWidth) = (3, 3) }
    }

    private static func cases(
        _ count: Int, seed: UInt64, _ vary: (inout ConvolutionGeometry, inout TestNumbers) -> Void
    ) -> [Case] {
        var numbers = TestNumbers(seed: seed)
        var cases: [Case] = []
        while cases.count < count {
            var g = ConvolutionGeometry(
                batch: 1 + numbers.integer(below: 3), inputHeight: 1 + numbers.integer(below: 14),
                inputWidth: 1 + numbers.integer(below: 14), inputChannels: 1, outputChannels: 1,
                kernelHeight: 1 + numbers.integer(below: 5), kernelWidth: 1 + numbers.integer(below: 5))
            (g.paddingTop, g.paddingBottom) = (numbers.integer(below: 4), numbers.integer(below: 4))
            (g.paddingLeft, g.paddingRight) = (numbers.integer(below: 4), numbers.integer(below: 4))
            vary(&g, &numbers)
            guard g.outputHeight > 0 && g.outputWidth > 0 else { continue }
            cases += Convolution.algorithms(for: g).map { Case(geometry: g, algorithm: $0) }
        }
        return cases
    }

    @Test(arguments: winogradCases + manyTiles) func smallFiltersAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: fiveByFive) func filtersOfFiveAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: strided) func downsamplingAgreesWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: largeKernels) func largeKernelsAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: groups) func groupsAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: depthwise) func depthwiseAgreesWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: stems) func stemsAgreeWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: randomCases) func anyShapeAgreesWithTheDirectSum(_ test: Case) { check(test) }
    @Test(arguments: fewChannels) func fewChannelsAgreeWithTheDirectSum(_ test: Case) { check(test) }

    /// Else a length of the transform would go untested.
    @Test func largeKernelsMeetEveryTile() {
        let tiles = Self.largeKernels.map { FFTConvolution($0.geometry) }
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

/// A convolution on arrays, with working memory that holds NaN before and margins behind everything that is written.
struct ConvolutionRun {
    /// Floats behind each tensor that nobody may write.
    private static let margin = [Float](repeating: 1234.5, count: 64)

    let convolution: Convolution
    let x: [Float]
    let w: [Float]

    init(_ geometry: ConvolutionGeometry, _ algorithm: ConvolutionAlgorithm?, x: [Float], w: [Float]) {
        convolution = Convolution(geometry, algorithm: algorithm)
        self.x = x
        self.w = w
    }

    func forward(bias: [Float]?, rectify: Bool) -> [Float] {
        let count = convolution.geometry.outputCount
        var y = [Float](repeating: .nan, count: count) + Self.margin
        var scratch = [Float](repeating: .nan, count: convolution.forwardScratchCount) + Self.margin
        if let bias {
            convolution.forward(x, w, bias: bias, rectify: rectify, into: &y, scratch: &scratch)
        } else {
            convolution.forward(x, w, bias: nil, rectify: rectify, into: &y, scratch: &scratch)
        }
        #expect(Array(y[count...]) == Self.margin, "forward writes behind its output")
        #expect(
            Array(scratch[convolution.forwardScratchCount...]) == Self.margin,
            "forward writes behind its working memory")
        return Array(y[..<count])
    }

    /// The gradients where an initial content is given.
    func gradients(_ dy: [Float], data: [Float]?, filter: [Float]?, accumulate: Bool = false) -> (
        data: [Float], filter: [Float]
    ) {
        var (dx, dw) = ((data ?? []) + Self.margin, (filter ?? []) + Self.margin)
        var scratch = [Float](repeating: .nan, count: convolution.gradientScratchCount) + Self.margin
        dx.withUnsafeMutableBufferPointer { dx in
            dw.withUnsafeMutableBufferPointer { dw in
                convolution.gradients(
                    x, w, dy, data: data == nil ? nil : dx.baseAddress, accumulateData: accumulate,
                    filter: filter == nil ? nil : dw.baseAddress, accumulateFilter: accumulate, scratch: &scratch)
            }
        }
        for (memory, count, name) in [
            (dx, data?.count ?? 0, "data gradient"), (dw, filter?.count ?? 0, "filter gradient"),
            (scratch, convolution.gradientScratchCount, "working memory"),
        ] {
            #expect(Array(memory[count...]) == Self.margin, "gradients write behind the \(name)")
        }
        return (Array(dx.dropLast(Self.margin.count)), Array(dw.dropLast(Self.margin.count)))
    }
}
