import Autograd

/// Σ over samples of the mean of (output − target)² over a sample's values; against a class, its one-hot vector.
package struct MeanSquaredErrorLoss: ElementwiseLoss {
    package init() {}

    static let entry = LossEntry(
        "mse", "Mean squared error; against a class, its one-hot vector.",
        otherNames: ["MeanSquaredError", "MSELoss", "l2"]
    ) { _ in
        MeanSquaredErrorLoss()
    }

    package var name: String { "mse" }

    package func callAsFunction(_ input: LossInput) -> Variable {
        meanSquaredError(input.output, input.target.values(like: input.output), weights: input.weights)
    }
}
