import CProducts
import Kernels
import TestSupport
import Testing

/// Products of 16-bit fixed-point numbers, and the Winograd convolutions that consist of them.
struct FixedPointTests {
    // MARK: - Products

    private struct Product {
        let (m, n, k): (Int, Int, Int)
        let a, b, before: [Float]
        let accumulates: Bool

        func result(emulates: Bool) -> [Float] {
            let flag: Int32 = emulates ? 1 : 0
            let pairs = (k + 1) / 2
            var (wordsA, wordsB) = ([UInt32](repeating: 0, count: m * 33), [UInt32](repeating: 0, count: pairs * n))
            var (scalesA, scalesB) = ([Float](repeating: 0, count: m), [Float](repeating: 0, count: n))
            var c = before
            fixed_pack_rows(a, k, m, k, &wordsA, 33, &scalesA, flag)
            fixed_pack_columns(b, n, k, n, &wordsB, n, &scalesB, flag)
            fixed_multiply(m, n, k, wordsA, 33, 1, scalesA, wordsB, n, scalesB, &c, n, accumulates ? 1 : 0, flag)
            return c
        }
    }

    private func product(_ random: inout TestNumbers, number: (inout TestNumbers) -> Float) -> Product {
        let (m, n, k) = (
            1 + random.integer(below: 130), 16 * (1 + random.integer(below: 4)), 1 + random.integer(below: 64)
        )
        return Product(
            m: m, n: n, k: k, a: (0..<m * k).map { _ in number(&random) }, b: (0..<k * n).map { _ in number(&random) },
            before: random.floats(m * n), accumulates: random.integer(below: 2) == 1)
    }

    /// Bits, of which those of all NaN are alike.
    private func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern } }

    @Test func `the instruction has the emulation's bits, of usual numbers and of any`() {
        var random = TestNumbers(seed: 1)
        for round in 0..<120 {
            let product = product(&random) { random in
                let number = random.floats(1)[0]
                let bits = UInt32(truncatingIfNeeded: random.word())
                switch round % 4 {
                case 0: return number
                case 1: return random.integer(below: 200) == 0 ? Float(bitPattern: bits) : number
                case 2: return Float(bitPattern: bits & 0x807F_FFFF | (bits >> 8) % 60 << 23)
                default: return Float(random.integer(below: 9) - 4) * 0.5  // ties
                }
            }
            #expect(bits(product.result(emulates: false)) == bits(product.result(emulates: true)), "\(round)")
        }
    }

    @Test func `an element is the rounded numbers' product by the definition`() {
        var random = TestNumbers(seed: 2)
        func rounded(_ line: [Float]) -> ([Int64], Float) {
            let largest = line.map(abs).max() ?? 0
            let to: Float = 5792 / largest
            return (line.map { Int64(($0 * to).rounded(.toNearestOrEven)) }, largest / 5792)
        }
        for _ in 0..<10 {
            let p = product(&random) { $0.floats(1)[0] }
            let c = p.result(emulates: false)
            for place in stride(from: 0, to: p.m * p.n, by: 7) {
                let (row, scaleA) = rounded(Array(p.a[place / p.n * p.k..<(place / p.n + 1) * p.k]))
                let (column, scaleB) = rounded((0..<p.k).map { p.b[$0 * p.n + place % p.n] })
                let sum = zip(row, column).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(c[place] == (p.accumulates ? p.before[place] : 0).addingProduct(Float(sum), scaleA * scaleB))
            }
        }
    }

    @Test(arguments: [false, true]) func `a line that is not finite makes its results NaN, a tiny one zero`(
        emulates: Bool
    ) {
        let ones = [Float](repeating: 1, count: 64 * 16)
        for bad in [Float.nan, .infinity, -.infinity] {
            var a = [Float](repeating: 1, count: 3 * 64)
            a[64 + 17] = bad
            a[128..<192] = ArraySlice(repeating: 0x1p-110, count: 64)
            let product = Product(
                m: 3, n: 16, k: 64, a: a, b: ones, before: [Float](repeating: 2, count: 48), accumulates: true)
            let c = product.result(emulates: emulates)
            let (usual, notFinite, tiny) = (c[0..<16], c[16..<32], c[32..<48])
            #expect((usual.min() ?? 0) > 65.999 && (usual.max() ?? 0) < 66.001)
            #expect(notFinite.count { $0.isNaN } == 16)
            #expect(Array(tiny) == Array(repeating: 2, count: 16))
        }
    }

    // MARK: - Convolutions

    private static let shapes = [
        (2, 13, 64, 64, 3, 1), (3, 8, 80, 96, 3, 1), (1, 26, 64, 128, 3, 1), (4, 2, 128, 64, 3, 1),
        (2, 14, 64, 80, 3, 2), (8, 16, 128, 64, 3, 2), (2, 9, 64, 64, 5, 1),
    ].map { batch, size, inputs, outputs, kernel, stride in
        var g = ConvolutionGeometry(
            batch: batch, inputHeight: size, inputWidth: size, inputChannels: inputs, outputChannels: outputs,
            kernelHeight: kernel, kernelWidth: kernel)
        (g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight) = (1, 1, 1, 1)
        (g.strideHeight, g.strideWidth) = (stride, stride)
        return g
    }

    /// The root of the mean square of differences.
    private func error<T: BinaryFloatingPoint>(_ values: [T], _ exact: [Double]) -> Double {
        (zip(values, exact).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) } / Double(exact.count))
            .squareRoot()
    }

    @Test(arguments: shapes) func `all passes are as accurate as a direct convolution of bfloat16`(
        g: ConvolutionGeometry
    ) {
        var numbers = TestNumbers(seed: 5)
        let (x, w, dy) = (
            numbers.floats(g.inputCount).map { max(0, $0) }, numbers.floats(g.filterCount),
            numbers.floats(g.outputCount)
        )
        let test = ConvolutionCase(geometry: g, algorithm: .winograd(tileOutputs: min(g.outputHeight, 4) < 4 ? 2 : 4))
        func passes(_ x: [Float], _ w: [Float], _ dy: [Float]) -> [[Double]] {
            let (xs, ws) = (DoubleTensor(x, test.x), DoubleTensor(w, test.w))
            let stride = [g.strideHeight, g.strideWidth]
            let y = DoubleReference.convolution(
                xs, ws, bias: nil, stride: stride, padding: test.padding, dilation: [1, 1], groups: 1)
            let gradients = DoubleReference.convolutionGradients(
                xs, ws, DoubleTensor(dy, test.y), stride: stride, padding: test.padding, dilation: [1, 1], groups: 1)
            return [y.values, gradients.data.values, gradients.filters.values]
        }
        func run() -> [[Float]] {
            let run = ConvolutionRun(g, test.algorithm, x: x, w: w)
            let gradients = run.gradients(
                dy, data: [Float](repeating: .nan, count: x.count), filter: [Float](repeating: .nan, count: w.count))
            return [run.forward(bias: nil, rectify: false), gradients.data, gradients.filter]
        }
        let exact = passes(x, w, dy)
        let direct = passes(x.map(\.roundedToBFloat16), w.map(\.roundedToBFloat16), dy.map(\.roundedToBFloat16))
        let (plain, mixed) = (run(), ProductPrecision.mixed.use { run() })
        for pass in 0..<3 {
            let (rounded, allowed) = (error(mixed[pass], exact[pass]), error(direct[pass], exact[pass]))
            #expect(rounded < allowed, "pass \(pass): \(rounded / allowed) of direct bfloat16's error")
            #expect((mixed[pass] == plain[pass]) == (g.kernelHeight == 5))
        }
    }
}
