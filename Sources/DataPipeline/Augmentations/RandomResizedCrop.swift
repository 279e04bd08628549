import ConfigurationReading
import Glibc
import Kernels

/// A rectangle of a picture becomes the whole of it (Szegedy et al., "Going deeper with convolutions", CVPR 2015,
/// section 6, as torchvision's `RandomResizedCrop` draws it).
///
/// The rectangle's share of the area is uniform, the logarithm of its width over its height too, and its sides are
/// rounded to pixels. One that does not fit is drawn again, ten times at most; then it is the largest in the middle
/// whose ratio is within the bounds. Pixels around the rectangle count in the interpolation at its edges, as in
/// Pillow's `resize(box=…)`.
package struct RandomResizedCrop: WindowedSample {
    /// Of the picture's area.
    package let scale: DrawnInterval
    /// Width over height.
    package let ratio: DrawnInterval

    package init(scale: DrawnInterval = .init(0.08, 1), ratio: DrawnInterval = .init(0.75, 4.0 / 3)) {
        precondition(
            scale.low > 0 && scale.high <= 1 && ratio.low > 0, "RandomResizedCrop: scale \(scale), ratio \(ratio)")
        self.scale = scale
        self.ratio = ratio
    }

    static let entry = AugmentationEntry(
        "randomResizedCrop",
        "A rectangle of a picture, of drawn area and ratio, becomes the whole of it (torchvision's "
            + "`RandomResizedCrop`). Where it comes first it is cut from pictures as they lie in their files.",
        otherNames: ["RandomResizedCrop", "resizedCrop"]
    ) {
        RandomResizedCrop(
            scale: $0.value(
                "scale", .interval(.share), default: [0.08, 1], "The rectangle's share of the picture's area."),
            ratio: $0.value(
                "ratio", .interval(.number(above: 0)), default: [0.75, 1.3333333333333333],
                "Its width over its height."))
    }

    package func window(height: Double, width: Double, key: RandomKey) -> PictureWindow {
        var numbers = NumberStream(key: key)
        let (rows, columns) = (max(Int(height), 1), max(Int(width), 1))
        func window(_ top: Int, _ left: Int, _ h: Int, _ w: Int) -> PictureWindow {
            PictureWindow(top: Double(top), left: Double(left), height: Double(h), width: Double(w))
        }
        for _ in 0..<10 {
            let area = height * width * scale.number(at: numbers.uniform())
            let ratio = ratio.ratio(at: numbers.uniform())
            let (h, w) = (Int((area / ratio).squareRoot().rounded()), Int((area * ratio).squareRoot().rounded()))
            guard h > 0, w > 0, h <= rows, w <= columns else { continue }
            let top = numbers.integer(below: rows - h + 1)
            return window(top, numbers.integer(below: columns - w + 1), h, w)
        }
        let found = width / height
        var (h, w) = (rows, columns)
        if found < ratio.low {
            h = max(min(Int((width / ratio.low).rounded()), rows), 1)
        } else if found > ratio.high {
            w = max(min(Int((height * ratio.high).rounded()), columns), 1)
        }
        return window((rows - h) / 2, (columns - w) / 2, h, w)
    }
}
