import DataPipeline
import TensorCore
import Testing

struct DrawnCurveTests {
    private func curve(
        _ function: CurveFunction, _ split: DatasetSplit = .train, noise: Double = 0, count: Int = 1000, seed: Int = 0
    ) -> any Dataset {
        Curve(function: function, noise: noise, training: count, test: count, seed: seed).open(
            split, path: nil, imports: [:])
    }

    private func points(_ dataset: any Dataset) throws -> [(x: Double, y: Double)] {
        try (0..<dataset.count).map { index in
            var values: [Float] = [0, 0]
            for field in 0..<2 {
                try values[field..<field + 1].withUnsafeMutableBufferPointer {
                    try dataset.read(index, field: field, into: $0)
                }
            }
            return (Double(values[0]), Double(values[1]))
        }
    }

    @Test("y is the function of x, and x is anywhere in −1…1", arguments: CurveFunction.allCases)
    func values(function: CurveFunction) throws {
        let points = try points(curve(function))
        #expect(points.allSatisfy { abs($0.x) <= 1 && abs($0.y) <= 1.000_001 })
        for part in 0..<10 {
            let low = -1 + 0.2 * Double(part)
            #expect((60...140).contains(points.count { $0.x >= low && $0.x < low + 0.2 }))
        }
        for (x, y) in points {
            let expected =
                switch function {
                case .chebyshev: 16 * x * x * x * x * x - 20 * x * x * x + 5 * x
                case .runge: 1 / (1 + 25 * x * x)
                case .step: x < 0 ? -1.0 : 1
                // From 1 at multiples of ½ down to −1 between them.
                case .zigzag: 1 - 4 * abs(2 * x - (2 * x).rounded())
                case .absolute: abs(x)
                }
            #expect(abs(y - expected) < 1e-5, "\(function) at \(x)")
        }
    }

    @Test("a point depends on function, noise, split, seed and index alone")
    func isDeterministic() throws {
        let first = try points(curve(.step, count: 50)).map(\.x)
        #expect(try points(curve(.runge, count: 100)).prefix(50).map(\.x) == first)
        #expect(try points(curve(.step, .test, count: 50)).map(\.x) != first)
        #expect(try points(curve(.step, count: 50, seed: 1)).map(\.x) != first)
        let prints = [curve(.step), curve(.step, noise: 0.1), curve(.runge), curve(.step, seed: 1)].map(\.fingerprint)
        #expect(Set(prints).count == 4 && curve(.step).fingerprint == prints[0])
    }

    @Test("the noise has the given deviation")
    func noise() throws {
        let errors = try points(curve(.absolute, noise: 0.2)).map { $0.y - abs($0.x) }
        let deviation = (errors.reduce(0) { $0 + $1 * $1 } / 1000).squareRoot()
        // Of 1000 numbers the deviation is known to 2.2 %.
        #expect(abs(deviation / 0.2 - 1) < 0.09)
    }
}
