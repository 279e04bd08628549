import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

/// The turned images of small IDX files, and of MNIST where it is.
struct RotatedImagesTests {
    let folder: TemporaryFolder
    private static let side = 9

    init() throws {
        folder = try TemporaryFolder()
        try write("train", count: 30, first: 0)
        try write("t10k", count: 12, first: 30)
    }

    /// Pixels of an image by its number among all.
    private static func pixels(_ number: Int) -> [UInt8] {
        (0..<side * side).map { UInt8(truncatingIfNeeded: $0 * $0 * 3 + number * 29) }
    }

    private func write(_ part: String, count: Int, first: Int, side: Int = side) throws {
        let numbers = first..<first + count
        try folder.write(
            "\(part)-images-idx3-ubyte",
            bigEndian(0x803, UInt32(count), UInt32(side), UInt32(side))
                + numbers.flatMap { Array(Self.pixels($0).prefix(side * side)) })
        try folder.write(
            "\(part)-labels-idx1-ubyte", bigEndian(0x801, UInt32(count)) + numbers.map { UInt8($0 % 10) })
    }

    private func open(_ split: DatasetSplit, seed: Int = 0, training: Int = 20, test: Int = 22) throws -> RotatedImages
    {
        let dataset = try RotatedMNIST(training: training, test: test, seed: seed).open(
            split, path: folder.path, imports: [:])
        return try #require(dataset as? RotatedImages)
    }

    @Test("each image of both files is in one part, with its label, turned by its own angle and in whole levels")
    func turns() throws {
        let parts = try [open(.train), open(.test)]
        #expect(parts.map(\.count) == [20, 22] && parts.map(\.name) == ["rotated-mnist/train", "rotated-mnist/test"])
        var (numbers, angles): (Set<Int>, [Direction]) = ([], [])
        for part in parts {
            for index in 0..<part.count {
                let (number, file, place) = part.image(index)
                #expect(file == (number < 30 ? 0 : 1) && place == (number < 30 ? number : number - 30))
                numbers.insert(number)
                angles.append(part.angle(of: number))
                #expect(try part.label(index) == Int32(number % 10))
                let source = Self.pixels(number).map(Float.init)
                var expected = [Float](repeating: -1, count: source.count)
                expected.withUnsafeMutableBufferPointer { target in
                    guard let base = target.baseAddress else { return }
                    rotateImage(
                        to: base, h: Self.side, w: Self.side, c: 1, by: part.angle(of: number), outside: 0
                    ) { source[$0] }
                }
                #expect(try part.values(index) == expected.map { $0.rounded() })
            }
        }
        #expect(numbers == Set(0..<42) && Set(angles.map(\.sine)).count == 42)
        #expect(angles.allSatisfy { abs($0.cosine * $0.cosine + $0.sine * $0.sine - 1) < 1e-6 })
        // Every quarter of the circle has some of the 42 angles.
        #expect(Set(angles.map { [$0.cosine > 0, $0.sine > 0] }).count == 4)
    }

    @Test("the seed chooses parts and angles, and the fingerprint says what is there")
    func seeds() throws {
        let (one, again, other) = try (open(.train), open(.train), open(.train, seed: 1))
        #expect(one.fingerprint == again.fingerprint && one.fingerprint != other.fingerprint)
        #expect((0..<20).map { one.image($0).number } == (0..<20).map { again.image($0).number })
        #expect((0..<20).map { one.image($0).number } != (0..<20).map { other.image($0).number })
        #expect((0..<42).contains { one.angle(of: $0) != other.angle(of: $0) })
        #expect(try open(.test).fingerprint != open(.test, test: 21).fingerprint)
    }

    @Test("more images than there are, and files of other sizes, are refused with the folder")
    func problems() throws {
        let error = DataError.tooFewSamples(path: folder.path, training: 20, test: 23, available: 42)
        #expect(throws: error) { try open(.train, test: 23) }
        #expect(error.description.contains("holds 42 images, too few for 20 to train on and 23 others for the test"))
        #expect(throws: error) { try open(.test, test: 23) }
        #expect(throws: DataError.missingPath(dataset: "rotated-mnist", location: .folder)) {
            try RotatedMNIST().open(.train, path: nil, imports: [:])
        }
        try write("t10k", count: 12, first: 30, side: 5)
        #expect(throws: DataError.imageSize(path: folder.path, expected: [9, 9, 1], actual: [5, 5, 1])) {
            try open(.train)
        }
    }
}
