import Kernels
import TensorCore

/// The steps of a batch of sequences in order of time, as a recurrent layer goes through them: first the first step of
/// every sequence, then the second of those that have one, and so on, the longest sequences first in each.
///
/// Steps that a sequence does not have are not among the rows, so that padding is never computed with.
package final class StepRows: Sendable {
    /// N.
    package let samples: Int
    /// T of the tensors [N, T, …].
    package let steps: Int
    /// The sample at each place, longer sequences first, equal ones in their order.
    let order: [Int]
    /// How many steps the sequence at each place has.
    let lengths: [Int]
    /// How many sequences have each step; never more than of the step before.
    let active: [Int]
    /// The first row of each step.
    let offsets: [Int]
    /// R, the number of rows.
    package let count: Int
    /// Nil where all sequences are as long as the tensor.
    let sequenceLengths: SequenceLengths?

    /// - Parameter lengths: nil where all sequences have `steps`.
    package init(samples: Int, steps: Int, lengths: SequenceLengths?) {
        self.samples = samples
        self.steps = steps
        sequenceLengths = lengths
        let counts = lengths?.counts ?? Array(repeating: steps, count: samples)
        precondition(counts.count == samples, "StepRows: \(counts.count) lengths for \(samples) sequences")
        order = (0..<samples).sorted { (-counts[$0], $0) < (-counts[$1], $1) }
        self.lengths = order.map { counts[$0] }
        var active: [Int] = []
        var offsets: [Int] = []
        var next = 0
        var alive = samples
        for step in 0..<(self.lengths.first ?? 0) {
            while alive > 0, self.lengths[alive - 1] <= step { alive -= 1 }
            active.append(alive)
            offsets.append(next)
            next += alive
        }
        self.active = active
        self.offsets = offsets
        count = next
    }

    /// Whether all sequences are equally long.
    var isUniform: Bool { active.last ?? 0 == samples }

    /// Calls `body` with each row and where its values are in a tensor [N, T, …].
    ///
    /// - Parameter reversed: each sequence from its last step to its first.
    func forEachRow(reversed: Bool, _ body: (_ row: Int, _ place: Int) -> Void) {
        for (step, rows) in active.enumerated() {
            for k in 0..<rows {
                body(offsets[step] + k, order[k] * steps + (reversed ? lengths[k] - 1 - step : step))
            }
        }
    }

    /// Whether the rows are in the order of a tensor [N, T, …] as they are.
    fileprivate func areInPlace(reversed: Bool) -> Bool {
        isUniform && count == samples * steps && (steps == 1 || (samples == 1 && !reversed))
    }
}

/// x [N, T, C] as rows in order of time, [R, C].
package func stepRows(_ x: Variable, _ rows: StepRows, reversed: Bool = false) -> Variable {
    precondition(
        x.shape.rank == 3 && x.shape[0] == rows.samples && x.shape[1] == rows.steps, "stepRows: \(x.shape)")
    let size = x.shape[2]
    if rows.areInPlace(reversed: reversed) { return reshape(x, [rows.count, size]) }
    let y = x.makeTensor([rows.count, size])
    rows.forEachRow(reversed: reversed) { row, place in
        (y.pointer + row * size).update(from: x.value.pointer + place * size, count: size)
    }
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: rows.samples * rows.steps * size) }
            rows.forEachRow(reversed: reversed) { row, place in
                Kernels.accumulate(gradient.pointer + row * size, into: dx + place * size, count: size)
            }
        }
    }
}

/// Rows in order of time as sequences [N, T, C], zero behind each one's end; several side by side, the second from the
/// last step to the first.
package func sequences(_ directions: [Variable], _ rows: StepRows) -> Variable {
    let sizes = directions.map { $0.shape[1] }
    let total = sizes.reduce(0, +)
    if directions.count == 1, rows.areInPlace(reversed: false) {
        return reshape(directions[0], [rows.samples, rows.steps, total])
    }
    let y = directions[0].makeTensor([rows.samples, rows.steps, total])
    if rows.count < rows.samples * rows.steps { y.fill(0) }
    var first = 0
    for (index, direction) in directions.enumerated() {
        let (size, source) = (sizes[index], direction.value.pointer)
        precondition(direction.shape == [rows.count, size], "sequences: \(direction.shape) for \(rows.count) rows")
        rows.forEachRow(reversed: index == 1) { row, place in
            (y.pointer + place * total + first).update(from: source + row * size, count: size)
        }
        first += size
    }
    let targets = directions.map(\.target)
    var result = directions[0].tape.record(y, all: directions) { tape, dy in
        let gradient = dy
        var first = 0
        for (index, target) in targets.enumerated() {
            let (size, offset) = (sizes[index], first)
            tape.accumulate(into: target) { dx, accumulate in
                rows.forEachRow(reversed: index == 1) { row, place in
                    let source = gradient.pointer + place * total + offset
                    if accumulate {
                        Kernels.accumulate(source, into: dx + row * size, count: size)
                    } else {
                        (dx + row * size).update(from: source, count: size)
                    }
                }
            }
            first += size
        }
    }
    result.lengths = rows.sequenceLengths
    return result
}
