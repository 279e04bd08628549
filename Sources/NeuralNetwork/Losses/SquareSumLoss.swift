import Autograd

/// Σ over samples of f · Σ (output − target)² over a sample's values, not their mean; against a class, its one-hot
/// vector.
package struct SquareSumLoss: ElementwiseLoss {
    /// f: ½ makes the gradient the difference itself.
    package let factor: Float
    package let name: String

    package static let halfSquare = SquareSumLoss(factor: 0.5, name: "halfSquare")
    package static let sumSquares = SquareSumLoss(factor: 1, name: "sumSquares")

    static let entries = [
        LossEntry("halfSquare", "½ Σ (output − target)² over a sample's values; against a class, its one-hot vector.") {
            _ in halfSquare
        },
        LossEntry("sumSquares", "Σ (output − target)² over a sample's values; against a class, its one-hot vector.") {
            _ in sumSquares
        },
    ]

    package func callAsFunction(_ input: LossInput) -> Variable {
        let output = input.output
        let perSample = output.shape.count / max(output.shape[0], 1)
        let mean = meanSquaredError(output, input.target.values(like: output), weights: input.weights)
        return scaled(mean, by: factor * Float(perSample))
    }
}
