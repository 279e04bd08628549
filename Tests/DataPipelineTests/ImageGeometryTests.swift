import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

/// Preprocessing as several steps: images resized and cropped, and numbers scaled.
struct ImageGeometryTests {
    static func image(_ height: Int, _ width: Int, _ channels: Int = 3) -> FieldDescription {
        FieldDescription(
            name: "image", elementType: .float32, shape: [height, width, channels],
            meaning: .pixels(scale: 255, background: 0))
    }

    func fitted(_ image: [Float], _ shape: Shape, _ steps: [Preprocessing.Step]) throws -> (Shape, [Float]) {
        let geometry = try #require(
            try Preprocessing(steps).geometry(of: Self.image(shape[0], shape[1], shape[2])))
        return (geometry.shape, ImageFitter(geometry).fitted(image))
    }

    /// Each pixel of the result by its definition: the mean of all, weighted by a triangle around its middle.
    private func reference(_ image: [Float], _ shape: Shape, to size: (Int, Int)) -> [Double] {
        let scales = (Double(shape[0]) / Double(size.0), Double(shape[1]) / Double(size.1))
        func weight(_ input: Int, _ output: Int, _ scale: Double) -> Double {
            max(0, 1 - abs((Double(input) + 0.5 - (Double(output) + 0.5) * scale) / max(scale, 1)))
        }
        var result: [Double] = []
        for row in 0..<size.0 {
            for column in 0..<size.1 {
                for channel in 0..<shape[2] {
                    var (sum, total) = (0.0, 0.0)
                    for y in 0..<shape[0] {
                        for x in 0..<shape[1] {
                            let own = weight(y, row, scales.0) * weight(x, column, scales.1)
                            sum += own * Double(image[(y * shape[1] + x) * shape[2] + channel])
                            total += own
                        }
                    }
                    result.append(sum / total)
                }
            }
        }
        return result
    }

    @Test(
        "a resized image is what the triangle filter gives, in whole levels",
        arguments: [
            ([9, 7, 3], 4, 3), ([9, 7, 3], 20, 15), ([5, 12, 1], 5, 3), ([1, 1, 3], 4, 2), ([32, 32, 3], 1, 1),
            ([8, 8, 3], 8, 8), ([6, 5, 2], 3, 9),
        ] as [(Shape, Int, Int)])
    func resizes(shape: Shape, height: Int, width: Int) throws {
        let key = RandomKey(seed: 7)
        let image = (0..<shape.count).map { Float(key.integer(at: UInt64($0), below: 256)) }
        let (after, values) = try fitted(image, shape, [.resize(.sides(height: height, width: width))])
        #expect(after == [height, width, shape[2]])
        for (value, exact) in zip(values, reference(image, shape, to: (height, width))) {
            // Half a level of rounding, and sums in single precision.
            #expect(value == value.rounded() && abs(Double(value) - exact) < 0.5 + 1e-3, "\(value) for \(exact)")
        }
        if shape[0] == height, shape[1] == width { #expect(values == image) }
    }

    @Test func itIsPyTorchsInterpolation() throws {
        // PyTorch 2.15: F.interpolate(arange(0, 250, 10.).reshape(1, 1, 5, 5), size=(2, 3), mode="bilinear",
        // antialias=True), and to (7, 3).
        let image = (0..<25).map { Float(10 * $0) }
        #expect(
            try fitted(image, [5, 5, 1], [.resize(.sides(height: 2, width: 3))]).1 == [54, 70, 86, 154, 170, 186])
        let real = FieldDescription(
            name: "x", elementType: .float32, shape: [5, 5, 1], meaning: .real(names: []))
        let geometry = try #require(try Preprocessing([.resize(.sides(height: 7, width: 3))]).geometry(of: real))
        let expected: [Float] = [
            4.285714, 20, 35.714283, 32.85714, 48.571426, 64.285713, 68.571434, 84.285721, 100, 104.285713, 120,
            135.714279, 140, 155.714294, 171.428574, 175.714279, 191.428574, 207.142853, 204.285721, 220, 235.714279,
        ]
        for (value, other) in zip(ImageFitter(geometry).fitted(image), expected) { #expect(abs(value - other) < 1e-4) }
    }

    @Test func stepsGoOnFromEachOther() throws {
        let image = (0..<6 * 8).map(Float.init)
        let (shape, middle) = try fitted(image, [6, 8, 1], [.crop(.single(4))])
        #expect(shape == [4, 4, 1])
        #expect(middle == (1..<5).flatMap { row in (2..<6).map { Float(row * 8 + $0) } })
        // The shorter side, the other in proportion, then the middle of that.
        let (both, values) = try fitted(
            image, [6, 8, 1], [.resize(.single(12)), .crop(.sides(height: 12, width: 10))])
        let large = try fitted(image, [6, 8, 1], [.resize(.sides(height: 12, width: 16))]).1
        #expect(both == [12, 10, 1])
        #expect(values == (0..<12).flatMap { row in (3..<13).map { large[row * 16 + $0] } })
    }

    @Test func aDataSetShowsItsImagesSo() throws {
        let base = ComputedDataset(count: 20, imageShape: [9, 6, 3])
        let geometry = try #require(
            try Preprocessing([.resize(.single(4)), .crop(.single(4)), .standardize]).geometry(of: base.fields[0]))
        let dataset = try FittedDataset(Subset(drawing: 12, of: base), geometry)
        #expect(
            dataset.fields.map(\.shape) == [[4, 4, 3], []] && dataset.count == 12 && dataset.name == "computed/12")
        let fitter = ImageFitter(geometry)
        for index in 0..<12 {
            let id = dataset.sampleID(of: index)
            #expect(try dataset.values(index) == fitter.fitted(base.values(id)))
            #expect(try dataset.label(index) == base.label(id))
        }
        #expect(dataset.fingerprint != base.fingerprint)
        // Several threads read with memory of their own.
        let plan = EvaluationPlan(sampleCount: 12, grainSize: 2)
        let source = try BatchSource(dataset: dataset, plan: plan, key: RandomKey(seed: 1))
        let alone = try everyBatch(source) { $0.fields.floats("image").values }
        #expect(try everyBatch(source, threads: 3) { $0.fields.floats("image").values } == alone)
        // Statistics are exact sums of levels.
        #expect(try ChannelSums(scanning: dataset, field: 0).pixels == 12 * 16)
    }

    @Test func whatIsNoImageOrTooSmallIsRefused() throws {
        let field = BatchLoaderTests.Regression().fields[1]
        #expect(throws: DataError.self) { try Preprocessing([.crop(.single(1))]).geometry(of: field) }
        do {
            _ = try Preprocessing([.resize(.single(8)), .crop(.single(9))]).geometry(of: Self.image(16, 12))
            Issue.record("taken")
        } catch {
            #expect(
                "\(error)"
                    == "data.preprocessing: the field 'image' has the shape [11, 8, 3]; crop: 9×9 is larger; crop "
                    + "less, or resize before.")
        }
        #expect(try Preprocessing.standardize.geometry(of: field) == nil)
    }

    @Test(
        "steps of numbers come to one line a channel",
        arguments: [
            ([.scale(lower: -1, upper: 1)], [-1, -1, -1], [1, 1, 1]),
            ([.scale(lower: 0, upper: 4)], [0, 0, 0], [4, 4, 4]),
            ([.meanSubtraction, .scale(lower: -1, upper: 1)], [-0.5, -1, -1.5], [1.5, 1, 0.5]),
            ([.scale(lower: -1, upper: 1), .meanSubtraction], [-0.5, -1, -1.5], [1.5, 1, 0.5]),
            ([.meanSubtraction, .scale(lower: 0, upper: 2)], [0.5, 0, -0.5], [2.5, 2, 1.5]),
            ([.meanSubtraction], [-0.25, -0.5, -0.75], [0.75, 0.5, 0.25]),
            ([.standardize, .crop(.single(2))], [-1, -2, -3], [3, 2, 1]),
        ] as [([Preprocessing.Step], [Float], [Float])])
    func lines(steps: [Preprocessing.Step], black: [Float], white: [Float]) throws {
        let statistics = ChannelStatistics(mean: [0.25, 0.5, 0.75], standardDeviation: [0.25, 0.25, 0.25])
        let own = try #require(
            try Preprocessing(steps).applied(to: Self.image(4, 4), statistics: statistics))
        for channel in 0..<3 {
            #expect(own.shift[channel] == black[channel])
            #expect(abs(255 * own.scale[channel] + own.shift[channel] - white[channel]) < 1e-6)
        }
    }

    @Test func realNumbersAreScaledFromTheSmallestToTheLargest() throws {
        // Columns from 0, 1 and 2 to 80, 81 and 82.
        let dataset = BatchLoaderTests.Regression()
        let statistics = try ChannelStatistics(scanningReal: 1, of: dataset)
        let scale = Preprocessing([.scale(lower: 0, upper: 1)])
        #expect(scale.needsStatistics(of: dataset.fields[1]) && !scale.needsStatistics(of: Self.image(2, 2)))
        let own = try #require(try scale.applied(to: dataset.fields[1], statistics: statistics))
        for channel in 0..<3 {
            #expect(abs(own.scale[channel] - 1 / 80) < 1e-9)
            #expect(abs(Float(80 + channel) * own.scale[channel] + own.shift[channel] - 1) < 1e-6)
        }
        var constant = statistics
        constant.ranges = [5...5, 5...5, 5...5]
        let still = try #require(try scale.applied(to: dataset.fields[1], statistics: constant))
        #expect(5 * still.scale[0] + still.shift[0] == 0.5)
    }

    @Test func whatIsKeptWithWeightsIsRead() throws {
        let geometry = try ImageGeometry(
            [.init(kind: .resize, size: .single(8)), .init(kind: .crop, size: .sides(height: 4, width: 5))],
            of: Self.image(10, 9))
        let own = FieldPreprocessing(field: "image", scale: [1, 1, 1], shift: [0, 0, 0], geometry: geometry)
        let text = try JSONEncoder().encode(own)
        #expect(try JSONDecoder().decode(FieldPreprocessing.self, from: text) == own)
        let old = Data(#"{"field":"image","scale":[1],"shift":[0]}"#.utf8)
        #expect(try JSONDecoder().decode(FieldPreprocessing.self, from: old).geometry == nil)
    }
}
