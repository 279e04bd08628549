import Autograd
import Glibc
import TensorCore

/// Writes whole sequences with a model that says of each token what comes next: the likeliest one that a search over
/// several beginnings at once finds (beam search; Sutskever, Vinyals and Le 2014, section 3.2). One beginning is greedy
/// decoding.
package struct SequenceDecoder: Sendable {
    /// Gives the scores of the next token, of which softmax makes probabilities.
    private let plan: StepPlan
    /// The token that every sequence begins with, and which is not written.
    private let start: Int
    /// The token that ends a sequence.
    private let end: Int
    /// The most tokens of a sequence, its end included.
    private let steps: Int
    /// How many beginnings are kept of each sequence.
    private let beams: Int

    package init(plan: StepPlan, start: Int, end: Int, steps: Int, beams: Int) {
        precondition(beams > 0, "SequenceDecoder: \(beams) beams")
        self.plan = plan
        self.start = start
        self.end = end
        self.steps = steps
        self.beams = beams
    }

    private struct Beginning {
        var tokens: [Int]
        var logLikelihood: Double
        var isFinished: Bool
        /// Its row in the stepper.
        var row: Int
    }

    /// The sequence of each row of the conditions, its end included where it has one.
    ///
    /// - Parameters:
    ///   - rows: of each condition [rows, …].
    ///   - tape: serves nothing else meanwhile.
    package func callAsFunction(
        _ conditions: [Tensor], lengths: [SequenceLengths?], rows: Int, on tape: Tape
    ) -> [[Int]] {
        let stepper = SequenceStepper(plan, on: tape)
        stepper.begin(conditions, lengths: lengths)
        if beams > 1 { stepper.arrange(rows: (0..<rows * beams).map { $0 / beams }) }
        // Until they differ, of several equal beginnings one is enough.
        var found = (0..<rows).map { [Beginning(tokens: [], logLikelihood: 0, isFinished: false, row: $0 * beams)] }
        for _ in 0..<steps where found.contains(where: { $0.contains { !$0.isFinished } }) {
            var last = [Int](repeating: start, count: rows * beams)
            for beginning in found.joined() { last[beginning.row] = beginning.tokens.last ?? start }
            let scores = stepper.step(
                Tensor(last.map { Float($0) }, [last.count, 1], pool: tape.pool))
            let classes = scores.shape[-1]
            var source = Array(0..<rows * beams)
            for sample in 0..<rows {
                found[sample] = best(of: found[sample], scores, classes)
                for (place, beginning) in found[sample].enumerated() {
                    source[sample * beams + place] = beginning.row
                    found[sample][place].row = sample * beams + place
                }
            }
            if beams > 1 { stepper.select(rows: source) }
        }
        return found.map { $0.first?.tokens ?? [] }
    }

    /// The likeliest `beams` of what the beginnings can become with one more token, the first of equal ones.
    private func best(of beginnings: [Beginning], _ scores: Tensor, _ classes: Int) -> [Beginning] {
        var result: [Beginning] = []
        func offer(_ candidate: @autoclosure () -> Beginning, _ logLikelihood: Double) {
            if result.count == beams, logLikelihood <= result[beams - 1].logLikelihood { return }
            if result.count == beams { result.removeLast() }
            let place = result.firstIndex { $0.logLikelihood < logLikelihood } ?? result.count
            result.insert(candidate(), at: place)
        }
        for beginning in beginnings {
            if beginning.isFinished {
                offer(beginning, beginning.logLikelihood)
                continue
            }
            let row = scores.pointer + beginning.row * classes
            let total = logSum(row, classes)
            for token in 0..<classes {
                let logLikelihood = beginning.logLikelihood + Double(row[token]) - total
                offer(
                    Beginning(
                        tokens: beginning.tokens + [token], logLikelihood: logLikelihood, isFinished: token == end,
                        row: beginning.row), logLikelihood)
            }
        }
        return result
    }
}

/// log Σ eˣ over a row of scores.
func logSum(_ scores: UnsafePointer<Float>, _ count: Int) -> Double {
    var peak = -Double.infinity
    for index in 0..<count { peak = max(peak, Double(scores[index])) }
    guard peak.isFinite else { return peak }
    var sum = 0.0
    for index in 0..<count { sum += exp(Double(scores[index]) - peak) }
    return peak + log(sum)
}
