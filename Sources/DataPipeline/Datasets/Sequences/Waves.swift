import ConfigurationReading
import Kernels
import TensorCore

/// Sine waves to be continued: fields `value` [T, 1] and `next` [T, 1], the same one step later. Each has an amplitude
/// of 0.5…1, a period and a phase of its own.
package struct Waves: DrawnTask {
    package static let name = "waves"
    package static let documentation =
        "Sine waves of different periods, to be continued: fields `value` and `next`, the same one step later."
    package static let things = "waves"
    package let defaultInput = "value"
    package let defaultTarget = "next"

    package let steps: Int
    /// The shortest and the longest period, in steps.
    package let periods: [Double]
    /// The standard deviation of what is added to each value.
    package let noise: Double

    package init(steps: Int = 50, periods: [Double] = [10, 40], noise: Double = 0) {
        self.steps = steps
        self.periods = periods
        self.noise = noise
    }

    package init(from reader: ConfigurationReader) {
        let periods = reader.value(
            "periods", .list(of: .number(in: 2...1e6), atLeast: 2), default: [10, 40],
            "The shortest and the longest period, in steps.")
        if periods.count > 2 || periods.first ?? 0 > periods.last ?? 0 {
            reader.refuse("periods", because: "give two numbers, the shorter period first.")
        }
        self.init(
            steps: reader.value("steps", .integer(in: 1..., atMost: 100_000), default: 50, "Steps of a wave."),
            periods: periods,
            noise: reader.value(
                "noise", .number(in: 0...1), default: 0, "The standard deviation of what is added to each value."))
    }

    package var identity: String { "\(steps) \(periods) \(noise)" }

    package var fields: [FieldDescription] {
        ["value", "next"].map { name in
            FieldDescription(name: name, elementType: .float32, shape: [steps, 1], meaning: .real(names: [name]))
        }
    }

    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        var numbers = NumberStream(key: sample.key)
        let amplitude = Double(numbers.uniform(in: 0.5...1))
        let period = periods[0] + Double(numbers.uniform()) * (periods[1] - periods[0])
        let phase = Double(numbers.uniform())
        let noises = sample.key.folding(name: "noise")
        for step in 0..<steps {
            let place = step + field
            var own = NumberStream(key: noises.folding(place))
            buffer[step] =
                Float(amplitude * sine(ofTurns: phase + Double(place) / period))
                + (noise > 0 ? Float(noise) * own.normalPair().x : 0)
        }
    }
}
