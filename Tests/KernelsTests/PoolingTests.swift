import Kernels
import TestSupport
import Testing

/// What max pooling does with equal values, NaN and every number of channels.
@Suite struct PoolingTests {
    /// Floats behind each tensor that nobody may write.
    private static let margin = [Float](repeating: 1234.5, count: 32)

    /// The value, and the gradient for output gradients 1, 2, 3, …, added to `start` where it is given.
    private func maxPooled(_ x: [Float], _ g: PoolingGeometry, addedTo start: [Float]? = nil) -> (
        y: [Float], gradient: [Float]
    ) {
        var y = [Float](repeating: -7, count: g.outputCount) + Self.margin
        var choice = [Float](repeating: -1, count: g.outputCount) + Self.margin
        maxPool(g, x, into: &y, choice: &choice)
        var dx = (start ?? [Float](repeating: .nan, count: g.inputCount)) + Self.margin
        maxPoolGradient(
            g, (1...max(g.outputCount, 1)).map(Float.init), choice: choice, into: &dx, accumulate: start != nil)
        for memory in [y, choice, dx] {
            #expect(Array(memory.suffix(Self.margin.count)) == Self.margin, "writes behind a tensor")
        }
        return (Array(y[..<g.outputCount]), Array(dx[..<g.inputCount]))
    }

    /// The gradient as a loop over windows: each output's gradient to its window's first largest pixel.
    private func naiveGradient(_ x: [Float], _ g: PoolingGeometry) -> [Float] {
        var dx = [Float](repeating: 0, count: g.inputCount)
        var output: Float = 0
        for n in 0..<g.batch {
            for p in 0..<g.outputHeight {
                for q in 0..<g.outputWidth {
                    for c in 0..<g.channels {
                        output += 1
                        var best: Int?
                        for i in p * g.strideHeight - g.paddingHeight..<p * g.strideHeight - g.paddingHeight
                            + g.kernelHeight
                        {
                            for j in q * g.strideWidth - g.paddingWidth..<q * g.strideWidth - g.paddingWidth
                                + g.kernelWidth
                            {
                                guard i >= 0 && i < g.height && j >= 0 && j < g.width else { continue }
                                let index = ((n * g.height + i) * g.width + j) * g.channels + c
                                if best.map({ x[index] > x[$0] }) ?? true { best = index }
                            }
                        }
                        if let best { dx[best] += output }
                    }
                }
            }
        }
        return dx
    }

    @Test(arguments: 1...34) func everyNumberOfChannelsIsPooled(channels: Int) {
        for (kernel, stride, padding, ceil) in [
            (2, 2, 0, false), (3, 2, 1, false), (3, 2, 0, true), (2, 3, 0, false), (2, 1, 0, false), (3, 3, 0, true),
        ] {
            let g = PoolingGeometry(
                batch: 2, height: 5, width: 7, channels: channels, kernel: (kernel, kernel), stride: (stride, stride),
                padding: (padding, padding), ceilMode: ceil)
            var numbers = TestNumbers(seed: UInt64(channels))
            let x = numbers.floats(g.inputCount, .distinct)
            let reference = DoubleReference.maxPool(
                DoubleTensor(x, [2, 5, 7, channels]),
                .init(kernel: kernel, stride: stride, padding: padding, ceil: ceil))
            let result = maxPooled(x, g)
            #expect(result.y.map(Double.init) == reference.values)
            let gradient = naiveGradient(x, g)
            #expect(result.gradient == gradient)
            let start = gradient.indices.map { Float($0 % 7) }
            #expect(maxPooled(x, g, addedTo: start).gradient == zip(gradient, start).map { $0 + $1 })
        }
    }

    @Test func theFirstOfEqualValuesGetsTheGradient() {
        let g = PoolingGeometry(batch: 1, height: 2, width: 2, channels: 1, kernel: (2, 2), stride: (2, 2))
        let result = maxPooled([3, 3, 3, 3], g)
        #expect(result.y == [3] && result.gradient == [1, 0, 0, 0])
    }

    @Test func aNaNIsTheLargest() {
        let g = PoolingGeometry(batch: 1, height: 2, width: 2, channels: 1, kernel: (2, 2), stride: (2, 2))
        for place in 0..<4 {
            var x: [Float] = [1, 9, .infinity, 4]
            x[place] = .nan
            let result = maxPooled(x, g)
            #expect(result.y[0].isNaN)
            #expect(result.gradient[place] == 1)
        }
    }

    @Test func overlappingWindowsAddTheirGradients() {
        let g = PoolingGeometry(batch: 1, height: 1, width: 3, channels: 1, kernel: (1, 2), stride: (1, 1))
        let result = maxPooled([1, 5, 2], g)
        #expect(result.y == [5, 5] && result.gradient == [0, 3, 0])
    }

    @Test func paddingIsNeverTheLargest() {
        let g = PoolingGeometry(
            batch: 1, height: 2, width: 2, channels: 1, kernel: (3, 3), stride: (2, 2), padding: (1, 1))
        #expect(maxPooled([-4, -3, -2, -1], g).y == [-1])
    }

    /// AlexNet, GoogLeNet and torch's rule that a window must begin inside the image or its left padding.
    @Test(arguments: [
        (55, 3, 2, 0, false, 27), (112, 3, 2, 0, true, 56), (112, 3, 2, 0, false, 55), (7, 2, 2, 1, true, 4),
        (5, 1, 2, 0, true, 3),
        (4, 1, 3, 0, true, 2), (2, 3, 1, 0, false, 0),
    ])
    func outputExtents(n: Int, k: Int, s: Int, p: Int, ceil: Bool, expected: Int) {
        let g = PoolingGeometry(
            batch: 1, height: n, width: n, channels: 1, kernel: (k, k), stride: (s, s), padding: (p, p), ceilMode: ceil)
        #expect(g.outputHeight == expected && g.outputWidth == expected)
    }
}
