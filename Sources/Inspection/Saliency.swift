import Autograd
import Kernels
import NeuralNetwork
import TensorCore

/// What in a picture a score depends on.
package struct Saliency {
    private let graph: TappedGraph
    private let tape: Tape

    /// - Parameters:
    ///   - scores: the node with a score for each class, before a softmax.
    ///   - tape: over the weights that are looked at.
    package init(_ model: Model, scores: String, on tape: Tape) throws(ModelError) {
        graph = try TappedGraph(model, to: [scores])
        self.tape = tape
    }

    /// The scores of samples [n, …], row by row.
    package func scores(_ batch: Tensor) -> [[Float]] {
        let values = graph.values([batch], on: tape)[0]
        let width = values.count / max(values.shape[0], 1)
        return (0..<values.shape[0]).map { Array(values.values[$0 * width..<($0 + 1) * width]) }
    }

    /// ∂ score / ∂ x of each sample's class (Simonyan, Vedaldi and Zisserman 2014, section 3), of the batch's shape.
    ///
    /// - Parameter rectifiers: guided, it is guided backpropagation (Springenberg et al. 2015), no gradient.
    package func gradient(_ batch: Tensor, classes: [Int], rectifiers: RectifierGradient = .derivative) -> Tensor {
        graph.gradients([batch], on: tape, rectifiers: rectifiers) { values in
            [Saliency.seed(classes, like: values[0], pool: tape.pool)]
        }.batch[0]
    }

    /// 1 at each sample's class, else 0.
    static func seed(_ classes: [Int], like scores: Tensor, pool: StoragePool) -> Tensor {
        let seed = Tensor(scores.shape, pool: pool)
        seed.fill(0)
        let width = scores.count / max(classes.count, 1)
        for (row, number) in classes.enumerated() { seed.pointer[row * width + number] = 1 }
        return seed
    }

    /// The mean gradient over copies of a sample with normal noise (SmoothGrad; Smilkov et al. 2017).
    ///
    /// - Parameters:
    ///   - sample: [1, …]
    ///   - noise: σ as a share of the sample's range.
    ///   - draws: how many copies.
    ///   - key: what the noise is a function of.
    package func smoothGradient(_ sample: Tensor, class number: Int, noise: Double, draws: Int, key: RandomKey)
        -> [Float]
    {
        let values = sample.values
        let range = (values.max() ?? 0) - (values.min() ?? 0)
        var sum = [Double](repeating: 0, count: values.count)
        for draw in 0..<draws {
            let noisy = Noise.normal(count: values.count, key: key.folding(draw))
            let batch = Tensor(
                zip(values, noisy).map { $0 + Float(noise) * range * $1 }, sample.shape, pool: tape.pool)
            for (index, value) in gradient(batch, classes: [number]).values.enumerated() { sum[index] += Double(value) }
        }
        return sum.map { Float($0 / Double(max(draws, 1))) }
    }

    /// Grad-CAM (Selvaraju et al. 2017, section 3): max(0, Σₖ αₖ Aₖ) with αₖ the mean over positions of ∂ score / ∂ Aₖ,
    /// of each sample; [n, h, w] of the node's positions.
    ///
    /// - Parameter node: of an image [h, w, K].
    package static func gradCAM(
        _ model: Model, node: String, scores: String, _ batch: Tensor, classes: [Int], on tape: Tape
    ) throws(ModelError) -> [Float] {
        let graph = try TappedGraph(model, to: [node, scores])
        let made = graph.gradients([batch], on: tape) { values in
            [nil, seed(classes, like: values[1], pool: tape.pool)]
        }
        let shape = made.values[0].shape
        let (positions, channels) = (shape[1] * shape[2], shape[3])
        let (values, gradient) = (made.values[0].values, made.nodes[0]?.values)
        var maps = [Float](repeating: 0, count: shape[0] * positions)
        guard let gradient else { return maps }
        for row in 0..<shape[0] {
            for channel in 0..<channels {
                let own = row * positions * channels + channel
                var sum: Float = 0
                for position in 0..<positions { sum += gradient[own + position * channels] }
                let weight = sum / Float(positions)
                for position in 0..<positions {
                    maps[row * positions + position] += weight * values[own + position * channels]
                }
            }
        }
        return maps.map { max($0, 0) }
    }

    /// The largest magnitude over the channels at each pixel, [H, W].
    package static func magnitude(_ gradient: some Collection<Float>, channels: Int) -> [Float] {
        let values = Array(gradient)
        return stride(from: 0, to: values.count, by: channels).map { start in
            values[start..<start + channels].reduce(0) { max($0, abs($1)) }
        }
    }

    /// Spearman's rank correlation; equal values share the mean of their ranks. 0 where one side is constant.
    package static func rankCorrelation(_ a: [Float], _ b: [Float]) -> Double {
        func ranks(_ values: [Float]) -> [Double] {
            let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
            var result = [Double](repeating: 0, count: values.count)
            var first = 0
            while first < order.count {
                var last = first
                while last + 1 < order.count, values[order[last + 1]] == values[order[first]] { last += 1 }
                for place in first...last { result[order[place]] = Double(first + last) / 2 }
                first = last + 1
            }
            return result
        }
        let (x, y) = (ranks(a), ranks(b))
        let mean = Double(a.count - 1) / 2
        var (xy, xx, yy) = (0.0, 0.0, 0.0)
        for (p, q) in zip(x, y) {
            xy += (p - mean) * (q - mean)
            xx += (p - mean) * (p - mean)
            yy += (q - mean) * (q - mean)
        }
        return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
    }
}

/// Random numbers as functions of a key.
package enum Noise {
    /// Standard normal numbers.
    package static func normal(count: Int, key: RandomKey) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(count + 1)
        for pair in 0..<(count + 1) / 2 {
            let (a, b) = key.normals(at: UInt64(pair))
            result.append(a)
            result.append(b)
        }
        return Array(result.prefix(count))
    }

    /// Uniform numbers of −1…1.
    package static func uniform(count: Int, key: RandomKey) -> [Float] {
        (0..<count).map { 2 * key.uniform(at: UInt64($0)) - 1 }
    }
}
