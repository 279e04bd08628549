import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// The layers that are convolutions of some kind: shapes, names, counts, refusals, and what their keys mean.
@Suite struct ConvolutionLayerTests {
    private func build(_ input: Shape, _ layers: LayerSpecification...) throws -> Model {
        try Model(name: "test", input: input, layers: layers)
    }

    // MARK: - Sequences

    @Test func sequencesHaveTheirOwnConvolution() throws {
        let model = try build(
            [12, 6], .named("a", .conv1d(filters: 4, kernel: 3, stride: 2, padding: .explicit(.init(1)), groups: 2)),
            .named("b", .conv1d(filters: 3, kernel: 2, padding: .causal, dilation: 4)))
        #expect(model.rows.map(\.outputShape) == [[6, 4], [6, 3]])
        #expect(model.rows.map(\.kind) == ["conv1d", "conv1d"])
        #expect(model.rows.map(\.parameters) == [4 * 9 + 4, 3 * 8 + 3])
        #expect(model.rows.map(\.multiplyAdds) == [6 * 4 * 9, 6 * 3 * 8])
        #expect(model.parameters.map(\.name) == ["a.weight", "a.bias", "b.weight", "b.bias"])
        #expect(throws: ModelError.doesNotFit(layer: "0", input: [4, 6], window: "5")) {
            try build([4, 6], .conv1d(filters: 2, kernel: 5))
        }
        #expect(throws: ModelError.wrongRank(layer: "0", input: [4, 4, 2], expected: "a sequence [steps, channels]")) {
            try build([4, 4, 2], .conv1d(filters: 2, kernel: 3))
        }
    }

    /// No step of a causal stack depends on a later one, and its last one on as many as its kernels reach.
    @Test func causalConvolutionsSeeOnlyThePast() throws {
        let model = try build(
            [20, 2], .conv1d(filters: 4, kernel: 2, padding: .causal), .activation("tanh"),
            .conv1d(filters: 4, kernel: 2, padding: .causal, dilation: 2), .activation("tanh"),
            .conv1d(filters: 3, kernel: 2, padding: .causal, dilation: 4))
        #expect(model.outputShape == [20, 3])
        var numbers = TestNumbers(seed: 1)
        let x = numbers.floats(40)
        let y = model.output(x)
        for step in 0..<20 {
            var other = x
            other[2 * step] += 1
            let z = model.output(other)
            let changed = Set(y.indices.filter { y[$0] != z[$0] }.map { $0 / 3 })
            #expect(changed == Set(step..<min(step + 8, 20)))
        }
    }

    /// A time-delay network decides by what its units say at all times; Waibel et al. 1989.
    @Test func aSequenceCanBePooledOverItsSteps() throws {
        let x: [Float] = [1, -2, 5, 0, 3, -7]
        let cases: [(LayerSpecification, [Float])] = [(.globalAveragePool, [3, -3]), (.globalMaxPool, [5, 0])]
        for (layer, result) in cases {
            let model = try build([3, 2], layer)
            #expect(model.outputShape == [2] && model.output(x) == result)
            #expect(model.rows[0].field.isWhole)
        }
    }

    // MARK: - Larger images

    @Test func transposedConvolutionsAndUpsamplingMakeImagesLarger() throws {
        let model = try build(
            [4, 5, 6],
            .named("up", .convTranspose(.init(filters: 4, kernel: .init(4), stride: .init(2), padding: .init(1)))),
            .convTranspose(
                .init(
                    filters: 2, kernel: .init(3), stride: .init(3), outputPadding: .init(height: 2, width: 0), groups: 2
                )),
            .upsample(factor: .init(height: 2, width: 1), mode: .bilinear))
        #expect(model.rows.map(\.outputShape) == [[8, 10, 4], [26, 30, 2], [52, 30, 2]])
        #expect(model.rows.map(\.parameters) == [6 * 16 * 4 + 4, 4 * 9 * 1 + 2, 0])
        #expect(model.rows.map(\.multiplyAdds) == [4 * 5 * 6 * 16 * 4, 8 * 10 * 4 * 9, 0])
        #expect(try build([5, 3], .upsample(factor: .init(4))).outputShape == [20, 3])
        #expect(try build([2, 2], .upsample(factor: .init(2))).output([1, 2, 3, 4]) == [1, 2, 1, 2, 3, 4, 3, 4])
    }

    @Test func sizesThatDoNotFitAreRefused() {
        let nothing = LayerSpecification.convTranspose(.init(filters: 1, kernel: .init(3), padding: .init(2)))
        #expect(
            throws: ModelError.refused(
                layer: "0",
                because: "a padding of 2×2 cuts off all of its output, which its input [2, 2, 1] makes; use less "
                    + "padding, or a larger kernel or stride")
        ) { try build([2, 2, 1], nothing) }
        #expect(throws: ModelError.groups(layer: "0", groups: 2, inputChannels: 3, outputChannels: 4)) {
            try build([4, 4, 3], .convTranspose(.init(filters: 4, kernel: .init(2), groups: 2)))
        }
        #expect(throws: ModelError.tooLarge(layer: "0", extents: [131072, 131072, 1])) {
            try build([4, 4, 1], .upsample(factor: .init(32768)))
        }
        for layer in [
            LayerSpecification.upsample(factor: .init(2), mode: .bilinear),
            .upsample(factor: .init(height: 2, width: 3)),
        ] {
            #expect(
                throws: ModelError.refused(
                    layer: "0",
                    because:
                        "its input [4, 3] is a sequence, which takes one factor and the mode nearest; give it these"
                )
            ) { try build([4, 3], layer) }
        }
    }

    // MARK: - Tables of connections

    /// Table I of LeCun et al. 1998: which maps of S2 each map of C3 reads.
    static let lenet1998 =
        (0..<6).map { first in (0..<3).map { (first + $0) % 6 } }
        + (0..<6).map { first in (0..<4).map { (first + $0) % 6 } }
        + [[0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5]]

    @Test func theTableOf1998LeavesFifteenHundredAndSixteenParameters() throws {
        let model = try build(
            [14, 14, 6], .named("c3", .convolution(.init(filters: 16, kernel: .init(5), connections: Self.lenet1998))))
        #expect(model.outputShape == [10, 10, 16])
        #expect(model.rows.map(\.parameters) == [1516])
        #expect(model.rows.map(\.multiplyAdds) == [100 * 1500])
        #expect(model.parameters.map(\.shape) == [[60, 5, 5], [16]])
    }

    /// The same numbers as a convolution over all channels whose other weights are zero, and each filter drawn by what
    /// it reads.
    @Test func connectionsAreFiltersWithZeros() throws {
        var numbers = TestNumbers(seed: 2)
        let (x, weights, bias) = (numbers.floats(2 * 7 * 6 * 6), numbers.floats(60 * 9), numbers.floats(16))
        let model = try build(
            [7, 6, 6], .convolution(.init(filters: 16, kernel: .init(3), connections: Self.lenet1998)), .relu)
        let filters = DoubleReference.connectedFilters(DoubleTensor(weights, [60, 3, 3]), Self.lenet1998, channels: 6)
        let expected = DoubleReference.relu(
            DoubleReference.convolution(DoubleTensor(x, [2, 7, 6, 6]), filters, bias: DoubleTensor(bias, [16])))
        let y = model.output(x, batch: 2, parameters: ["0.weight": weights, "0.bias": bias])
        #expect(relativeError(y, expected.values) < 2e-6)

        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let filtersStart = values.pointer + model.layout.offsets[0]
        func largest(_ range: Range<Int>) -> Float { range.map { abs(filtersStart[$0]) }.max() ?? 0 }
        // Filters 0 to 5 read three maps, the last one all six.
        #expect(
            largest(0..<18 * 9) > 0.97 / Float(27).squareRoot() && largest(0..<18 * 9) <= 1 / Float(27).squareRoot())
        #expect(largest(54 * 9..<60 * 9) > 0.9 / Float(54).squareRoot())
        #expect(largest(54 * 9..<60 * 9) <= 1 / Float(54).squareRoot())
    }

    @Test func aConnectionToNoChannelIsRefused() {
        #expect(
            throws: ModelError.refused(
                layer: "0",
                because: "filter 1 is connected to channel 3, but its input has 3 channels, counted from 0; correct "
                    + "`connections`")
        ) {
            try build([4, 4, 3], .convolution(.init(filters: 2, kernel: .init(3), connections: [[0], [1, 3]])))
        }
    }

    // MARK: - Kinds of convolution

    /// Convolution theorem: on the torus the correlation is the inverse DFT of the product of the DFTs, one conjugate.
    @Test func circularCorrelationIsTheProductOfTheTransforms() throws {
        let (height, width, tap) = (8, 6, 3)
        var numbers = TestNumbers(seed: 3)
        let (x, w) = (numbers.floats(height * width), numbers.floats(tap * tap))
        let model = try build(
            [height, width, 1],
            .convolution(
                .init(filters: 1, kernel: .init(tap), padding: .same, paddingMode: .circular, bias: false)))
        #expect(model.outputShape == [height, width, 1])

        typealias Complex = (re: Double, im: Double)
        func transform(_ a: [Complex], sign: Double) -> [Complex] {
            (0..<height * width).map { k in
                a.indices.reduce(into: (0, 0)) { sum, i in
                    let turns =
                        Double(k / width * (i / width)) / Double(height) + Double(k % width * (i % width))
                        / Double(width)
                    let (c, s) = (cosine(turns), sign * cosine(turns - 0.25))
                    sum.re += a[i].re * c - a[i].im * s
                    sum.im += a[i].re * s + a[i].im * c
                }
            }
        }
        // The filter's middle tap belongs to the pixel itself.
        var kernel = [Complex](repeating: (0, 0), count: height * width)
        for i in 0..<tap {
            for j in 0..<tap {
                kernel[(i - 1 + height) % height * width + (j - 1 + width) % width].re = Double(w[i * tap + j])
            }
        }
        let (fx, fw) = (transform(x.map { (Double($0), 0) }, sign: -1), transform(kernel, sign: -1))
        let product = zip(fx, fw).map { a, b in (a.re * b.re + a.im * b.im, a.im * b.re - a.re * b.im) }
        let expected = transform(product, sign: 1).map { $0.re / Double(height * width) }
        #expect(relativeError(model.output(x, parameters: ["0.weight": w]), expected) < 1e-5)
    }

    /// cos 2πt by its series, which the test has without a mathematics library.
    private func cosine(_ turns: Double) -> Double {
        let angle = (turns - turns.rounded()) * 2 * Double.pi
        var (term, sum) = (1.0, 1.0)
        for n in stride(from: 2.0, through: 30, by: 2) {
            term *= -angle * angle / (n * (n - 1))
            sum += term
        }
        return sum
    }

    /// A border of any width goes round the torus, also with a stride; zeros remain what they were.
    @Test(arguments: PaddingMode.allCases) func theBorderIsWhatTheModeSays(mode: PaddingMode) throws {
        var numbers = TestNumbers(seed: 4)
        let (x, w) = (numbers.floats(2 * 5 * 4 * 3), numbers.floats(2 * 9 * 3))
        let model = try build(
            [5, 4, 3],
            .convolution(
                .init(
                    filters: 2, kernel: .init(3), stride: .init(2), padding: .explicit(.init(height: 6, width: 1)),
                    paddingMode: mode, bias: false)))
        let (image, filters) = (DoubleTensor(x, [2, 5, 4, 3]), DoubleTensor(w, [2, 3, 3, 3]))
        let expected =
            mode == .zeros
            ? DoubleReference.convolution(image, filters, stride: [2, 2], padding: [6, 6, 1, 1])
            : DoubleReference.convolution(
                DoubleReference.padCircular(image, [6, 6, 1, 1]), filters, stride: [2, 2])
        #expect(relativeError(model.output(x, batch: 2, parameters: ["0.weight": w]), expected.values) < 2e-6)
    }

    /// Decks 1 and 4: a(i, j) = Σ w(k, l) z(i − k, j − l).
    @Test func trueConvolutionTurnsItsFilters() throws {
        var numbers = TestNumbers(seed: 5)
        let (x, w) = (numbers.floats(6 * 7 * 2), numbers.floats(3 * 3 * 4 * 2))
        let model = try build(
            [6, 7, 2],
            .convolution(.init(filters: 3, kernel: .init(height: 3, width: 4), bias: false, flip: true)), .relu)
        let turned = DoubleReference.flipped(DoubleTensor(w, [3, 3, 4, 2]))
        let expected = DoubleReference.relu(DoubleReference.convolution(DoubleTensor(x, [1, 6, 7, 2]), turned))
        #expect(relativeError(model.output(x, parameters: ["0.weight": w]), expected.values) < 2e-6)
        // By hand: an impulse gives the filter itself.
        let impulse = try build(
            [3, 3, 1], .convolution(.init(filters: 1, kernel: .init(3), padding: .same, bias: false, flip: true)))
        let filter: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        #expect(impulse.output([0, 0, 0, 0, 1, 0, 0, 0, 0], parameters: ["0.weight": filter]) == filter)
    }
}
