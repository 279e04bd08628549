import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// Measures every convolution algorithm on the shapes of a model, pass by pass, on one core.
public struct ConvolutionBenchmark {
    /// One algorithm on one pass of one shape.
    public struct Row: Sendable {
        public var shape: String
        public var pass: String
        public var algorithm: String
        public var isChosen: Bool
        /// Operations of the direct algorithm over the time taken, in 10⁹ a second.
        public var gigaflops: Double
        /// The largest difference to a direct sum in Double, over the largest value.
        public var error: Double
        public var shareOfPeak: Double
    }

    private let shapes: [ConvolutionGeometry]
    private let peak: Double

    /// The distinct convolutions of a model for a batch.
    public init(model: ZooModel, batch: Int, peak: Double) throws {
        let network = try Model(name: model.rawValue, input: model.inputShape, layers: model.layers())
        var seen: Set<ConvolutionGeometry> = []
        shapes = network.convolutions.compactMap { geometry in
            var geometry = geometry
            geometry.batch = batch
            return seen.insert(geometry).inserted ? geometry : nil
        }
        self.peak = peak
    }

    /// Measures all and calls `body` with each row as it is ready.
    public func run(_ body: (Row) -> Void) {
        for geometry in shapes {
            let chosen = Convolution(geometry).algorithm
            for algorithm in Convolution.algorithms(for: geometry) {
                for row in measure(geometry, algorithm, isChosen: algorithm == chosen) { body(row) }
            }
        }
    }

    private func measure(_ g: ConvolutionGeometry, _ algorithm: ConvolutionAlgorithm, isChosen: Bool) -> [Row] {
        let convolution = Convolution(g, algorithm: algorithm)
        let key = RandomKey(seed: 1).folding(.benchmark)
        func random(_ count: Int, _ stream: Int) -> FlatBuffer {
            let buffer = FlatBuffer(count: count)
            Initializer.normal(1).fill(buffer.pointer, shape: [count], key: key.folding(stream))
            return buffer
        }
        let x = random(g.inputCount, 0)
        let w = random(g.filterCount, 1)
        let dy = random(g.outputCount, 2)
        let y = FlatBuffer(count: g.outputCount)
        let dx = FlatBuffer(count: g.inputCount)
        let dw = FlatBuffer(count: g.filterCount)
        let scratch = FlatBuffer(count: max(convolution.forwardScratchCount, convolution.gradientScratchCount))
        let reference = DirectReference(g, x: x.pointer, w: w.pointer, dy: dy.pointer)
        let passes: [(String, () -> Void, () -> Double)] = [
            (
                "forward",
                { convolution.forward(x.pointer, w.pointer, bias: nil, rectify: false, into: y.pointer, scratch: scratch.pointer) },
                { reference.error(of: y, reference.output) }
            ),
            (
                "data",
                {
                    convolution.gradients(
                        x.pointer, w.pointer, dy.pointer, data: dx.pointer, accumulateData: false, filter: nil,
                        accumulateFilter: false, scratch: scratch.pointer)
                }, { reference.error(of: dx, reference.dataGradient) }
            ),
            (
                "filter",
                {
                    convolution.gradients(
                        x.pointer, w.pointer, dy.pointer, data: nil, accumulateData: false, filter: dw.pointer,
                        accumulateFilter: false, scratch: scratch.pointer)
                }, { reference.error(of: dw, reference.filterGradient) }
            ),
        ]
        return passes.map { name, run, error in
            run()
            var best = Double.infinity
            let begin = Clock.seconds
            repeat {
                let start = Clock.seconds
                run()
                best = min(best, Clock.seconds - start)
            } while Clock.seconds - begin < 0.1
            let gigaflops = 2 * Double(g.multiplyAdds) / best / 1e9
            return Row(
                shape: g.text, pass: name, algorithm: algorithm.name, isChosen: isChosen, gigaflops: gigaflops, error: error(),
                shareOfPeak: gigaflops / peak)
        }
    }
}

extension ConvolutionGeometry {
    /// 32×(16×16×64) → 128, 3×3, stride 2
    fileprivate var text: String {
        let stride = strideHeight == 1 ? "" : " /\(strideHeight)"
        let padding = paddingTop == 0 ? "" : " +\(paddingTop)"
        let split = groups == 1 ? "" : " groups \(groups)"
        return "\(batch)×\(inputHeight)×\(inputWidth)×\(inputChannels)→\(outputChannels) \(kernelHeight)×\(kernelWidth)\(stride)\(padding)\(split)"
    }
}

/// Sampled values of a convolution and its gradients, summed directly in Double.
private struct DirectReference {
    let g: ConvolutionGeometry
    let x: UnsafePointer<Float>
    let w: UnsafePointer<Float>
    let dy: UnsafePointer<Float>

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

    func output(_ index: Int) -> Double {
        let channel = index % g.outputChannels
        let pixel = index / g.outputChannels
        let (n, oh, ow) = (pixel / g.outputWidth / g.outputHeight, pixel / g.outputWidth % g.outputHeight, pixel % g.outputWidth)
        var sum = 0.0
        for kh in 0..<g.kernelHeight {
            for kw in 0..<g.kernelWidth {
                guard let source = input(n, oh, ow, kh, kw) else { continue }
                for c in 0..<i {
                    sum += Double(x[source + channel / o * i + c]) * Double(w[((channel * g.kernelHeight + kh) * g.kernelWidth + kw) * i + c])
                }
            }
        }
        return sum
    }

    func dataGradient(_ index: Int) -> Double {
        let channel = index % g.inputChannels
        let pixel = index / g.inputChannels
        let (n, h, v) = (pixel / g.inputWidth / g.inputHeight, pixel / g.inputWidth % g.inputHeight, pixel % g.inputWidth)
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
                    sum += Double(dy[((n * g.outputHeight + oh) * g.outputWidth + ow) * g.outputChannels + k])
                        * Double(w[((k * g.kernelHeight + kh) * g.kernelWidth + kw) * i + channel % i])
                }
            }
        }
        return sum
    }

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
                    sum += Double(x[source + k / o * i + c])
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
