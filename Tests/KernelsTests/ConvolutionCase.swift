import Kernels
import TestSupport

/// A convolution's shape, which its geometry says in full, and an algorithm that computes it.
struct ConvolutionCase: Sendable, CustomStringConvertible {
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
    /// Winograd F(4, 3) loses a digit against the direct sum, F(2, 3) little; F(4, 5) has two points more than
    /// F(4, 3).
    var tolerance: Double {
        if algorithm != .winograd(tileOutputs: 4) { return 3e-6 }
        return geometry.kernelHeight == 5 ? 4e-5 : 2e-5
    }
}

/// The shapes at which every algorithm that computes them is tried.
extension ConvolutionCase {
    /// 3×3 convolutions of images from 1×1 to 13×9, with many paddings, 12 to 64 channels, some filled up.
    static let winogradCases = [
        (1, 1), (1, 5), (2, 2), (3, 4), (4, 4), (5, 3), (7, 7), (8, 6), (13, 7), (9, 12), (6, 13),
    ].enumerated().flatMap { index, size -> [ConvolutionCase] in
        let paddings = [
            [1, 1, 1, 1], [0, 0, 0, 0], [2, 2, 2, 2], [0, 1, 2, 0], [2, 0, 1, 2], [1, 2, 0, 1], [1, 3, 1, 0],
        ]
        let channels = [(16, 16), (32, 16), (24, 40), (16, 48), (12, 30), (64, 32), (16, 27), (21, 32)]
        return paddings.enumerated().flatMap { place, padding -> [ConvolutionCase] in
            let (c, o) = channels[(index + place) % channels.count]
            var g = ConvolutionGeometry(
                batch: 1 + (index + place) % 3, inputHeight: size.0, inputWidth: size.1, inputChannels: c,
                outputChannels: o,
                kernelHeight: 3, kernelWidth: 3)
            (g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) = (
                padding[0], padding[1], padding[2], padding[3]
            )
            guard g.outputHeight > 0 && g.outputWidth > 0 else { return [] }
            return Convolution.algorithms(for: g).map { ConvolutionCase(geometry: g, algorithm: $0) }
        }
    }

    /// The same images and paddings at stride 2, and more tiles than a block of 64 holds.
    static let strided =
        (winogradCases.filter { $0.algorithm == .im2col }.map(\.geometry)
        + manyTiles.filter { $0.algorithm == .im2col }.map(\.geometry)).flatMap { shape -> [ConvolutionCase] in
            var g = shape
            (g.strideHeight, g.strideWidth) = (2, 2)
            return Convolution.algorithms(for: g).map { ConvolutionCase(geometry: g, algorithm: $0) }
        }

    /// 5×5 filters on the same images, with paddings up to 4, and more tiles than a block of 128 holds.
    static let fiveByFive = winogradCases.filter { $0.algorithm == .im2col }.map(\.geometry).enumerated().flatMap {
        index, shape -> [ConvolutionCase] in
        var g = shape
        (g.kernelHeight, g.kernelWidth) = (5, 5)
        g.paddingTop += index % 3
        g.paddingLeft += (index + 1) % 3
        if index == 0 { (g.batch, g.inputHeight, g.inputWidth) = (2, 37, 34) }
        return g.outputPixels == 0
            ? [] : Convolution.algorithms(for: g).map { ConvolutionCase(geometry: g, algorithm: $0) }
    }

    /// More tiles than a block of 64 or 128 holds, for both block sizes.
    static let manyTiles = [(3, 26, 22, 16, 16), (4, 24, 23, 160, 16), (2, 9, 7, 288, 80), (1, 4, 3, 368, 368)].flatMap
    { n, h, w, c, o -> [ConvolutionCase] in
        var g = ConvolutionGeometry(
            batch: n, inputHeight: h, inputWidth: w, inputChannels: c, outputChannels: o, kernelHeight: 3,
            kernelWidth: 3)
        (g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) = (1, 1, 1, 1)
        return Convolution.algorithms(for: g).map { ConvolutionCase(geometry: g, algorithm: $0) }
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
        c, o, kernel, stride, size -> [ConvolutionCase] in
        var g = ConvolutionGeometry(
            batch: 2, inputHeight: size, inputWidth: size + 3, inputChannels: c, outputChannels: o,
            kernelHeight: kernel, kernelWidth: kernel)
        (g.strideHeight, g.strideWidth) = (stride, stride)
        (g.paddingTop, g.paddingLeft, g.paddingRight) = (kernel / 2, kernel / 2, 1)
        return Convolution.algorithms(for: g).map { ConvolutionCase(geometry: g, algorithm: $0) }
    }

    /// Kernels for Fourier tiles of every size, with asymmetric paddings, some beyond the kernel, images smaller than
    /// it, and more tiles than a block of 64 holds.
    static let largeKernels: [ConvolutionCase] = {
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
            ConvolutionCase(geometry: $0, algorithm: .fft)
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

    /// Sequences of up to 150 steps, whose channels fill vectors: any number of taps, dilations beyond the sequence,
    /// paddings on either side, several blocks.
    static let sequences = cases(60, seed: 15) { g, numbers in
        (g.inputHeight, g.kernelHeight, g.paddingTop, g.paddingBottom) = (1, 1, 0, 0)
        g.inputWidth = numbers.integer(below: 3) == 0 ? 60 + numbers.integer(below: 90) : g.inputWidth
        g.kernelWidth = 1 + numbers.integer(below: 4)
        g.dilationWidth = [1, 2, 3, 8, 40][numbers.integer(below: 5)]
        let reach = g.dilationWidth * (g.kernelWidth - 1)
        let before = [reach, reach / 2, numbers.integer(below: 4)][numbers.integer(below: 3)]
        let behind = before == reach ? 0 : reach - reach / 2 + numbers.integer(below: 2)
        (g.paddingLeft, g.paddingRight) = (before, behind)
        g.inputChannels = 16 * (1 + numbers.integer(below: 3))
        g.outputChannels = 16 * (1 + numbers.integer(below: 4))
    }

    /// A sequence long enough for the sums of filters' gradients to be added up in parts.
    static let longSequences = [1, 2].flatMap { kernel -> [ConvolutionCase] in
        var g = ConvolutionGeometry(
            batch: 2, inputHeight: 1, inputWidth: 700, inputChannels: 16, outputChannels: 32, kernelHeight: 1,
            kernelWidth: kernel)
        (g.dilationWidth, g.paddingLeft) = (256, 256 * (kernel - 1))
        return Convolution.algorithms(for: g).map { ConvolutionCase(geometry: g, algorithm: $0) }
    }

    private static func cases(
        _ count: Int, seed: UInt64, _ vary: (inout ConvolutionGeometry, inout TestNumbers) -> Void
    ) -> [ConvolutionCase] {
        var numbers = TestNumbers(seed: seed)
        var cases: [ConvolutionCase] = []
        while cases.count < count {
            var g = ConvolutionGeometry(
                batch: 1 + numbers.integer(below: 3), inputHeight: 1 + numbers.integer(below: 14),
                inputWidth: 1 + numbers.integer(below: 14), inputChannels: 1, outputChannels: 1,
                kernelHeight: 1 + numbers.integer(below: 5), kernelWidth: 1 + numbers.integer(below: 5))
            (g.paddingTop, g.paddingBottom) = (numbers.integer(below: 4), numbers.integer(below: 4))
            (g.paddingLeft, g.paddingRight) = (numbers.integer(below: 4), numbers.integer(below: 4))
            vary(&g, &numbers)
            guard g.outputHeight > 0 && g.outputWidth > 0 else { continue }
            cases += Convolution.algorithms(for: g).map { ConvolutionCase(geometry: g, algorithm: $0) }
        }
        return cases
    }
}
