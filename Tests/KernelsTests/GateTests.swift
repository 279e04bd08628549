import Foundation
import Kernels
import TestSupport
import Testing

/// Gates against the C library in double precision, and products of a few rows against the direct sum.
@Suite struct GateTests {
    /// Every pair of 400 numbers for tanh and 400 for sigmoid: the division that they share takes both.
    @Test func bothFunctionsAreExactToEightRoundings() {
        let numbers = (0..<400).map { Float(-200 + $0) / 8 } + [-59.9, 59.9, 1e-6, -1e-3, 0.3, 0.625, 0.62499]
        var largest = (tanh: 0.0, logistic: 0.0)
        for x in numbers {
            for first in stride(from: 0, to: numbers.count, by: 16) {
                var y = Vector.zero
                for lane in 0..<16 { y[lane] = numbers[min(first + lane, numbers.count - 1)] }
                let (t, s) = tanhAndLogistic(Vector(repeating: x), y)
                for lane in 0..<16 {
                    let expected = (Foundation.tanh(Double(x)), 1 / (1 + exp(-Double(y[lane]))))
                    if x != 0 { largest.tanh = max(largest.tanh, abs(Double(t[lane]) / expected.0 - 1)) }
                    largest.logistic = max(largest.logistic, abs(Double(s[lane]) / expected.1 - 1))
                }
            }
        }
        #expect(largest.tanh < 5e-7 && largest.logistic < 5e-7, "\(largest)")
    }

    @Test func theyEndAtTheirLimitsAndKeepNaN() {
        let x = Vector(0, .infinity, -.infinity, .nan, 1, 1e30, -1e30, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let y = Vector(0, .infinity, -.infinity, 1, .nan, -1e30, 1e30, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let (t, s) = tanhAndLogistic(x, y)
        #expect(t[0] == 0 && t[1] == 1 && t[2] == -1 && t[3].isNaN && t[5] == 1 && t[6] == -1)
        #expect(s[0] == 0.5 && s[1] == 1 && s[2] < 1e-26 && s[4].isNaN && s[5] < 1e-26 && s[6] == 1)
    }

    /// Widths below, at and above whole vectors.
    @Test(arguments: [1, 7, 16, 17, 32, 45]) func rowsGoThroughTheGates(width: Int) {
        var numbers = TestNumbers(seed: 3)
        let z = numbers.floats(3 * 2 * width)
        let dy = numbers.floats(3 * width)
        var gates = z
        var y = [Float](repeating: .nan, count: 3 * width + 1)
        gate(&gates, rows: 3, width: width, into: &y)
        var dz = [Float](repeating: 1, count: z.count)
        gateGradient(gates, dy, rows: 3, width: width, into: &dz, accumulate: true)
        for row in 0..<3 {
            for i in 0..<width {
                let (a, b) = (Double(z[row * 2 * width + i]), Double(z[row * 2 * width + width + i]))
                let (t, s) = (Foundation.tanh(a), 1 / (1 + exp(-b)))
                let g = Double(dy[row * width + i])
                #expect(abs(Double(y[row * width + i]) - t * s) < 1e-6)
                #expect(abs(Double(dz[row * 2 * width + i]) - 1 - g * s * (1 - t * t)) < 2e-6)
                #expect(abs(Double(dz[row * 2 * width + width + i]) - 1 - g * t * s * (1 - s)) < 2e-6)
            }
        }
        #expect(y[3 * width].isNaN, "it writes behind its output")
    }

    @Test(arguments: [(1, 1, 1), (2, 5, 17), (3, 8, 64), (1, 13, 130), (1, 3, 0)])
    func fewRowsAreMultiplied(m: Int, n: Int, k: Int) {
        var numbers = TestNumbers(seed: 4)
        let (x, w, bias) = (numbers.floats(m * k), numbers.floats(n * k), numbers.floats(n))
        var y = [Float](repeating: .nan, count: m * n)
        multiplyRows(m: m, n: n, k: k, x, w, bias: bias, into: &y)
        let expected = (0..<m * n).map { place -> Double in
            (0..<k).reduce(Double(bias[place % n])) {
                $0 + Double(x[place / n * k + $1]) * Double(w[place % n * k + $1])
            }
        }
        #expect(relativeError(y, expected) < 1e-6)
    }
}
