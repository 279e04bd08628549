import Autograd

/// Σ over samples of the mean of (output − target)² over a sample's values; against a class, its one-hot vector.
package struct MeanSquaredErrorLoss: ElementwiseLoss {
    package init() {}

    static let entry = LossEntry("mse", "Mean squared error; against a class, its one-hot vector.") { _ in
        MeanSquaredErrorLoss()
    }

    package var name: String { "mse" }

    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable {
        meanSquaredError(output, target.values(like: output))
    }
}
