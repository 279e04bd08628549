import Kernels
import TestSupport
import Testing

/// The passes of batch normalisation against their formulas in Double: few channels, whole vectors and not, and a
/// matrix so large that results are written past the caches.
@Suite struct NormalizationPassTests {
    private static let shapes = [(70, 7), (130, 32), (65, 33), (129, 80), (1025, 1024)]

    @Test(arguments: shapes, [false, true])
    func normalizes(shape: (Int, Int), addsAndRectifies: Bool) {
        let m = Matrix(rows: shape.0, channels: shape.1)
        let y = Output(m.count, repeating: .nan)
        m.dy.withUnsafeBufferPointer { other in
            normalize(
                m.x, rows: m.rows, channels: m.channels, mean: m.mean, inverseDeviation: m.inverse, gamma: m.gamma,
                beta: m.beta, adding: addsAndRectifies ? other.baseAddress : nil, rectify: addsAndRectifies,
                into: y.pointer)
        }
        let expected = (0..<m.count).map { i in
            let value = m.normalized(i) * Double(m.gamma[i % m.channels]) + Double(m.beta[i % m.channels])
            return addsAndRectifies ? max(0, value + Double(m.dy[i])) : value
        }
        #expect(relativeError(y.values, expected) < 1e-6)
    }

    @Test(arguments: shapes, [false, true])
    func gradients(shape: (Int, Int), rectifies: Bool) {
        let m = Matrix(rows: shape.0, channels: shape.1)
        let sum = Output(m.channels, repeating: .nan)
        let sumNormalized = Output(m.channels, repeating: .nan)
        normalizationSums(
            m.x, m.dy, rows: m.rows, channels: m.channels, mean: m.mean, inverseDeviation: m.inverse, gamma: m.gamma,
            beta: m.beta, rectify: rectifies, sum: sum.pointer, sumNormalized: sumNormalized.pointer)
        let passed = (0..<m.count).map { i in
            let c = i % m.channels
            // In Float: a value next to 0 must have the sign that the passes see.
            let value = m.beta[c].addingProduct(m.x[i] - m.mean[c], m.gamma[c] * m.inverse[c])
            return rectifies && value <= 0 ? 0 : Double(m.dy[i])
        }
        var sums = [Double](repeating: 0, count: m.channels)
        var products = sums
        for i in 0..<m.count {
            sums[i % m.channels] += passed[i]
            products[i % m.channels] += passed[i] * m.normalized(i)
        }
        #expect(relativeError(sum.values, sums) < 1e-5)
        #expect(relativeError(sumNormalized.values, products) < 1e-5)

        let n = Double(m.rows)
        let expected = (0..<m.count).map { i in
            let c = i % m.channels
            return Double(m.gamma[c]) * Double(m.inverse[c])
                * (passed[i] - sums[c] / n - m.normalized(i) * products[c] / n)
        }
        for adds in [false, true] {
            let dx = Output(m.count, repeating: adds ? 2 : .nan)
            normalizationGradient(
                m.x, m.dy, rows: m.rows, channels: m.channels, mean: m.mean, inverseDeviation: m.inverse,
                gamma: m.gamma, beta: m.beta, rectify: rectifies, population: m.rows,
                sums: (UnsafePointer(sum.pointer), UnsafePointer(sumNormalized.pointer)), into: dx.pointer,
                accumulate: adds)
            #expect(relativeError(dx.values, adds ? expected.map { $0 + 2 } : expected) < 1e-5)
        }
    }
}

/// Numbers for a matrix [rows, channels].
private struct Matrix {
    let rows: Int
    let channels: Int
    let x: [Float]
    let dy: [Float]
    let mean: [Float]
    let inverse: [Float]
    let gamma: [Float]
    let beta: [Float]

    var count: Int { rows * channels }

    init(rows: Int, channels: Int) {
        var numbers = TestNumbers(seed: 5)
        func some(_ count: Int, _ range: ClosedRange<Double>) -> [Float] {
            (0..<count).map { _ in numbers.float(in: range) }
        }
        (self.rows, self.channels) = (rows, channels)
        x = some(rows * channels, -1...3)
        dy = some(rows * channels, -2...1)
        mean = some(channels, 0...1)
        inverse = some(channels, 0.5...2)
        gamma = some(channels, -1...1)
        beta = some(channels, -1...1)
    }

    func normalized(_ i: Int) -> Double {
        (Double(x[i]) - Double(mean[i % channels])) * Double(inverse[i % channels])
    }
}

/// Memory that begins at a cache line.
private final class Output {
    let pointer: UnsafeMutablePointer<Float>
    private let memory: UnsafeMutableRawBufferPointer

    init(_ count: Int, repeating value: Float) {
        memory = .allocate(byteCount: 4 * count, alignment: 64)
        pointer = memory.baseAddress!.bindMemory(to: Float.self, capacity: count)
        pointer.initialize(repeating: value, count: count)
    }

    var values: [Float] { Array(memory.bindMemory(to: Float.self)) }

    deinit { memory.deallocate() }
}
