import DataPipeline
import TensorCore
import Testing

/// Drawn pictures of which it is known where things are.
struct DrawnSceneTests {
    private func open(_ task: some DrawnTask, count: Int = 60) -> any Dataset {
        Drawn(task, training: count).open(.train, path: nil, imports: [:])
    }

    @Test func aBoxIsTheLeastOneWithAllPixelsOfTheMask() throws {
        let objects = open(Objects(height: 24, width: 40, classes: 7))
        for index in 0..<objects.count {
            let mask = try objects.row(index, "mask")
            #expect(try objects.row(index, "label") == [index % 7])
            #expect(Set(mask) == [0, 1 + index % 7])
            let pixels = mask.indices.filter { mask[$0] > 0 }
            let (columns, rows) = (pixels.map { $0 % 40 }, pixels.map { $0 / 40 })
            let box = [columns.min() ?? -1, rows.min() ?? -1, 1 + (columns.max() ?? -1), 1 + (rows.max() ?? -1)]
            #expect(try objects.numbers(index, "box") == box.map(Float.init))
        }
    }

    @Test func anObjectHasOneColourThatTheGroundHasNot() throws {
        let objects = open(Objects(height: 32, width: 32, classes: 2))
        for index in 0..<20 {
            let (image, mask) = (try objects.values(index), try objects.row(index, "mask"))
            var inside = [[Float]](repeating: [], count: 3)
            for pixel in mask.indices where mask[pixel] > 0 {
                for channel in 0..<3 { inside[channel].append(image[3 * pixel + channel]) }
            }
            // Noise is at most 20 levels to either side; pixels at the edge are mixed.
            for values in inside.map({ $0.sorted() }) {
                #expect(values[values.count * 3 / 4] - values[values.count / 4] <= 40)
            }
        }
    }

    @Test func severalObjectsHaveNoLabelAndNoBox() throws {
        let objects = open(Objects(most: 3), count: 100)
        #expect(objects.fields.map(\.name) == ["image", "mask"] && objects.defaultTarget == "mask")
        let kinds = try (0..<100).map { Set(try objects.row($0, "mask")).subtracting([0]).count }
        #expect(kinds.contains(1) && kinds.contains(2) && (kinds.max() ?? 9) <= 3)
    }

    @Test func jointsOfAFigureLieInThePictureAndOnIt() throws {
        let figures = open(Figures(height: 40, width: 56))
        for index in 0..<figures.count {
            let points = try figures.numbers(index, "points")
            for joint in 0..<Figures.joints.count {
                #expect(points[2 * joint] > 0 && points[2 * joint] < 56)
                #expect(points[2 * joint + 1] > 0 && points[2 * joint + 1] < 40)
            }
            // A hand of the left is rather red, one of the right rather blue, unless another limb lies over it.
            let image = try figures.values(index)
            func warmth(_ joint: Int) -> Float {
                let first = 3 * (Int(points[2 * joint + 1]) * 56 + Int(points[2 * joint]))
                return image[first] - image[first + 2]
            }
            let (left, right) = (warmth(4), warmth(6))
            let isApart = abs(points[8] - points[12]) + abs(points[9] - points[13]) > 6
            if isApart, index % 3 == 0 { #expect(left > right, "\(index)") }
        }
    }
}
