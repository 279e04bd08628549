import ConfigurationReading
import Kernels

/// An exponential moving average of the weights (Polyak and Juditsky 1992; Tarvainen and Valpola 2017):
/// a ← a + (1 − d) (θ − a), in one element-wise pass.
///
/// The averages are a flat buffer laid out like the parameters, at first a copy of them. With `warmUp` d is at most
/// (1 + t) / (10 + t) at update t, so that the first weights are soon forgotten (as TensorFlow's `num_updates`).
package struct WeightAverage: Equatable, Sendable {
    /// d, 0 ≤ d < 1.
    package let decay: Double
    package let warmUp: Bool

    package init(decay: Double = 0.999, warmUp: Bool = true) {
        self.decay = decay
        self.warmUp = warmUp
    }

    /// d at update `stepNumber`, counted from 1.
    package func decay(atStep stepNumber: Int) -> Double {
        warmUp ? min(decay, Double(1 + stepNumber) / Double(10 + stepNumber)) : decay
    }

    /// Averages the elements of `range`; both pointers are to the first element of a whole flat buffer.
    package func update(
        _ range: Range<Int>, averages: UnsafeMutablePointer<Float>, parameters: UnsafePointer<Float>, stepNumber: Int
    ) {
        updateAverage(
            averages: averages + range.lowerBound, parameters: parameters + range.lowerBound, count: range.count,
            complement: Float(1 - decay(atStep: stepNumber)))
    }
}

/// `averaging: 0.999`, `averaging: {decay: 0.9999, warmUp: false}`.
extension WeightAverage: ConfigurationSection {
    package static var title: String { "averaging" }
    package static var shortForm: ConfigurationShortForm { .value(of: "decay") }

    package init(from reader: ConfigurationReader) {
        decay = reader.value(
            "decay", .number(in: 0..<1), default: 0.999, "Share of the average that each update keeps.")
        warmUp = reader.value(
            "warmUp", .flag, default: true,
            "Whether update t keeps at most (1 + t) / (10 + t), so that the first weights are soon forgotten.")
    }
}
