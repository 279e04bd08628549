import DataPipeline
import TensorCore
import Testing

struct DrawnPointsTests {
    private struct Labelled {
        let x: Double
        let y: Double
        /// −1 for class 0, 1 for class 1.
        let sign: Double
    }

    private func labelled(_ dataset: any Dataset) throws -> [Labelled] {
        try (0..<dataset.count).map { index in
            let point = try dataset.values(index).map(Double.init)
            return Labelled(x: point[0], y: point[1], sign: try dataset.label(index) == 1 ? 1 : -1)
        }
    }

    private func points(
        _ shape: PointShape, _ split: DatasetSplit = .train, count: Int = 1000, noise: Double = 0.05, seed: Int = 0
    ) -> any Dataset {
        Points(shape: shape, noise: noise, training: count, test: count, seed: seed).open(
            split, path: nil, imports: [:])
    }

    @Test("a point depends on shape, noise, split, seed and index alone", arguments: PointShape.allCases)
    func isDeterministic(shape: PointShape) throws {
        let (a, b) = (points(shape, count: 100), points(shape, count: 50))
        for index in [49, 3, 17] { #expect(try a.values(index) == b.values(index)) }
        #expect(try a.values(3) != a.values(13))
        #expect(try a.values(3) != points(shape, seed: 1).values(3))
        #expect(try a.values(3) != points(shape, noise: 0.1).values(3))
    }

    @Test("no point of training, validation and test is another's", arguments: PointShape.allCases)
    func parts(shape: PointShape) throws {
        let training = try ValidationSplit(of: points(shape), validation: .count(300))
        #expect(training.train.count == 700 && training.validation.count == 300)
        let all = try [training.train, training.validation, points(shape, .test)].flatMap { part in
            try (0..<part.count).map { try part.values($0) }
        }
        #expect(Set(all).count == 2000)
    }

    @Test("labels are balanced, and points stay near the unit square", arguments: PointShape.allCases)
    func isWellFormed(shape: PointShape) throws {
        let dataset = points(shape, noise: 0)
        #expect(dataset.fields.map(\.name) == ["point", "label"] && dataset.inputShape == [2])
        #expect(dataset.inputField.meaning == .real(names: ["x", "y"]) && dataset.classCount == 2)
        for index in 0..<1000 {
            #expect(try dataset.values(index).allSatisfy { abs($0) <= 1.000_001 })
            #expect(try dataset.label(index) == Int32(index % 2))
        }
    }

    @Test("the noise has the given deviation and is bounded by 3.5 times that")
    func noise() throws {
        let (exact, noisy) = (points(.moons, noise: 0), points(.moons, noise: 0.2))
        let moved = try (0..<1000).flatMap { index in
            zip(try exact.values(index), try noisy.values(index)).map { Double($1 - $0) }
        }
        let deviation = (moved.reduce(0) { $0 + $1 * $1 } / 2000).squareRoot()
        // Of 2000 numbers the deviation is known to 1.6 %.
        #expect(abs(deviation / 0.2 - 1) < 0.07 && abs(moved.reduce(0, +) / 2000) < 0.02)
        #expect(moved.allSatisfy { abs($0) < 3.5 * 0.2 })
    }

    @Test("circles and half circles have their radii")
    func radii() throws {
        for point in try labelled(points(.circles, noise: 0)) {
            #expect(abs((point.x * point.x + point.y * point.y).squareRoot() - (point.sign < 0 ? 0.5 : 1)) < 2e-6)
        }
        for point in try labelled(points(.moons, noise: 0)) {
            let (x, y) = (-point.sign * point.x * 1.5 + 0.5, -point.sign * point.y * 1.5 + 0.25)
            #expect(abs((x * x + y * y).squareRoot() - 1) < 2e-6 && y > -1e-6)
        }
    }

    @Test("every machine draws the same bits")
    func isPortable() throws {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a over the bit patterns of 200 points of each shape
        for shape in PointShape.allCases {
            let dataset = points(shape)
            for index in 0..<200 {
                for value in try dataset.values(index) {
                    hash = (hash ^ UInt64(value.bitPattern)) &* 0x100_0000_01B3
                }
            }
        }
        // As drawn by Swift 6.3.1 for AVX-512, and by a program in NumPy; a deliberate change of the points changes it.
        #expect(hash == 0x5CBA_6D7D_7A24_7942)
    }

    @Test("the fingerprint follows shape, noise, split, size and seed")
    func fingerprints() {
        let all = [
            points(.xor), points(.moons), points(.xor, .test), points(.xor, count: 999), points(.xor, noise: 0.06),
            points(.xor, seed: 1),
        ].map(\.fingerprint)
        #expect(Set(all).count == 6 && all[0] == points(.xor).fingerprint)
    }

    // MARK: - What tells the classes apart

    /// Rosenblatt's rule (1958), which ends without errors where a line separates the classes.
    @Test("a perceptron learns the linear points without an error, those of the test too")
    func perceptron() throws {
        let training = try labelled(points(.linear))
        var (a, b, c) = (0.0, 0.0, 0.0)
        func isWrong(_ point: Labelled) -> Bool { point.sign * (a * point.x + b * point.y + c) <= 0 }
        var rounds = 0
        while rounds < 100, training.contains(where: isWrong) {
            for point in training where isWrong(point) {
                (a, b, c) = (a + point.sign * point.x, b + point.sign * point.y, c + point.sign)
            }
            rounds += 1
        }
        #expect(!training.contains(where: isWrong), "\(rounds) rounds")
        #expect(try labelled(points(.linear, .test)).count(where: isWrong) <= 5)
    }

    /// The share of points that the best of many lines, in 90 directions, has on their sides.
    private func bestLine(_ points: [Labelled]) -> Double {
        let directions = (0..<90).map { step -> (Double, Double) in
            let t = Double(step) / 45 - 1  // half the plane, by slopes: (t, 1 − |t|)
            return (t, 1 - abs(t))
        }
        return directions.map { a, b in
            let sorted = points.sorted { a * $0.x + b * $0.y < a * $1.x + b * $1.y }
            // All above the line at first; it moves over one point after the other.
            var right = sorted.count { $0.sign > 0 }
            var (most, least) = (right, right)
            for point in sorted {
                right += point.sign < 0 ? 1 : -1
                (most, least) = (max(most, right), min(least, right))
            }
            return Double(max(most, sorted.count - least)) / Double(sorted.count)
        }.max() ?? 0
    }

    @Test("no line tells more than three of the four squares of xor, nor circles, moons and spirals")
    func lines() throws {
        #expect(try bestLine(labelled(points(.linear))) == 1)
        #expect(try (0.6...0.76).contains(bestLine(labelled(points(.xor)))))
        for (shape, most) in [(PointShape.circles, 0.7), (.moons, 0.95), (.spirals, 0.75)] {
            let best = try bestLine(labelled(points(shape)))
            #expect(best < most, "\(shape): \(best)")
        }
    }

    @Test("the nearest point of training has the label of a point of the test", arguments: PointShape.allCases)
    func neighbours(shape: PointShape) throws {
        let training = try labelled(points(shape, count: 2000))
        let test = try labelled(points(shape, .test, count: 500))
        let right = test.count { point in
            func distance(_ other: Labelled) -> Double {
                (other.x - point.x) * (other.x - point.x) + (other.y - point.y) * (other.y - point.y)
            }
            return training.min { distance($0) < distance($1) }?.sign == point.sign
        }
        #expect(Double(right) / 500 > 0.98, "\(right) of 500")
    }

    // MARK: - Files of points

    @Test("points of a file are the columns x and y of a table, whatever stands beside them")
    func samples() throws {
        let folder = try TemporaryFolder()
        let settings = Points(shape: .xor)
        let field = points(.xor).inputField
        let path = try folder.write("some.csv", Array("name,y,x\na,0.5,-1\nb,2,3\n".utf8))
        let samples = try settings.openSamples(path, field: field)
        #expect(samples.count == 2 && samples.values(0) == [-1, 0.5] && samples.values(1) == [3, 2])
        let bare = try folder.write("bare.csv", Array("0.5,-1\n2,3\n".utf8))
        #expect(throws: DataError.self) { try settings.openSamples(bare, field: field) }
    }
}
