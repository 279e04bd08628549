import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// A deterministic change of an image of which evaluation computes the outputs too, to average over all
/// (test-time augmentation; Krizhevsky et al. 2012, section 4.1).
package enum TestTimeView: Equatable, Sendable {
    /// Left for right.
    case flip
    /// So many pixels up and left, and as many down and right, with the image mirrored at its edge.
    case shift(pixels: Int)
}

/// `testTimeAugmentation: [flip, {shift: 1}]`: one element.
extension TestTimeView: ConfigurationSection {
    package static var title: String { "test time view" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        self = reader.oneOf([
            .key("flip", "The image as it is, and left for right.") { _ in .flip },
            .key(
                "shift",
                "The image as it is, moved up and left, and moved down and right; what comes in is the image mirrored "
                    + "at its edge.", shorthand: "pixels"
            ) {
                .shift(
                    pixels: $0.value("pixels", .integer(in: 1..., atMost: 1 << 16), default: 1, "How far it moves."))
            },
        ])
    }
}

/// All combinations of some views: the changes of an image over whose outputs evaluation averages, the first none.
struct TestTimeViews: Sendable {
    private struct Change: Sendable {
        var distance = 0
        var isMirrored = false
    }

    private let changes: [Change]
    /// How many outputs there are to average.
    var count: Int { changes.count }

    init(_ views: [TestTimeView]) {
        var changes = [Change()]
        for view in views {
            switch view {
            case .flip:
                changes += changes.map { Change(distance: $0.distance, isMirrored: !$0.isMirrored) }
            case .shift(let pixels):
                changes += [-pixels, pixels].flatMap { distance in
                    changes.map { Change(distance: $0.distance + distance, isMirrored: $0.isMirrored) }
                }
            }
        }
        self.changes = changes
    }

    /// The inputs of a grain in view `index`: images [N, H, W, C] changed, all else as it is.
    func inputs(_ inputs: [Variable], view index: Int) -> [Variable] {
        let change = changes[index]
        guard change.distance != 0 || change.isMirrored else { return inputs }
        return inputs.map { input in
            input.shape.rank == 4 && input.lengths == nil ? TestTimeViews.changed(input, change) : input
        }
    }

    private static func changed(_ images: Variable, _ change: Change) -> Variable {
        let shape = images.shape
        let (h, w, c) = (shape[1], shape[2], shape[3])
        let result = images.makeTensor(shape)
        let moved = change.distance != 0 && change.isMirrored ? images.makeTensor([h, w, c]) : nil
        for sample in 0..<shape[0] {
            let from = UnsafePointer(images.value.pointer + sample * h * w * c)
            let to = result.pointer + sample * h * w * c
            if change.distance != 0 {
                shiftReflectedImage(
                    from, to: moved?.pointer ?? to, h: h, w: w, c: c, down: change.distance, right: change.distance)
            }
            if change.isMirrored {
                mirrorImage(moved.map { UnsafePointer($0.pointer) } ?? from, to: to, h: h, w: w, c: c)
            }
        }
        return images.tape.constant(result)
    }
}
