import Autograd
import Kernels

/// Sampled values of a convolution and its gradients, summed directly in Double.
struct DirectReference {
    private let g: ConvolutionGeometry
    private let x: UnsafePointer<Float>
    private let w: UnsafePointer<Float>
    private let dy: UnsafePointer<Float>

    init(_ g: ConvolutionGeometry, x: UnsafePointer<Float>, w: UnsafePointer<Float>, dy: UnsafePointer<Float>) {
        self.g = g
        self.x = x
        self.w = w
        self.dy = dy
    }

    /// The largest error at 200 places over the largest value of the whole result.
    func error(of result: FlatBuffer, _ exact: (Int) -> Double) -> Double {
        var largest = 0.0
        for i in 0..<result.count { largest = max(largest, Double(abs(result.pointer[i]))) }
        var error = 0.0
        for k in 0..<200 {
            let index = RandomKey(seed: 2).integer(at: UInt64(k), below: result.count)
            error = max(error, abs(Double(result.pointer[index]) - exact(index)))
        }
        return error / largest
    }

    private var i: Int { g.groupInputChannels }
    private var o: Int { g.groupOutputChannels }

    /// One value of the output.
    func output(_ index: Int) -> Double {
        let channel = index % g.outputChannels
        let pixel = index / g.outputChannels
        let (n, oh, ow) = (
            pixel / g.outputWidth / g.outputHeight, pixel / g.outputWidth % g.outputHeight, pixel % g.outputWidth
        )
        var sum = 0.0
        for kh in 0..<g.kernelHeight {
            for kw in 0..<g.kernelWidth {
                guard let source = input(n, oh, ow, kh, kw) else { continue }
                for c in 0..<i {
                    sum +=
                        Double(x[source + channel / o * i + c])
                        * Double(w[((channel * g.kernelHeight + kh) * g.kernelWidth + kw) * i + c])
                }
            }
        }
        return sum
    }

    /// One value of the gradient for the input.
    func dataGradient(_ index: Int) -> Double {
        let channel = index % g.inputChannels
        let pixel = index / g.inputChannels
        let (n, h, v) = (
            pixel / g.inputWidth / g.inputHeight, pixel / g.inputWidth % g.inputHeight, pixel % g.inputWidth
        )
        let group = channel / i
        var sum = 0.0
        for kh in 0..<g.kernelHeight {
            for kw in 0..<g.kernelWidth {
                let row = h + g.paddingTop - kh * g.dilationHeight
                let column = v + g.paddingLeft - kw * g.dilationWidth
                guard row >= 0, column >= 0, row % g.strideHeight == 0, column % g.strideWidth == 0 else { continue }
                let (oh, ow) = (row / g.strideHeight, column / g.strideWidth)
                guard oh < g.outputHeight, ow < g.outputWidth else { continue }
                for k in group * o..<(group + 1) * o {
                    sum +=
                        Double(dy[((n * g.outputHeight + oh) * g.outputWidth + ow) * g.outputChannels + k])
                        * Double(w[((k * g.kernelHeight + kh) * g.kernelWidth + kw) * i + channel % i])
                }
            }
        }
        return sum
    }

    /// One value of the gradient for the filters.
    func filterGradient(_ index: Int) -> Double {
        let c = index % i
        let kw = index / i % g.kernelWidth
        let kh = index / i / g.kernelWidth % g.kernelHeight
        let k = index / i / g.kernelWidth / g.kernelHeight
        var sum = 0.0
        for n in 0..<g.batch {
            for oh in 0..<g.outputHeight {
                for ow in 0..<g.outputWidth {
                    guard let source = input(n, oh, ow, kh, kw) else { continue }
                    sum +=
                        Double(x[source + k / o * i + c])
                        * Double(dy[((n * g.outputHeight + oh) * g.outputWidth + ow) * g.outputChannels + k])
                }
            }
        }
        return sum
    }

    /// The first channel of the input pixel under a filter's tap; nil in the padding.
    private func input(_ n: Int, _ oh: Int, _ ow: Int, _ kh: Int, _ kw: Int) -> Int? {
        let h = oh * g.strideHeight - g.paddingTop + kh * g.dilationHeight
        let v = ow * g.strideWidth - g.paddingLeft + kw * g.dilationWidth
        guard h >= 0, h < g.inputHeight, v >= 0, v < g.inputWidth else { return nil }
        return ((n * g.inputHeight + h) * g.inputWidth + v) * g.inputChannels
    }
}
