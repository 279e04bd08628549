import Autograd

/// Σ over samples of the mean of |output − target| over a sample's values; against a class, its one-hot vector.
package struct AbsoluteErrorLoss: ElementwiseLoss {
    package init() {}

    static let entry = LossEntry(
        "l1", "Mean absolute error; against a class, its one-hot vector.",
        otherNames: ["MeanAbsoluteError", "mae", "L1Loss"]
    ) { _ in
        AbsoluteErrorLoss()
    }

    package var name: String { "l1" }

    package func callAsFunction(_ input: LossInput) -> Variable {
        absoluteError(input.output, input.target.values(like: input.output), weights: input.weights)
    }
}
