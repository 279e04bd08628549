import Autograd
import TensorCore

/// Σ over samples of the mean of (output − target)² over a sample's values; against a class, its one-hot vector.
package struct MeanSquaredErrorLoss: Loss {
    package init() {}

    static let entry = LossEntry("mse", "Mean squared error; against a class, its one-hot vector.") { _ in
        MeanSquaredErrorLoss()
    }

    package var name: String { "mse" }

    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable {
        meanSquaredError(output, target.values(like: output))
    }

    package func count(of output: Shape) -> Int { output[0] }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        elementwiseProblem(output: output, target: target)
    }
}
