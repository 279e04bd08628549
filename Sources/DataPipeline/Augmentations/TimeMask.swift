import ConfigurationReading
import Kernels
import TensorCore

/// Hides runs of steps of a sequence of features (Park et al., "SpecAugment", 2019, section 2).
///
/// Each of `count` runs has a uniform number of steps in 0…`steps`, but at most half of the sequence, and begins
/// anywhere. What is hidden becomes the mean of the sequence's numbers.
package struct TimeMask: SampleTransform {
    package static let subject = TransformSubject.features
    /// The longest run.
    package let steps: Int
    package let count: Int

    package init(steps: Int, count: Int = 1) {
        precondition(steps >= 0 && count >= 0, "TimeMask: \(count) runs of \(steps) steps")
        self.steps = steps
        self.count = count
    }

    static let entry = AugmentationEntry(
        "timeMask", "Runs of steps of a sequence of features become its mean.", shorthand: "steps"
    ) {
        TimeMask(
            steps: $0.required("steps", .integer(in: 1...), "The longest run; at most half of a sequence is hidden."),
            count: $0.value("count", .integer(in: 1...100), default: 1, "Runs."))
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        let (length, channels) = checkedSequence(source, destination, shape, "TimeMask")
        let mean = meanOfCopy(source, to: destination)
        for run in maskedRuns(count, longest: min(steps, length / 2), of: length, key: key) {
            for index in run.lowerBound * channels..<run.upperBound * channels { destination[index] = mean }
        }
        return true
    }
}
