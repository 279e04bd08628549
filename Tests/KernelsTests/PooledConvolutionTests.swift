import Kernels
import TestSupport
import Testing

/// The fused convolution, ReLU and pooling against the separate kernels and against gradients in double precision.
@Suite struct PooledConvolutionTests {
    /// LeNet's layers; images wider than two vectors; shapes drawn at random, with odd sizes whose last pixels are in
    /// no window.
    static let geometries: [ConvolutionGeometry] = {
        func geometry(_ n: Int, _ h: Int, _ w: Int, _ c: Int, _ o: Int, _ kernel: Int, padding: Int = 0)
            -> ConvolutionGeometry
        {
            var g = ConvolutionGeometry(
                batch: n, inputHeight: h, inputWidth: w, inputChannels: c, outputChannels: o, kernelHeight: kernel,
                kernelWidth: kernel)
            (g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) = (padding, padding, padding, padding)
            return g
        }
        var geometries = [
            geometry(3, 28, 28, 1, 6, 5, padding: 2), geometry(3, 14, 14, 6, 16, 5),
            geometry(2, 9, 75, 1, 7, 3, padding: 1),
            geometry(2, 8, 70, 2, 4, 3), geometry(1, 12, 40, 3, 10, 5, padding: 2), geometry(2, 7, 9, 13, 5, 4),
            geometry(1, 6, 6, 8, 20, 8, padding: 3),
            geometry(2, 2, 2, 1, 1, 1), geometry(1, 3, 33, 21, 3, 3, padding: 1), geometry(2, 16, 16, 6, 16, 7),
            geometry(1, 10, 10, 64, 4, 1),
        ]
        var numbers = TestNumbers(seed: 21)
        while geometries.count < 150 {
            var g = geometry(
                1 + numbers.integer(below: 3), 1 + numbers.integer(below: 16), 1 + numbers.integer(below: 40),
                1 + numbers.integer(below: 12),
                1 + numbers.integer(below: 34), 1)
            (g.kernelHeight, g.kernelWidth) = (1 + numbers.integer(below: 7), 1 + numbers.integer(below: 5))
            (g.paddingTop, g.paddingBottom) = (numbers.integer(below: 4), numbers.integer(below: 4))
            (g.paddingLeft, g.paddingRight) = (numbers.integer(below: 4), numbers.integer(below: 4))
            if PooledConvolution.supports(g, pooling: pooling(g)) { geometries.append(g) }
        }
        return geometries
    }()

    private static func pooling(_ g: ConvolutionGeometry) -> PoolingGeometry {
        PoolingGeometry(
            batch: g.batch, height: g.outputHeight, width: g.outputWidth, channels: g.outputChannels, kernel: (2, 2),
            stride: (2, 2))
    }

    @Test(arguments: geometries) func agreesWithTheSeparateKernels(_ g: ConvolutionGeometry) {
        var numbers = TestNumbers(seed: 5)
        let (x, w, bias) = (
            numbers.floats(g.inputCount), numbers.floats(g.filterCount), numbers.floats(g.outputChannels)
        )
        for bias in [nil, bias] {
            let fused = PooledRun(g, x: x, w: w, bias: bias)
            let rectified = ConvolutionRun(g, .direct, x: x, w: w).forward(bias: bias, rectify: true)
            let p = Self.pooling(g)
            var (y, choice) = ([Float](repeating: 0, count: p.outputCount), [Float](repeating: 0, count: p.outputCount))
            maxPool(p, rectified, into: &y, choice: &choice)
            #expect(fused.y == y, "changes a bit")
            // Where all four are 0 there is no gradient, so that the choice is of no account.
            let others = y.indices.filter { y[$0] != 0 && Float(fused.choice[$0]) != choice[$0] }
            #expect(others.isEmpty, "another pixel is chosen")
        }
    }

    @Test(arguments: geometries) func gradientsAgreeWithTheDirectSum(_ g: ConvolutionGeometry) {
        var numbers = TestNumbers(seed: 6)
        let (x, w) = (numbers.floats(g.inputCount), numbers.floats(g.filterCount))
        let run = PooledRun(g, x: x, w: w, bias: nil)
        let dy = numbers.floats(run.y.count)
        let separate = DoubleReference.convolutionGradients(
            DoubleTensor(x, [g.batch, g.inputHeight, g.inputWidth, g.inputChannels]),
            DoubleTensor(w, [g.outputChannels, g.kernelHeight, g.kernelWidth, g.inputChannels]),
            DoubleTensor(run.spread(dy), [g.batch, g.outputHeight, g.outputWidth, g.outputChannels]), stride: [1, 1],
            padding: [g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight], dilation: [1, 1], groups: 1)
        let nan: (Int) -> [Float] = { [Float](repeating: .nan, count: $0) }
        let both = run.gradients(dy, data: nan(x.count), filter: nan(w.count), accumulate: false)
        #expect(relativeError(both.data, separate.data.values) < 3e-6)
        #expect(relativeError(both.filter, separate.filters.values) < 3e-6)
        let added = run.gradients(dy, data: x, filter: w, accumulate: true)
        #expect(relativeError(added.data, zip(separate.data.values, x).map { $0 + Double($1) }) < 3e-6)
        #expect(relativeError(added.filter, zip(separate.filters.values, w).map { $0 + Double($1) }) < 3e-6)
    }

    /// One pixel of a window is NaN: the output is, and the choice is that pixel.
    @Test(arguments: [1, 16]) func aNaNIsTheLargest(channels: Int) {
        let g = ConvolutionGeometry(
            batch: 1, inputHeight: 2, inputWidth: 2, inputChannels: 1, outputChannels: channels, kernelHeight: 1,
            kernelWidth: 1)
        for place in 0..<4 {
            var x: [Float] = [1, 9, .infinity, 4]
            x[place] = .nan
            let run = PooledRun(g, x: x, w: [Float](repeating: 1, count: channels), bias: nil)
            #expect(!run.y.contains { !$0.isNaN })
            #expect(run.choice == [Int](repeating: place, count: channels))
        }
    }

    @Test func supportsWholeWindowsOfTwoByTwoOnly() {
        let g = ConvolutionGeometry(
            batch: 2, inputHeight: 9, inputWidth: 9, inputChannels: 3, outputChannels: 4, kernelHeight: 3,
            kernelWidth: 3)
        var strided = g
        strided.strideWidth = 2
        func pooled(_ kernel: Int, _ stride: Int, padding: Int = 0, ceil: Bool = false) -> PoolingGeometry {
            PoolingGeometry(
                batch: 2, height: 7, width: 7, channels: 4, kernel: (kernel, kernel), stride: (stride, stride),
                padding: (padding, padding),
                ceilMode: ceil)
        }
        #expect(PooledConvolution.supports(g, pooling: pooled(2, 2)))
        #expect(!PooledConvolution.supports(strided, pooling: pooled(2, 2)))
        for other in [pooled(3, 3), pooled(2, 1), pooled(2, 3), pooled(2, 2, padding: 1), pooled(2, 2, ceil: true)] {
            #expect(!PooledConvolution.supports(g, pooling: other))
        }
    }
}

/// A fused run on arrays, with working memory that holds NaN before and margins behind everything that is written.
private struct PooledRun {
    private static let margin = [Float](repeating: 1234.5, count: 64)

    let convolution: PooledConvolution
    let x: [Float]
    let w: [Float]
    private(set) var y: [Float]
    private var choices: [Float]

    init(_ g: ConvolutionGeometry, x: [Float], w: [Float], bias: [Float]?) {
        convolution = PooledConvolution(g)
        (self.x, self.w) = (x, w)
        let count = g.batch * convolution.pooledHeight * convolution.pooledWidth * g.outputChannels
        y = [Float](repeating: .nan, count: count) + Self.margin
        choices = y
        var scratch = [Float](repeating: .nan, count: convolution.forwardScratchCount) + Self.margin
        if let bias {
            convolution.forward(x, w, bias: bias, into: &y, choice: &choices, scratch: &scratch)
        } else {
            convolution.forward(x, w, bias: nil, into: &y, choice: &choices, scratch: &scratch)
        }
        for memory in [y, choices, scratch] {
            #expect(Array(memory.suffix(64)) == Self.margin, "forward writes behind its memory")
        }
        y.removeLast(64)
        choices.removeLast(64)
    }

    var choice: [Int] { choices.map { Int($0.bitPattern) } }

    /// The gradient of the convolution's output: each window's goes to the pixel that was chosen.
    func spread(_ dy: [Float]) -> [Float] {
        let g = convolution.geometry
        var gradient = [Float](repeating: 0, count: g.outputCount)
        for (i, place) in choice.enumerated() {
            let (window, channel) = (i / g.outputChannels, i % g.outputChannels)
            let (line, column) = (window / convolution.pooledWidth, window % convolution.pooledWidth)
            let (n, row) = (line / convolution.pooledHeight, line % convolution.pooledHeight)
            let pixel = (n * g.outputHeight + 2 * row + place / 2) * g.outputWidth + 2 * column + place % 2
            gradient[pixel * g.outputChannels + channel] = dy[i]
        }
        return gradient
    }

    func gradients(_ dy: [Float], data: [Float], filter: [Float], accumulate: Bool) -> (data: [Float], filter: [Float])
    {
        var (dx, dw) = (data + Self.margin, filter + Self.margin)
        var scratch = [Float](repeating: .nan, count: convolution.gradientScratchCount) + Self.margin
        dx.withUnsafeMutableBufferPointer { dx in
            dw.withUnsafeMutableBufferPointer { dw in
                convolution.gradients(
                    x, w, dy, choice: choices, data: dx.baseAddress, accumulateData: accumulate, filter: dw.baseAddress,
                    accumulateFilter: accumulate, scratch: &scratch)
            }
        }
        for memory in [dx, dw, scratch] {
            #expect(Array(memory.suffix(64)) == Self.margin, "gradients write behind their memory")
        }
        return (Array(dx.dropLast(64)), Array(dw.dropLast(64)))
    }
}
