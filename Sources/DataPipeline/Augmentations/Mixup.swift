import ConfigurationReading
import Kernels
import TensorCore

/// Blends each sample with another one of its grain, and their targets alike: s x + (1 − s) y, s ~ Beta(α, α) drawn for
/// each grain (Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018, section 2).
package struct Mixup: MixingTransform {
    /// α: near 0 samples stay nearly themselves, at 1 all shares are equally likely.
    package let alpha: Double

    package init(alpha: Double) {
        precondition(alpha > 0, "Mixup: alpha \(alpha)")
        self.alpha = alpha
    }

    static let entry = AugmentationEntry(
        "mixup",
        "Samples of a grain are blended in pairs, targets too: classes become shares, of which metrics of training "
            + "count the larger (Zhang et al. 2018). Beside `cutmix` one of both is drawn for each grain.",
        shorthand: "alpha", otherNames: ["MixUp"]
    ) {
        Mixup(
            alpha: $0.value(
                "alpha", .number(in: 0.001...1000), default: 0.2,
                "α of Beta(α, α), from which a sample's own share is drawn for each grain."))
    }

    package func mixing(of shape: Shape, key: RandomKey) -> Mixing {
        .blend(share: Float(key.symmetricBeta(alpha)))
    }

    package func problem(of field: FieldDescription, beside main: FieldDescription) -> String? { nil }
}
