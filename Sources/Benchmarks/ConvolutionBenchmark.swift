import Autograd
import Foundation
import Kernels
import NeuralNetwork
import System
import TensorCore

/// Measures every convolution algorithm pass by pass on one core, in the thread's processor time: other jobs disturb it
/// less.
package struct ConvolutionBenchmark {
    /// One algorithm on one pass of one shape.
    package struct Row: Sendable {
        package var shape: String
        package var pass: String
        package var algorithm: String
        package var isChosen: Bool
        /// Operations of the direct algorithm over the time taken, in 10⁹ a second.
        package var gigaflops: Double
        /// The largest difference to a direct sum in Double, over the largest value.
        package var error: Double
        package var shareOfPeak: Double
    }

    private let shapes: [ConvolutionGeometry]
    private let peak: Double

    /// One shape.
    package init(shape: ConvolutionGeometry, peak: Double) {
        shapes = [shape]
        self.peak = peak
    }

    /// The distinct convolutions of a model for a batch, without auxiliary heads.
    package init(model: ZooModel, batch: Int, peak: Double) throws {
        let network = try model.build(auxiliary: false)
        var seen: Set<ConvolutionGeometry> = []
        shapes = network.convolutions.compactMap { geometry in
            var geometry = geometry
            geometry.batch = batch
            return seen.insert(geometry).inserted ? geometry : nil
        }
        self.peak = peak
    }

    /// Measures all and calls `body` with each row as it is ready.
    package func run(_ body: (Row) throws -> Void) rethrows {
        for geometry in shapes {
            let chosen = Convolution(geometry).algorithm
            for algorithm in Convolution.algorithms(for: geometry) {
                for row in measure(geometry, algorithm, isChosen: algorithm == chosen) { try body(row) }
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
        let (x, w, dy) = (random(g.inputCount, 0), random(g.filterCount, 1), random(g.outputCount, 2))
        let (y, dx, dw) = (
            FlatBuffer(count: g.outputCount), FlatBuffer(count: g.inputCount), FlatBuffer(count: g.filterCount)
        )
        let scratch = FlatBuffer(count: max(convolution.forwardScratchCount, convolution.gradientScratchCount))
        let reference = DirectReference(g, x: x.pointer, w: w.pointer, dy: dy.pointer)
        func gradients(data: Bool, filter: Bool) {
            convolution.gradients(
                x.pointer, w.pointer, dy.pointer, data: data ? dx.pointer : nil, accumulateData: false,
                filter: filter ? dw.pointer : nil, accumulateFilter: false, scratch: scratch.pointer)
        }
        let dataError = { reference.error(of: dx, reference.dataGradient) }
        let filterError = { reference.error(of: dw, reference.filterGradient) }
        let passes: [Pass] = [
            Pass(
                name: "forward",
                run: {
                    convolution.forward(
                        x.pointer, w.pointer, bias: nil, rectify: false, into: y.pointer, scratch: scratch.pointer)
                },
                error: { reference.error(of: y, reference.output) }),
            Pass(name: "data", run: { gradients(data: true, filter: false) }, error: dataError),
            Pass(name: "filter", run: { gradients(data: false, filter: true) }, error: filterError),
            // What training does; the fast algorithms share a transform.
            Pass(
                name: "data+filter", count: 2, run: { gradients(data: true, filter: true) },
                error: { max(dataError(), filterError()) }),
        ]
        return passes.map { pass in
            let gigaflops = 2 * Double(pass.count * g.multiplyAdds) / pass.fastestSeconds() / 1e9
            return Row(
                shape: g.text, pass: pass.name, algorithm: algorithm.name, isChosen: isChosen, gigaflops: gigaflops,
                error: pass.error(), shareOfPeak: gigaflops / peak)
        }
    }
}

/// A pass, or both gradients in one call.
private struct Pass {
    var name: String
    /// Convolutions that `run` computes.
    var count = 1
    var run: () -> Void
    var error: () -> Double

    /// The least processor time of the runs in a fifth of a second, after one that does not count.
    func fastestSeconds() -> Double {
        run()
        var fastest = Double.infinity
        let begin = Clock.seconds
        repeat {
            let start = Clock.threadSeconds
            run()
            fastest = min(fastest, Clock.threadSeconds - start)
        } while Clock.seconds - begin < 0.2
        return fastest
    }
}

extension ConvolutionGeometry {
    /// 32×(16×16×64) → 128, 3×3, stride 2
    fileprivate var text: String {
        let stride = strideHeight == 1 ? "" : " /\(strideHeight)"
        let padding = paddingTop == 0 ? "" : " +\(paddingTop)"
        let split = groups == 1 ? "" : " groups \(groups)"
        return
            "\(batch)×\(inputHeight)×\(inputWidth)×\(inputChannels)→\(outputChannels) "
            + "\(kernelHeight)×\(kernelWidth)\(stride)\(padding)\(split)"
    }
}
