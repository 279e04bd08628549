import ConfigurationReading
import Kernels
import TensorCore

/// A function of one number that the program computes, for regression, see `DrawnCurve`.
package struct Curve: DatasetFactory {
    package static let name = "curve"
    package static let documentation =
        "A function on −1…1 at random places, for regression: fields `x` and `y`, one number each."
    package static let location = DatasetLocation.nowhere
    package var knownFields: [FieldDescription]? { DrawnCurve.declaredFields }

    /// Which function.
    package let function: CurveFunction
    /// The standard deviation of what is added to y.
    package let noise: Double
    /// The number of places for training, those for validation included.
    package let training: Int
    /// The number of places for the test.
    package let test: Int
    /// Of the places; runs of different seeds usually share one.
    package let seed: Int

    package init(function: CurveFunction, noise: Double = 0, training: Int = 4000, test: Int = 1000, seed: Int = 0) {
        self.function = function
        self.noise = noise
        self.training = training
        self.test = test
        self.seed = seed
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) -> any Dataset {
        DrawnCurve(
            function, split: split, count: split == .train ? training : test, noise: Float(noise), seed: UInt64(seed))
    }

    /// Opens a table whose header names the column x.
    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        guard case .real(let names) = field.meaning else {
            throw .notPredictable(path: path, dataset: Curve.name, field: field.name)
        }
        return try TableSamples(SharedBytes.open(path, expected: [path]), settings: TableSettings(), names: names)
    }
}

/// `{name: curve, function: chebyshev, noise: 0.1}`
extension Curve {
    package init(from reader: ConfigurationReader) {
        self.init(
            function: reader.required(
                "function", .choice(of: CurveFunction.self),
                "y of x: the polynomial 16x⁵ − 20x³ + 5x, 1/(1 + 25x²) (Runge), −1 or 1, a zigzag, or |x|."),
            noise: reader.value(
                "noise", .number(in: 0...1), default: 0, "The standard deviation of what is added to y."),
            training: reader.value(
                "training", .integer(in: 2...), default: 4000, "Places for training, those for validation included."),
            test: reader.value("test", .integer(in: 1...), default: 1000, "Places for the test."),
            seed: reader.value(
                "seed", .integer(in: 0...), default: 0, "Of the places: another one gives other places."))
    }
}

/// The functions of drawn curves, from −1…1 to −1…1; only +, −, × and ÷, so that every machine computes the same bits.
package enum CurveFunction: String, CaseIterable, Sendable {
    case chebyshev, runge, step, zigzag, absolute

    package func callAsFunction(_ x: Float) -> Float {
        switch self {
        case .chebyshev: return x * (5 + x * x * (16 * x * x - 20))
        case .runge: return 1 / (1 + 25 * x * x)
        case .step: return x < 0 ? -1 : 1
        case .zigzag: return 2 * abs(2 * (2 * x - (2 * x).rounded(.down)) - 1) - 1
        case .absolute: return abs(x)
        }
    }
}

/// Values of a function at random places: sample i of (function, split, noise, seed) is always the same.
package struct DrawnCurve: Dataset {
    package let name: String
    package let count: Int
    /// `x` [1] in −1…1 and `y` [1].
    package let fields = DrawnCurve.declaredFields
    package let defaultInput = "x"
    package let defaultTarget: String? = "y"
    private let function: CurveFunction
    private let noise: Float
    private let key: RandomKey

    static let declaredFields = ["x", "y"].map { name in
        FieldDescription(name: name, elementType: .float32, shape: [1], meaning: .real(names: [name]))
    }

    package init(_ function: CurveFunction, split: DatasetSplit, count: Int, noise: Float, seed: UInt64 = 0) {
        name = "curve/\(split.rawValue)"
        self.count = count
        self.function = function
        self.noise = noise
        key = RandomKey(seed: seed).folding(.drawing).folding(name: name)
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed("\(name) \(function) \(noise)")
        hash.feed(count)
        hash.feed(Int(bitPattern: UInt(key.bits)))
        // The samples follow from these; a few of them tell another version of the program.
        for index in 0..<min(count, 20) {
            let point = point(index)
            for value in [point.x, point.y] { hash.feed(Int(value.bitPattern)) }
        }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(field < 2 && buffer.count == 1, "\(name): field \(field) is not \(buffer.count) floats")
        buffer[0] = point(index)[field]
    }

    private func point(_ index: Int) -> SIMD2<Float> {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        var numbers = NumberStream(key: key.folding(index))
        let x = numbers.uniform(in: -1...1)
        return SIMD2(x, function(x) + noise * numbers.normalPair().x)
    }
}
