import ConfigurationReading
import Kernels

/// Makes a picture larger or smaller about its middle by a uniform factor; where it becomes smaller background moves
/// in.
package struct Zoom: WindowedSample {
    /// Above 1 what is in the middle becomes larger.
    package let factor: DrawnInterval

    package init(factor: DrawnInterval) {
        precondition(factor.low > 0, "Zoom: factor \(factor)")
        self.factor = factor
    }

    static let entry = AugmentationEntry(
        "scale",
        "A picture becomes larger or smaller about its middle, antialiased, background moving in. Where it comes first "
            + "it is cut from pictures as they lie in their files.", otherNames: ["zoom", "RandomZoom"]
    ) { reader in
        let number = ConfigurationType<Double>.number(in: 0.01...100)
        let from = reader.required("from", number, "The least factor; below 1 a picture becomes smaller.")
        let to = reader.required("to", number, "The largest factor.")
        if from > to {
            reader.refuse("from", because: "\(from) is above to, \(to); give the smaller factor first.")
        }
        return Zoom(factor: DrawnInterval(min(from, to), max(from, to)))
    }

    package func window(height: Double, width: Double, key: RandomKey) -> PictureWindow {
        let factor = factor.number(at: key.uniform(at: 0))
        let (h, w) = (height / factor, width / factor)
        return PictureWindow(
            top: (height - h) / 2, left: (width - w) / 2, height: h, width: w, isStretched: false)
    }
}
