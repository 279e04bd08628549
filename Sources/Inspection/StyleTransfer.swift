import Autograd
import Kernels
import NeuralNetwork
import TensorCore

/// A picture with the content of one and the style of another (Gatys, Ecker and Bethge 2016).
package struct StyleTransfer {
    private let graph: TappedGraph
    private let tape: Tape
    private let shape: Shape
    private let styleCount: Int
    private let weights: Weights
    /// Of the content, at the last node.
    private let content: [Float]
    /// Of the style, at the others.
    private let grams: [[Float]]
    /// What the differences of the content and of each Gram matrix are divided by: the sums of squares of the wanted
    /// values, so that a loss of 1 is as far away as 0 is and weights mean the same for every network.
    private let contentSize: Double
    private let gramSizes: [Double]

    /// How much each part of the loss counts.
    package struct Weights: Sendable {
        package var content: Double
        package var style: Double
        package var totalVariation: Double

        package init(content: Double = 1, style: Double = 10, totalVariation: Double = 0.01) {
            self.content = content
            self.style = style
            self.totalVariation = totalVariation
        }
    }

    /// - Parameters:
    ///   - graph: of the style's nodes and then the content's, all of images.
    ///   - content: [1, H, W, C]
    ///   - styleGraph: the same nodes over the style's size.
    ///   - style: [1, H', W', C]
    package init(
        _ graph: TappedGraph, content: Tensor, styleGraph: TappedGraph, style: Tensor, styleTape: Tape,
        weights: Weights, on tape: Tape
    ) {
        self.graph = graph
        self.tape = tape
        shape = content.shape
        styleCount = graph.nodes.count - 1
        self.weights = weights
        self.content = graph.values([content], on: tape)[styleCount].values
        grams = styleGraph.values([style], on: styleTape).prefix(graph.nodes.count - 1).map { StyleTransfer.gram($0) }
        contentSize = StyleTransfer.size(self.content)
        gramSizes = grams.map(StyleTransfer.size)
    }

    /// The sum of squares; 1 where all is 0.
    private static func size(_ values: [Float]) -> Double {
        let sum = values.reduce(0.0) { $0 + Double($1) * Double($1) }
        return sum > 0 ? sum : 1
    }

    /// G = FᵀF / (positions · channels) of a value [1, h, w, K]: [K, K] (equation 3, whose norm is put in here).
    package static func gram(_ value: Tensor) -> [Float] {
        let channels = value.shape[-1]
        let positions = value.count / channels
        var result = [Float](repeating: 0, count: channels * channels)
        multiply(
            m: channels, n: channels, k: positions, value.pointer, lda: channels, transposeA: true, value.pointer,
            ldb: channels, into: &result, ldc: channels)
        let scale = 1 / Float(value.count)
        return result.map { $0 * scale }
    }

    /// The loss of a picture, its parts and its gradient.
    package struct Loss {
        package var total: Double
        package var content: Double
        package var style: Double
        package var totalVariation: Double
        package var gradient: [Float]
    }

    /// Content: Σ of squared differences over Σ of squares of the wanted values. Style: the same of the Gram matrices,
    /// over the layers their mean: equation 5 with these weights of the layers. Total variation: half the sum of
    /// squared differences of neighbours over the number of values.
    package func loss(_ picture: [Float]) -> Loss {
        var (contentLoss, styleLoss) = (0.0, 0.0)
        let made = graph.gradients([Tensor(picture, shape, pool: tape.pool)], on: tape) { values in
            values.enumerated().map { place, value -> Tensor? in
                place < styleCount
                    ? styleGradient(value, place, &styleLoss) : contentGradient(value, &contentLoss)
            }
        }
        var gradient = made.batch[0].values
        let smooth = Ascent.totalVariationGradient(picture, shape[1], shape[2], shape[3])
        let scale = 1 / Double(picture.count)
        var variation = 0.0
        for index in gradient.indices {
            // The energy is quadratic: half of x · its gradient.
            variation += Double(picture[index]) * Double(smooth[index]) / 2 * scale
            gradient[index] += Float(weights.totalVariation * scale) * smooth[index]
        }
        return Loss(
            total: weights.content * contentLoss + weights.style * styleLoss + weights.totalVariation * variation,
            content: contentLoss, style: styleLoss, totalVariation: variation, gradient: gradient)
    }

    private func contentGradient(_ value: Tensor, _ loss: inout Double) -> Tensor? {
        let gradient = Tensor(value.shape, pool: tape.pool)
        let scale = 1 / contentSize
        for index in 0..<value.count {
            let difference = value.pointer[index] - content[index]
            loss += Double(difference) * Double(difference) * scale
            gradient.pointer[index] = Float(2 * weights.content * scale) * difference
        }
        return gradient
    }

    private func styleGradient(_ value: Tensor, _ place: Int, _ loss: inout Double) -> Tensor? {
        let channels = value.shape[-1]
        let gram = StyleTransfer.gram(value)
        var difference = [Float](repeating: 0, count: gram.count)
        var own = 0.0
        for index in gram.indices {
            difference[index] = gram[index] - grams[place][index]
            own += Double(difference[index]) * Double(difference[index])
        }
        let share = 1 / (Double(styleCount) * gramSizes[place])
        loss += own * share
        // ∂/∂F of ‖FᵀF / n − A‖² is 4 F (G − A) / n.
        let gradient = Tensor(value.shape, pool: tape.pool)
        multiply(
            m: value.count / channels, n: channels, k: channels, value.pointer, lda: channels, difference,
            ldb: channels, into: gradient.pointer, ldc: channels)
        let scale = Float(4 * weights.style * share / Double(value.count))
        for index in 0..<value.count { gradient.pointer[index] *= scale }
        return gradient
    }
}
