import Kernels
import TensorCore

/// Pictures of coloured shapes, drawn by the program: sample i of (size, classes, split, seed) is always the same.
///
/// Labels are balanced: sample i is of class i mod `classes`. Class k shows shape k mod 10; with more than ten classes
/// k/10 mod 10 is its colour, with more than a hundred k/100 is the pattern of the ground; what the class leaves open
/// is drawn at random. Place, size, angle, the ground's colours, light and noise are always random. A picture is drawn
/// when it is read, in time that goes with its pixels.
package struct DrawnShapes: Dataset {
    package let name: String
    package let count: Int
    /// `image` [height, width, 3], in whole numbers of 0…255, and `label`.
    package let fields: [FieldDescription]
    package let defaultInput = "image"
    package let defaultTarget: String? = "label"
    private let height: Int
    private let width: Int
    private let classes: Int
    private let key: RandomKey

    /// So many differ by shape, colour and ground.
    static let mostClasses = 1000

    static func fields(height: Int, width: Int, classes: Int) -> [FieldDescription] {
        .labelledImages([height, width, 3], classNames: (0..<classes).map { className($0, of: classes) })
    }

    /// `disc`, `red disc`, `red disc on stripes`.
    private static func className(_ label: Int, of classes: Int) -> String {
        let look = ShapeDrawing.Look(label: label, classes: classes)
        let colour = look.colour.map { ShapePalette.colours[$0].name + " " } ?? ""
        let ground = look.ground.map { " on " + GroundPattern.allCases[$0].rawValue } ?? ""
        return colour + DrawnShape.allCases[look.shape].rawValue + ground
    }

    package init(split: DatasetSplit, count: Int, height: Int, width: Int, classes: Int, seed: UInt64 = 0) {
        precondition(
            (1...DrawnShapes.mostClasses).contains(classes) && height > 0 && width > 0,
            "DrawnShapes: \(classes) classes, \(height)×\(width)")
        name = "shapes/\(split.rawValue)"
        self.count = count
        self.height = height
        self.width = width
        self.classes = classes
        fields = DrawnShapes.fields(height: height, width: width, classes: classes)
        key = RandomKey(drawing: name, seed: seed)
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed("\(name) \(height) \(width) \(classes)")
        hash.feed(count)
        hash.feed(Int(bitPattern: UInt(key.bits)))
        // The pictures follow from these; a few of them tell another version of the program.
        var pixels = [Float](repeating: 0, count: height * width * 3)
        for index in 0..<min(count, 4) {
            pixels.withUnsafeMutableBufferPointer { draw(index, into: $0) }
            for value in pixels { hash.feed(Int(value)) }
        }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(
            field == 0 && buffer.count == height * width * 3, "\(name): field \(field) is not \(buffer.count) floats")
        draw(index, into: buffer)
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(field == 1, "\(name): field \(field) is not the label")
        buffer[0] = Int32(label(index))
    }

    private func label(_ index: Int) -> Int {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        return index % classes
    }

    private func draw(_ index: Int, into pixels: UnsafeMutableBufferPointer<Float>) {
        let look = ShapeDrawing.Look(label: label(index), classes: classes)
        let drawing = ShapeDrawing(look, height: height, width: width, key: key.folding(index))
        drawing.draw(into: pixels)
    }
}
