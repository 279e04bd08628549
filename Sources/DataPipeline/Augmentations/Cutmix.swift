import ConfigurationReading
import Kernels
import TensorCore

/// Puts a rectangle of another image of the grain into each one; the classes' shares are those of the area (Yun et al.,
/// "CutMix", ICCV 2019, section 3, with the rounding of torchvision's `CutMix`).
///
/// With s ~ Beta(α, α) drawn for each grain the sides are √(1 − s) of the image's; the middle is anywhere, and what
/// stands out is cut off.
package struct Cutmix: MixingTransform {
    package let alpha: Double

    package init(alpha: Double) {
        precondition(alpha > 0, "Cutmix: alpha \(alpha)")
        self.alpha = alpha
    }

    static let entry = AugmentationEntry(
        "cutmix",
        "Each image of a grain gets a rectangle of another one; classes become shares as large as the areas, of which "
            + "metrics of training count the larger (Yun et al. 2019). Beside `mixup` one of both is drawn for each "
            + "grain.", shorthand: "alpha", otherNames: ["CutMix"]
    ) {
        Cutmix(
            alpha: $0.value(
                "alpha", .number(in: 0.001...1000), default: 1,
                "α of Beta(α, α), from which the share of the area that stays is drawn for each grain."))
    }

    package func mixing(of shape: Shape, key: RandomKey) -> Mixing {
        let half = 0.5 * (1 - key.folding(0).symmetricBeta(alpha)).squareRoot()
        func range(_ extent: Int, at place: UInt64) -> Range<Int> {
            let middle = key.integer(at: place, below: extent)
            let reach = Int(half * Double(extent))
            return max(middle - reach, 0)..<min(middle + reach, extent)
        }
        return .paste(rows: range(shape[0], at: 0), columns: range(shape[1], at: 1))
    }

    package func problem(of field: FieldDescription, beside main: FieldDescription) -> String? {
        guard field.shape.rank == 3, main.shape.rank == 3, field.shape[0] == main.shape[0],
            field.shape[1] == main.shape[1]
        else {
            return field == main
                ? "its shape is \(field.shape), and cutmix is for images [height, width, channels]; use mixup"
                : "it holds numbers that are no part of a place of the image, and cutmix is for classes; use mixup"
        }
        return nil
    }
}
