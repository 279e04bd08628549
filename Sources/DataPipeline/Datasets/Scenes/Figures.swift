import ConfigurationReading
import Kernels
import TensorCore

/// Pictures of people drawn with a few strokes, with the places of their joints.
///
/// Fields are `image` [H, W, 3] and `points` [11, 2], for each of ``joints`` its x and y in pixels from the left and
/// upper edges. Limbs of the left have warm colours and those of the right cold ones, so that a picture says which is
/// which.
package struct Figures: DrawnTask {
    package static let name = "figures"
    package static let documentation =
        "Pictures of people drawn with a few strokes: fields `image` and `points` (x and y of eleven joints in pixels)."
    package static let things = "pictures"
    package let defaultInput = "image"
    package let defaultTarget = "points"

    /// In the order of the points.
    package static let joints = [
        "head", "neck", "hip", "leftElbow", "leftHand", "rightElbow", "rightHand", "leftKnee", "leftFoot", "rightKnee",
        "rightFoot",
    ]
    /// The strokes: from one joint to another.
    package static let bones = [(1, 2), (1, 3), (3, 4), (1, 5), (5, 6), (2, 7), (7, 8), (2, 9), (9, 10)]
    package static let placedFields = ["points"]

    package let height: Int
    package let width: Int

    package init(height: Int = 48, width: Int = 48) { (self.height, self.width) = (height, width) }

    package init(from reader: ConfigurationReader) {
        let sides = reader.pictureSides(default: 48)
        self.init(height: sides.height, width: sides.width)
    }

    package var identity: String { "\(height) \(width)" }

    package var fields: [FieldDescription] {
        [
            FieldDescription(
                name: "image", elementType: .float32, shape: [height, width, 3],
                meaning: .pixels(scale: 255, background: 0)),
            FieldDescription(
                name: "points", elementType: .float32, shape: [Figures.joints.count, 2],
                meaning: .real(names: ["x", "y"])),
        ]
    }

    /// A person: joints in pixels, x first.
    private struct Person {
        let joints: [SIMD2<Float>]
        /// By bone.
        let colours: [SIMD3<Float>]
        let headColour: SIMD3<Float>
        let headRadius: Float
        let thickness: Float

        init(height: Int, width: Int, _ numbers: inout NumberStream) {
            let scale = Float(min(height, width)) * numbers.uniform(in: 0.75...1)
            // Of a unit figure, y downwards: the body leans, each limb turns about where it begins.
            func limb(_ numbers: inout NumberStream, _ x: Float, _ y: Float, _ length: Float) -> SIMD2<Float> {
                let turn = SIMD2(numbers.uniform(in: -0.8...0.8), numbers.uniform(in: -0.8...0.8))
                return length * (SIMD2(x, y) + turn).unit
            }
            let lean = SIMD2(numbers.uniform(in: -0.3...0.3), 1).unit
            let neck = SIMD2<Float>(0, 0)
            let hip = neck + 0.3 * lean
            let head = neck - 0.12 * SIMD2(lean.x + numbers.uniform(in: -0.3...0.3), lean.y).unit
            var all = [head, neck, hip]
            for (start, side, down, length) in [
                (neck, Float(-1), Float(0.5), Float(0.16)), (neck, 1, 0.5, 0.16), (hip, -0.6, 1.1, 0.2),
                (hip, 0.6, 1.1, 0.2),
            ] {
                let middle = start + limb(&numbers, side, down, length)
                all += [middle, middle + limb(&numbers, side * 0.5, down, length)]
            }
            // Wherever the whole of it has room.
            let margin: Float = 0.08
            var (low, high) = (all[0], all[0])
            for joint in all { (low, high) = (pointwiseMin(low, joint), pointwiseMax(high, joint)) }
            let extent = SIMD2(Float(width), Float(height))
            let fit = min(1, ((extent / scale) / (high - low + 2 * margin)).min())
            let room = extent - scale * fit * (high - low + 2 * margin)
            let corner = room * SIMD2(numbers.uniform(), numbers.uniform())
            joints = all.map { corner + scale * fit * ($0 - low + margin) }
            let light = numbers.uniform(in: 0.8...1.05)
            let (warm, cold) = (light * SIMD3<Float>(235, 90, 50), light * SIMD3<Float>(60, 140, 245))
            let body = light * SIMD3<Float>(240, 235, 225)
            colours = [body, warm, warm, cold, cold, warm, warm, cold, cold]
            headColour = light * SIMD3(245, 200, 120)
            headRadius = 0.065 * scale * fit
            thickness = max(0.02 * scale * fit, 0.9)
        }

        /// A pixel's colour, and how much of it is covered.
        func colour(at place: SIMD2<Float>, behind: SIMD3<Float>) -> SIMD3<Float> {
            var colour = behind
            for (bone, own) in zip(Figures.bones, colours) {
                let (a, b) = (joints[bone.0], joints[bone.1])
                let along = b - a
                let share = min(max(((place - a) * along).sum() / max((along * along).sum(), 1e-6), 0), 1)
                let away = place - a - share * along
                let cover = min(max(0.5 + thickness - (away * away).sum().squareRoot(), 0), 1)
                colour += cover * (own - colour)
            }
            let away = place - joints[0]
            let cover = min(max(0.5 + headRadius - (away * away).sum().squareRoot(), 0), 1)
            return colour + cover * (headColour - colour)
        }
    }

    private func scene(_ sample: DrawnSample) -> (backdrop: Backdrop, person: Person) {
        var numbers = NumberStream(key: sample.key)
        let backdrop = Backdrop(height: height, width: width, &numbers)
        return (backdrop, Person(height: height, width: width, &numbers))
    }

    package func draw(_ sample: DrawnSample, pixels: UnsafeMutableBufferPointer<UInt8>) {
        let scene = scene(sample)
        scene.backdrop.draw(into: pixels, width: width, key: sample.key.folding(1)) { place, behind in
            scene.person.colour(at: place, behind: behind)
        }
    }

    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        for (place, joint) in scene(sample).person.joints.enumerated() {
            (buffer[2 * place], buffer[2 * place + 1]) = (joint.x, joint.y)
        }
    }
}
