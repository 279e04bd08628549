import ConfigurationReading
import Kernels
import TensorCore

/// The adding problem: the sum of the two numbers of a long sequence that are marked. Hochreiter and Schmidhuber 1997,
/// section 5.4.
///
/// A sequence has T to T + T/10 steps of a number in −1…1 and a marker. One of the first ten steps and one of the first
/// T/2 − 1 others are marked by 1; the marker of the first and of the last step is −1, that of all others 0. The target
/// is 0.5 + (a + b)/4 with the marked numbers a and b; a marked first step keeps its −1, and its number counts as 0. So
/// at least T/2 steps lie between what has to be remembered and where it is asked for. Who always says 0.5 has a
/// mean squared error of 1/24.
package struct AddingProblem: DrawnTask {
    package static let name = "adding"
    package static let documentation =
        "The adding problem of Hochreiter and Schmidhuber (1997): fields `sequence`, a number and a marker at each of "
        + "many steps, and `sum`, 0.5 + a quarter of the sum of the two marked numbers."
    package let defaultInput = "sequence"
    package let defaultTarget = "sum"

    /// T
    package let steps: Int

    package init(steps: Int) { self.steps = steps }

    package init(from reader: ConfigurationReader) {
        steps = reader.value(
            "steps", .integer(in: 6..., atMost: 100_000), default: 100,
            "Steps of the shortest sequence; the longest has a tenth more. Half of them lie between the second marked "
                + "number and the end, at least.")
    }

    package var identity: String { "\(steps)" }

    package var fields: [FieldDescription] {
        [
            FieldDescription(
                name: "sequence", elementType: .float32, shape: [steps + steps / 10, 2], variableAxis: 0,
                meaning: .real(names: ["value", "marker"])),
            FieldDescription(name: "sum", elementType: .float32, shape: [1], meaning: .real(names: ["sum"])),
        ]
    }

    package func length(_ sample: DrawnSample, field: Int) -> Int {
        steps + sample.key.folding(name: "length").integer(at: 0, below: steps / 10 + 1)
    }

    package func draw(_ sample: DrawnSample, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        let (first, second) = marked(sample.key)
        guard field == 0 else {
            buffer[0] = 0.5 + (counted(first, sample.key) + counted(second, sample.key)) / 4
            return
        }
        let length = buffer.count / 2
        for step in 0..<length {
            buffer[2 * step] = value(step, sample.key)
            let isMarked = step == first || step == second
            buffer[2 * step + 1] = step == 0 || step == length - 1 ? -1 : isMarked ? 1 : 0
        }
    }

    private func value(_ step: Int, _ key: RandomKey) -> Float { 2 * key.uniform(at: UInt64(step)) - 1 }

    private func counted(_ step: Int, _ key: RandomKey) -> Float { step == 0 ? 0 : value(step, key) }

    /// The two marked steps, in the order in which they are chosen.
    private func marked(_ key: RandomKey) -> (Int, Int) {
        let markers = key.folding(name: "markers")
        let others = steps / 2 - 1
        let first = markers.integer(at: 0, below: min(10, others))
        let second = markers.integer(at: 1, below: others - 1)
        return (first, second < first ? second : second + 1)
    }
}
