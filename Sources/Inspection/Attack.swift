import Autograd
import Kernels
import NeuralNetwork
import TensorCore

/// Small changes of pictures that make a classifier err.
package struct Attack {
    private let graph: TappedGraph
    private let tape: Tape
    /// What black and white are to the model, by channel.
    private let limits: [(black: Float, white: Float)]

    /// - Parameters:
    ///   - scores: the node with a score for each class, before a softmax.
    ///   - limits: what black and white are to the model, by channel.
    package init(
        _ model: Model, scores: String, limits: [(black: Float, white: Float)], on tape: Tape
    ) throws(ModelError) {
        graph = try TappedGraph(model, to: [scores])
        self.tape = tape
        self.limits = limits
    }

    /// The number of samples that are taken for their class, and the class that each is taken for.
    package func classified(_ batch: Tensor, as classes: [Int]) -> (correct: Int, chosen: [Int]) {
        let scores = graph.values([batch], on: tape)[0]
        let width = scores.count / max(classes.count, 1)
        let chosen = classes.indices.map { largest(scores.pointer + $0 * width, width) }
        return (zip(chosen, classes).count { $0 == $1 }, chosen)
    }

    /// The gradient of Σ −log softmax(scores)[class] with respect to the samples.
    package func lossGradient(_ batch: Tensor, classes: [Int]) -> Tensor {
        graph.gradients([batch], on: tape) { values in
            let width = values[0].count / max(classes.count, 1)
            let seed = Tensor(values[0].shape, pool: tape.pool)
            softmax(values[0].pointer, rows: classes.count, columns: width, logarithm: false, into: seed.pointer)
            for (row, number) in classes.enumerated() { seed.pointer[row * width + number] -= 1 }
            return [seed]
        }.batch[0]
    }

    /// The fast gradient sign method (Goodfellow, Shlens and Szegedy 2015, section 4): x + ε sign(∂ loss / ∂ x), within
    /// black and white.
    ///
    /// - Parameter epsilon: as a share of the way from black to white.
    package func fastGradientSign(_ batch: Tensor, classes: [Int], epsilon: Double) -> Tensor {
        let gradient = lossGradient(batch, classes: classes)
        let moved = Tensor(batch.shape, pool: tape.pool)
        for index in 0..<batch.count {
            let limit = limits[index % limits.count]
            let step = Float(epsilon) * (limit.white - limit.black)
            moved.pointer[index] = clamped(batch.pointer[index] + step * sign(gradient.pointer[index]), limit)
        }
        return moved
    }

    /// Projected gradient descent on −loss (Madry et al. 2018, section 2.1): steps by the gradient's sign, each put
    /// back into the box of ±ε around the sample and within black and white.
    ///
    /// - Parameters:
    ///   - epsilon, stepSize: as shares of the way from black to white.
    ///   - start: what is added first, of −1…1 in units of ε; nil to begin at the samples.
    package func projectedGradient(
        _ batch: Tensor, classes: [Int], epsilon: Double, stepSize: Double, steps: Int, start: [Float]? = nil
    ) -> Tensor {
        let x = Tensor(batch.shape, pool: tape.pool)
        for index in 0..<batch.count {
            let limit = limits[index % limits.count]
            let offset = (start?[index] ?? 0) * Float(epsilon) * (limit.white - limit.black)
            x.pointer[index] = clamped(batch.pointer[index] + offset, limit)
        }
        for _ in 0..<steps {
            let gradient = lossGradient(x, classes: classes)
            for index in 0..<batch.count {
                let limit = limits[index % limits.count]
                let range = limit.white - limit.black
                let own = batch.pointer[index]
                let moved = x.pointer[index] + Float(stepSize) * range * sign(gradient.pointer[index])
                let radius = Float(epsilon) * range
                x.pointer[index] = clamped(min(max(moved, own - radius), own + radius), limit)
            }
        }
        return x
    }

    private func sign(_ value: Float) -> Float { value > 0 ? 1 : value < 0 ? -1 : 0 }

    private func clamped(_ value: Float, _ limit: (black: Float, white: Float)) -> Float {
        min(max(value, min(limit.black, limit.white)), max(limit.black, limit.white))
    }
}
