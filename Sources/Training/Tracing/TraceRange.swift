/// The steps that a run traces, as users count them: the first is 1.
package struct TraceRange: Equatable, Sendable, CustomStringConvertible {
    package let steps: ClosedRange<Int>

    /// A text that names no steps; the description says what to write.
    package struct Unreadable: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter text: `100-110`, or `100` for one step.
    package init(_ text: String) throws(Unreadable) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.allSatisfy { $0.isASCII && $0.isNumber } ? Int(part) : nil
        }
        guard numbers.count == parts.count, let first = numbers.first, let last = numbers.last, numbers.count <= 2
        else {
            throw Unreadable(
                description: "--trace \(text): give a step, as 100, or a range of steps, as 100-110, as metrics.jsonl "
                    + "counts them")
        }
        guard first > 0 else {
            throw Unreadable(description: "--trace \(text): the first step is 1; give steps from 1 up")
        }
        guard first <= last else {
            throw Unreadable(description: "--trace \(text): it ends before it begins; give \(last)-\(first)")
        }
        steps = first...last
    }

    package var description: String {
        steps.count == 1 ? "\(steps.lowerBound)" : "\(steps.lowerBound)-\(steps.upperBound)"
    }

    /// Throws `TrainingError.traceBeyondEnd` where the run ends before the last of the steps.
    package func requireWithin(totalSteps: Int) throws(TrainingError) {
        if steps.upperBound > totalSteps { throw .traceBeyondEnd(steps: description, total: totalSteps) }
    }
}

/// `steps 100 to 110`, `step 100`.
func words(_ steps: ClosedRange<Int>) -> String {
    steps.count == 1 ? "step \(steps.lowerBound)" : "steps \(steps.lowerBound) to \(steps.upperBound)"
}
