import ConfigurationReading
import Kernels
import TensorCore

/// Pictures of coloured shapes anywhere on a patterned ground, with what and where they are.
///
/// Fields are `image` [H, W, 3]; `mask` [H, W], the class of each pixel, 0 for the ground; and, of pictures with one
/// object, `label`, its class, and `box` [4], its left, top, right and bottom edges in pixels. A pixel belongs to an
/// object that covers more than half of it, of several to the one in front.
package struct Objects: DrawnTask {
    package static let name = "objects"
    package static let documentation =
        "Pictures of coloured shapes anywhere on a patterned ground: fields `image` and `mask` (a class a pixel, 0 for "
        + "the ground), and with one object a picture `label` and `box` (left, top, right and bottom edge in pixels)."
    package static let things = "pictures"
    package let defaultInput = "image"
    package var defaultTarget: String { most == 1 ? "label" : "mask" }

    package let height: Int
    package let width: Int
    /// How many shapes there are.
    package let classes: Int
    /// A picture has 1 to so many objects.
    package let most: Int

    package init(height: Int = 48, width: Int = 48, classes: Int = 5, most: Int = 1) {
        precondition(
            (2...DrawnShape.allCases.count).contains(classes) && most > 0 && height > 0 && width > 0,
            "Objects: \(classes) classes, \(most) objects, \(height)×\(width)")
        (self.height, self.width, self.classes, self.most) = (height, width, classes, most)
    }

    package init(from reader: ConfigurationReader) {
        let sides = reader.pictureSides(default: 48)
        self.init(
            height: sides.height, width: sides.width,
            classes: reader.value(
                "classes", .integer(in: 2...DrawnShape.allCases.count), default: 5, "How many shapes there are."),
            most: reader.value(
                "most", .integer(in: 1...20), default: 1,
                "Objects of a picture: one to so many; the fields `label` and `box` are there with one alone."))
    }

    package var identity: String { "\(height) \(width) \(classes) \(most)" }

    private var classNames: [String] { DrawnShape.allCases.prefix(classes).map(\.rawValue) }

    package var fields: [FieldDescription] {
        let fields = [
            FieldDescription(
                name: "image", elementType: .float32, shape: [height, width, 3],
                meaning: .pixels(scale: 255, background: 0)),
            FieldDescription(
                name: "mask", elementType: .int32, shape: [height, width],
                meaning: .classes(names: ["ground"] + classNames)),
        ]
        if most > 1 { return fields }
        return fields + [
            FieldDescription(name: "label", elementType: .int32, shape: [], meaning: .classes(names: classNames)),
            FieldDescription(
                name: "box", elementType: .float32, shape: [4],
                meaning: .real(names: ["left", "top", "right", "bottom"])),
        ]
    }

    package static let placedFields = ["mask", "box"]

    /// What is in a sample, from the back to the front.
    private func scene(_ sample: DrawnSample) -> (backdrop: Backdrop, objects: [PlacedObject]) {
        var numbers = NumberStream(key: sample.key)
        let backdrop = Backdrop(height: height, width: width, &numbers)
        let count = 1 + numbers.integer(below: most)
        let objects = (0..<count).map { place in
            // Classes are balanced: the one in front goes by the sample's number.
            let drawn = numbers.integer(below: classes)
            let shape = place == count - 1 ? sample.index % classes : drawn
            return PlacedObject(shape: shape, height: height, width: width, &numbers)
        }
        return (backdrop, objects)
    }

    package func draw(_ sample: DrawnSample, pixels: UnsafeMutableBufferPointer<UInt8>) {
        let scene = scene(sample)
        scene.backdrop.draw(into: pixels, width: width, key: sample.key.folding(1)) { place, behind in
            scene.objects.reduce(behind) { $0 + $1.cover(at: place) * ($1.colour - $0) }
        }
    }

    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        if field == 2 {
            buffer[0] = Int32(sample.index % classes)
        } else {
            drawMask(sample, into: buffer)
        }
    }

    private func drawMask(_ sample: DrawnSample, into mask: UnsafeMutableBufferPointer<Int32>) {
        precondition(mask.count == height * width, "Objects: \(mask.count) numbers for \(height)×\(width) pixels")
        let objects = scene(sample).objects
        for pixel in mask.indices {
            let place = SIMD2(Float(pixel % width) + 0.5, Float(pixel / width) + 0.5)
            mask[pixel] = objects.last { $0.cover(at: place) > 0.5 }.map { Int32(1 + $0.shape) } ?? 0
        }
    }

    /// The box: the least rectangle with all pixels of the object.
    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: height * width) { mask in
            drawMask(sample, into: mask)
            var (left, top, right, bottom) = (width, height, 0, 0)
            for pixel in mask.indices where mask[pixel] > 0 {
                let (row, column) = (pixel / width, pixel % width)
                (left, right) = (min(left, column), max(right, column + 1))
                (top, bottom) = (min(top, row), max(bottom, row + 1))
            }
            for (place, edge) in [left, top, right, bottom].enumerated() { buffer[place] = Float(edge) }
        }
    }
}

extension ConfigurationReader {
    /// `size` of drawn pictures: `[48, 64]`, height first, or one number for both.
    func pictureSides(default side: Int) -> (height: Int, width: Int) {
        let size: [Int] = value(
            "size", .oneOrMore(of: .integer(in: 16...1024)), default: .plain("\(side)"),
            "The pictures' pixels, [height, width] or one number for both.")
        if size.count > 2 { refuse("size", because: "it has \(size.count) numbers; give [height, width].") }
        return (size.first ?? side, size.last ?? side)
    }
}
