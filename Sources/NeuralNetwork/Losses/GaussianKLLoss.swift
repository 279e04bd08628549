import Autograd
import ConfigurationReading
import TensorCore

/// Σ over samples of −½ Σ (1 + v − m² − eᵛ) over a sample's values: how far the normal distributions that an encoder
/// gives, of means m and logarithms of variances v, are from N(0, 1) (Kingma and Welling 2014, appendix B).
package struct GaussianKLLoss: Loss {
    /// The output that gives v.
    package let logVariance: PlacedName

    package init(logVariance: String) { self.logVariance = PlacedName(logVariance) }

    private init(_ logVariance: PlacedName) { self.logVariance = logVariance }

    static let entry = LossEntry(
        "gaussianKL",
        "The divergence of normal distributions from N(0, 1), for variational autoencoders: `of` gives their means; it "
            + "has no target."
    ) { reader in
        GaussianKLLoss(
            reader.required(
                "logVariance", .placedName, "The layer that gives the logarithms of their variances, as many values."))
    }

    package var name: String { "gaussianKL" }
    package var needsTarget: Bool { false }
    package var others: [PlacedName] { [logVariance] }

    package func callAsFunction(_ input: LossInput) -> Variable {
        gaussianKL(input.output, logVariance: input.others[0], weights: input.weights)
    }

    package func count(of output: Shape) -> Int { output[0] }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        "it compares the output with N(0, 1) alone; take `target` away"
    }

    package func problem(output: Shape, others: [Shape]) -> String? {
        others[0] == output
            ? nil
            : "the means are \(output), but \(logVariance.name) is \(others[0]); make both equally large"
    }
}
