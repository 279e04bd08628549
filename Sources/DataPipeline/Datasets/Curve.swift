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
    package let samples: DrawnSamples

    package init(function: CurveFunction, noise: Double = 0, training: Int = 4000, test: Int = 1000, seed: Int = 0) {
        self.init(function: function, noise: noise, samples: DrawnSamples(training: training, test: test, seed: seed))
    }

    private init(function: CurveFunction, noise: Double, samples: DrawnSamples) {
        self.function = function
        self.noise = noise
        self.samples = samples
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) -> any Dataset {
        DrawnCurve(
            function, split: split, count: samples.count(of: split), noise: Float(noise), seed: UInt64(samples.seed))
    }

    /// Opens a table whose header names the column x.
    package func openSamples(
        _ path: String, field: FieldDescription
    ) throws(DataError) -> any UnlabelledSamples {
        try openTable(path, field: field)
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
            samples: DrawnSamples(from: reader, of: "places", training: 4000, test: 1000))
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
        key = RandomKey(drawing: name, seed: seed)
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed("\(name) \(function) \(noise)", count: count, key: key, samples: 20) { index in
            let point = point(index)
            return [point.x, point.y]
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
