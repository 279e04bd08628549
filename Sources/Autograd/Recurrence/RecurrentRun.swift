import Kernels
import TensorCore

/// The memory of a pass over all steps and back. Units are padded to a multiple of 16, with zeros.
final class RecurrentRun {
    let cell: RecurrentCell
    let units: Int
    /// H padded.
    let width: Int
    let rows: StepRows
    /// [R, gates · width]: sums, then gates, then in backward the gradients of the sums.
    let gates: Tensor
    /// h [R, width].
    let states: Tensor
    /// [R, width]: c of long short-term memory; q = U h′ + b′ of a gated unit, then its gradient; nil of a simple cell.
    let memory: Tensor?
    private let pool: StoragePool

    init(_ cell: RecurrentCell, units: Int, rows: StepRows, pool: StoragePool) {
        self.cell = cell
        self.units = units
        self.rows = rows
        self.pool = pool
        width = (units + 15) / 16 * 16
        gates = Tensor([rows.count, cell.gateCount * width], pool: pool)
        states = Tensor([rows.count, width], pool: pool)
        if case .simple = cell { memory = nil } else { memory = Tensor([rows.count, width], pool: pool) }
    }

    var isPadded: Bool { width != units }
    private var hasCells: Bool { cell.stateCount == 2 }

    // MARK: - Forward

    func forward(_ weight: Tensor, hiddenBias: Tensor?, initial: Tensor?) {
        let product = StateProduct(cell, weight, width: width, rows: rows, isForward: true, pool: pool)
        if case .gated = cell, let memory { fillHidden(memory, hiddenBias) }
        let first = initial.map { (h: placed($0, part: 0), c: hasCells ? placed($0, part: 1) : nil) }
        for (step, active) in rows.active.enumerated() {
            let offset = rows.offsets[step]
            let sums = gates.pointer + offset * cell.gateCount * width
            let hidden = memory.map { $0.pointer + offset * width }
            let previous = step > 0 ? states.pointer + rows.offsets[step - 1] * width : first?.h.pointer
            if let previous { product.addSums(previous, rows: active, gates: sums, hidden: hidden) }
            let state = states.pointer + offset * width
            switch cell {
            case .simple(let function): simpleCell(function, sums, rows: active, width: width, states: state)
            case .longShortTerm(let gate, let function):
                let old = step > 0 ? memory!.pointer + rows.offsets[step - 1] * width : first?.c?.pointer
                longShortTermCell(
                    gate: gate, cell: function, sums, previous: old, rows: active, width: width, cells: hidden!,
                    states: state)
            case .gated(let gate, let function):
                gatedUnit(
                    gate: gate, cell: function, sums, hidden: hidden!, previous: previous, rows: active, width: width,
                    states: state)
            }
            if isPadded { zeroPadding(state, rows: active) }
        }
    }

    /// q begins as b′ of the new state's gate.
    private func fillHidden(_ hidden: Tensor, _ bias: Tensor?) {
        hidden.fill(0)
        guard let bias else { return }
        let part = bias.pointer + 2 * units
        for row in 0..<rows.count { (hidden.pointer + row * width).update(from: part, count: units) }
    }

    /// Some functions are not 0 at 0.
    private func zeroPadding(_ values: UnsafeMutablePointer<Float>, rows: Int) {
        for row in 0..<rows { (values + row * width + units).update(repeating: 0, count: width - units) }
    }

    /// Part `part` of initial states [N, S · H], in the order of places: [N, width].
    private func placed(_ initial: Tensor, part: Int) -> Tensor {
        let result = Tensor([rows.samples, width], pool: pool)
        if isPadded { result.fill(0) }
        for (place, sample) in rows.order.enumerated() {
            (result.pointer + place * width).update(
                from: initial.pointer + (sample * cell.stateCount + part) * units, count: units)
        }
        return result
    }

    /// h [R, H].
    func compactStates() -> Tensor {
        guard isPadded else { return states }
        let result = Tensor([rows.count, units], pool: pool)
        for row in 0..<rows.count {
            (result.pointer + row * units).update(from: states.pointer + row * width, count: units)
        }
        return result
    }

    /// The row of the last step of the sequence at a place; nil of one without steps.
    private func lastRow(_ place: Int) -> Int? {
        let length = rows.lengths[place]
        return length > 0 ? rows.offsets[length - 1] + place : nil
    }

    /// What each sequence ends with, [N, S · H].
    func lastStates(initial: Tensor?) -> Tensor {
        let size = cell.stateCount * units
        let result = Tensor([rows.samples, size], pool: pool)
        for (place, sample) in rows.order.enumerated() {
            let target = result.pointer + sample * size
            if let row = lastRow(place) {
                target.update(from: states.pointer + row * width, count: units)
                if hasCells, let memory {
                    (target + units).update(from: memory.pointer + row * width, count: units)
                }
            } else if let initial {
                target.update(from: initial.pointer + sample * size, count: size)
            } else {
                target.update(repeating: 0, count: size)
            }
        }
        return result
    }

    // MARK: - Backward

    /// Gradients of what sequences begin with, by place: of h, and of c where there is one.
    struct Ends {
        let h: Tensor
        let c: Tensor?
    }

    /// Turns ``gates`` into the gradients of the sums, and a gated unit's ``memory`` into that of q.
    func backward(_ weight: Tensor, states gradient: Tensor?, last: Tensor?, initial: Tensor?) -> Ends {
        let product = StateProduct(cell, weight, width: width, rows: rows, isForward: false, pool: pool)
        let dh = ending(last, part: 0)
        let dc = hasCells ? ending(last, part: 1) : nil
        let first = initial.map { (h: placed($0, part: 0), c: hasCells ? placed($0, part: 1) : nil) }
        for step in rows.active.indices.reversed() {
            let (active, offset) = (rows.active[step], rows.offsets[step])
            if let gradient { addRows(gradient.pointer + offset * units, to: dh.pointer, rows: active) }
            let sums = gates.pointer + offset * cell.gateCount * width
            let hidden = memory.map { $0.pointer + offset * width }
            let before = step > 0 ? rows.offsets[step - 1] * width : 0
            let previous = step > 0 ? states.pointer + before : first?.h.pointer
            switch cell {
            case .simple(let function):
                simpleCellGradient(
                    function, states: states.pointer + offset * width, gradient: dh.pointer, rows: active, width: width,
                    into: sums)
            case .longShortTerm(let gate, let function):
                longShortTermCellGradient(
                    gate: gate, cell: function, sums,
                    previous: step > 0
                        ? UnsafePointer(memory!.pointer + before) : first?.c.map { UnsafePointer($0.pointer) },
                    cells: hidden!, gradient: dh.pointer, cellGradient: dc!.pointer, rows: active, width: width)
            case .gated(let gate, let function):
                gatedUnitGradient(
                    gate: gate, cell: function, sums, hidden: hidden!, previous: previous, gradient: dh.pointer,
                    rows: active, width: width)
            }
            if step > 0 || initial != nil {
                product.stateGradient(
                    gates: sums, hidden: hidden, rows: active, into: dh.pointer, accumulate: cell.keepsPart)
            }
        }
        return Ends(h: dh, c: dc)
    }

    /// The gradient of part `part` of what sequences end with, by place, [N, width]; zeros where there is none.
    private func ending(_ last: Tensor?, part: Int) -> Tensor {
        if let last { return placed(last, part: part) }
        let result = Tensor([rows.samples, width], pool: pool)
        result.fill(0)
        return result
    }

    private func addRows(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, rows: Int) {
        if !isPadded { return Kernels.accumulate(source, into: target, count: rows * width) }
        for row in 0..<rows { Kernels.accumulate(source + row * units, into: target + row * width, count: units) }
    }

    /// The state before each row from `firstRow` on, that is of all steps but the first: [R − firstRow, width].
    func statesBefore() -> (states: Tensor, firstRow: Int) {
        let firstRow = rows.active.first ?? 0
        let count = rows.count - firstRow
        if rows.isUniform { return (states, firstRow) }
        let result = Tensor([count, width], pool: pool)
        for step in rows.active.indices.dropFirst() {
            (result.pointer + (rows.offsets[step] - firstRow) * width).update(
                from: states.pointer + rows.offsets[step - 1] * width, count: rows.active[step] * width)
        }
        return (result, firstRow)
    }

    /// Initial h by place, for the gradient of the weights.
    func placedStates(_ initial: Tensor) -> Tensor { placed(initial, part: 0) }
}

extension RecurrentCell {
    /// Whether a part of the state's gradient does not pass through the weights.
    fileprivate var keepsPart: Bool {
        if case .gated = self { true } else { false }
    }
}
