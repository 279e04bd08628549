import Autograd

/// Σ over samples of the mean of |output − target| over a sample's values; against a class, its one-hot vector.
package struct AbsoluteErrorLoss: ElementwiseLoss {
    package init() {}

    static let entry = LossEntry("l1", "Mean absolute error; against a class, its one-hot vector.") { _ in
        AbsoluteErrorLoss()
    }

    package var name: String { "l1" }

    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable {
        absoluteError(output, target.values(like: output))
    }
}
