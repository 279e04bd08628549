import Kernels
import Testing

/// What max pooling does with equal values and NaN.
@Suite struct PoolingTests {
    private func maxPooled(_ x: [Float], _ g: PoolingGeometry) -> (y: [Float], gradient: [Float]) {
        var y = [Float](repeating: -7, count: g.outputCount)
        var choice = [UInt8](repeating: 255, count: g.outputCount)
        maxPool(g, x, into: &y, choice: &choice)
        var dx = [Float](repeating: 0, count: g.inputCount)
        maxPoolGradient(g, (1...max(g.outputCount, 1)).map(Float.init), choice: choice, into: &dx)
        return (y, dx)
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
        let g = PoolingGeometry(batch: 1, height: 2, width: 2, channels: 1, kernel: (3, 3), stride: (2, 2), padding: (1, 1))
        #expect(maxPooled([-4, -3, -2, -1], g).y == [-1])
    }

    /// AlexNet, GoogLeNet and torch's rule that a window must begin inside the image or its left padding.
    @Test(arguments: [
        (55, 3, 2, 0, false, 27), (112, 3, 2, 0, true, 56), (112, 3, 2, 0, false, 55), (7, 2, 2, 1, true, 4), (5, 1, 2, 0, true, 3),
        (4, 1, 3, 0, true, 2), (2, 3, 1, 0, false, 0),
    ])
    func outputExtents(n: Int, k: Int, s: Int, p: Int, ceil: Bool, expected: Int) {
        let g = PoolingGeometry(
            batch: 1, height: n, width: n, channels: 1, kernel: (k, k), stride: (s, s), padding: (p, p), ceilMode: ceil)
        #expect(g.outputHeight == expected && g.outputWidth == expected)
    }
}
