import Kernels

/// A rectangle of a picture, in its pixels; it may reach beyond the picture's edges.
package struct PictureWindow: Equatable, Sendable {
    package var top: Double
    package var left: Double
    /// Both above 0.
    package var height: Double
    package var width: Double
    /// Whether it is stretched onto the whole result; otherwise it is fitted as a picture of its extents would be.
    package var isStretched: Bool

    package init(top: Double, left: Double, height: Double, width: Double, isStretched: Bool = true) {
        self.top = top
        self.left = left
        self.height = height
        self.width = width
        self.isStretched = isStretched
    }

    /// All of a picture.
    package init(height: Int, width: Int) {
        self.init(top: 0, left: 0, height: Double(height), width: Double(width), isStretched: false)
    }
}

/// A random choice of the part of a picture that is then fitted: a cut from the picture as it lies in its file.
package protocol WindowTransform: RandomTransform {
    /// A window of a picture, or of a window of one, of such extents in pixels; its place is counted from their corner.
    func window(height: Double, width: Double, key: RandomKey) -> PictureWindow
}

/// What is done at random to one picture before it is fitted.
package struct PictureChange {
    private let transforms: [(place: Int, transform: any WindowTransform)]
    private let key: RandomKey

    /// - Parameters:
    ///   - transforms: each with its place among all augmentations of the run, which keys it; each cuts from what the
    ///     one before leaves.
    ///   - key: of the sample in its epoch.
    package init(_ transforms: [(place: Int, transform: any WindowTransform)], key: RandomKey) {
        self.transforms = transforms
        self.key = key
    }

    /// What of a picture is fitted.
    package func window(height: Int, width: Int) -> PictureWindow {
        var window = PictureWindow(height: height, width: width)
        for (place, transform) in transforms {
            let cut = transform.window(height: window.height, width: window.width, key: key.folding(place))
            window = PictureWindow(
                top: window.top + cut.top, left: window.left + cut.left, height: cut.height, width: cut.width,
                isStretched: window.isStretched || cut.isStretched)
        }
        return window
    }
}
