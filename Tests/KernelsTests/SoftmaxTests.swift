import Kernels
import TestSupport
import Testing

/// Softmax and cross-entropy where naive formulas overflow, and where numbers are not numbers.
@Suite struct SoftmaxTests {
    private func crossEntropyOf(_ logits: [Float], label: Int32, smoothing: Float = 0) -> (
        loss: Float, correct: Int, gradient: [Float]
    ) {
        var gradient = [Float](repeating: .nan, count: logits.count)
        let result = [label].withUnsafeBufferPointer { labels -> (loss: Float, correct: Int) in
            guard let labels = labels.baseAddress else { return (.nan, 0) }
            return crossEntropy(
                logits, rows: 1, classes: logits.count, target: .classes(labels), smoothing: smoothing,
                gradient: &gradient)
        }
        return (result.loss, result.correct, gradient)
    }

    @Test func hugeLogitsDoNotOverflow() {
        let right = crossEntropyOf([1e30, -1e30, 0], label: 0)
        #expect(right.loss == 0 && right.correct == 1 && right.gradient == [0, 0, 0])
        let wrong = crossEntropyOf([1e4, -1e4, 0], label: 1)
        #expect(wrong.loss == 2e4 && wrong.correct == 0 && wrong.gradient == [1, -1, 0])
        let tie = crossEntropyOf([3e38, 3e38], label: 1)
        #expect(tie.gradient == [0.5, -0.5])
    }

    @Test func confidentPredictionsKeepASmallLoss() {
        // log(1 + e⁻¹⁵) = 3.06·10⁻⁷ is one or two roundings of the logit 15, the shift's scale.
        let result = crossEntropyOf([15, 0], label: 0)
        #expect(result.loss >= 0 && result.loss < 2e-6)
        #expect(abs(result.gradient[1] - 3.059e-7) < 1e-10)
    }

    @Test func aNaNReachesTheLossAndIsNeverCorrect() {
        for place in 0..<3 {
            var logits: [Float] = [1, 2, 3]
            logits[place] = .nan
            let result = crossEntropyOf(logits, label: 2)
            #expect(result.loss.isNaN && result.correct == 0 && result.gradient.allSatisfy { $0.isNaN })
            var y = logits
            softmax(logits, rows: 1, columns: 3, logarithm: false, into: &y)
            #expect(y.allSatisfy { $0.isNaN })
        }
    }

    @Test func softmaxOfHugeLogitsSumsToOne() {
        let x: [Float] = [1e30, 1e30, -1e30, 88, 87, -1000, 0, 0, 0]
        var y = [Float](repeating: .nan, count: 9)
        softmax(x, rows: 3, columns: 3, logarithm: false, into: &y)
        #expect(y[0] == 0.5 && y[1] == 0.5 && y[2] == 0)
        for row in 0..<3 { #expect(abs(y[3 * row] + y[3 * row + 1] + y[3 * row + 2] - 1) < 3e-7) }
        softmax(x, rows: 3, columns: 3, logarithm: true, into: &y)
        #expect(y[5] == -1000 - 88 - 0.313_261_7)
        #expect(y.allSatisfy { $0.isFinite })
    }

    @Test func smoothedLabelsCostTheUniformDistributionsShare() {
        let logits: [Float] = [2, -1, 0.5]
        let plain = crossEntropyOf(logits, label: 0)
        let uniform = DoubleReference.crossEntropy(
            DoubleTensor(logits, [1, 3]), DoubleTensor(repeating: 1.0 / 3, [1, 3]))
        let smoothed = crossEntropyOf(logits, label: 0, smoothing: 0.1)
        #expect(abs(Double(smoothed.loss) - (0.9 * Double(plain.loss) + 0.1 * uniform.values[0])) < 1e-6)
        #expect(abs(smoothed.gradient.reduce(0, +)) < 1e-6)
    }

    @Test func theLargestIsTheFirstOfEqualOnes() {
        #expect(largest([1, 3, 3, 2], 4) == 1)
        #expect(largest([-1], 1) == 0)
        #expect(largest([1, .nan, 3], 3) == -1)
    }
}
