import Kernels
import TensorCore

/// Where the gradients of a recurrent layer go.
struct RecurrentTargets {
    /// What the inputs' gradients are made of.
    private enum Input {
        case rows(GradientTarget, x: Tensor, weight: GradientTarget, Tensor, bias: GradientTarget?)
        case table(tokens: Tensor, GradientTarget, bias: GradientTarget?)
    }

    private let input: Input
    private let weight: GradientTarget
    private let bias: GradientTarget?
    private let initial: GradientTarget?

    init(_ input: RecurrentInput, weight: GradientTarget, bias: GradientTarget?, initial: GradientTarget?) {
        switch input {
        case .rows(let x, let weight, let bias):
            self.input = .rows(x.target, x: x.value, weight: weight.target, weight.value, bias: bias?.target)
        case .table(let tokens, let table, let bias):
            self.input = .table(tokens: tokens, table.target, bias: bias?.target)
        }
        self.weight = weight
        self.bias = bias
        self.initial = initial
    }

    /// Adds what a backward pass has left in `run` to all gradients.
    func accumulate(_ run: RecurrentRun, _ ends: RecurrentRun.Ends, initial first: Tensor?, on tape: Tape) {
        accumulateWeight(run, initial: first, on: tape)
        accumulateBiases(run, on: tape)
        accumulateInput(run, on: tape)
        guard let initial else { return }
        let (units, width, states) = (run.units, run.width, run.cell.stateCount)
        tape.accumulate(into: initial) { gradient, accumulate in
            if !accumulate { gradient.update(repeating: 0, count: run.rows.samples * states * units) }
            for (place, sample) in run.rows.order.enumerated() {
                for (part, source) in [ends.h, ends.c].compactMap(\.self).enumerated() {
                    Kernels.accumulate(
                        source.pointer + place * width, into: gradient + (sample * states + part) * units, count: units)
                }
            }
        }
    }

    /// dU = Σ over steps of dsumᵀ h′.
    private func accumulateWeight(_ run: RecurrentRun, initial first: Tensor?, on tape: Tape) {
        let (units, width) = (run.units, run.width)
        tape.accumulate(into: weight) { gradient, accumulate in
            var accumulate = accumulate
            let (before, firstRow) = run.statesBefore()
            func add(_ states: UnsafePointer<Float>, from row: Int, rows: Int) {
                for part in run.cell.parts {
                    let (source, stride) = run.sums(part, row: row)
                    let together = run.isPadded ? 1 : part.count
                    for block in Swift.stride(from: 0, to: part.count, by: together) {
                        layerProduct(
                            m: together * units, n: units, k: rows, source + block * width, lda: stride,
                            transposeA: true, states, ldb: width,
                            into: gradient + (part.first + block) * units * units, ldc: units, accumulate: accumulate)
                    }
                }
                accumulate = true
            }
            add(before.pointer, from: firstRow, rows: run.rows.count - firstRow)
            if let first { add(run.placedStates(first).pointer, from: 0, rows: firstRow) }
        }
    }

    private func accumulateBiases(_ run: RecurrentRun, on tape: Tape) {
        let inputBias: GradientTarget? =
            switch input {
            case .rows(_, _, _, _, let bias), .table(_, _, let bias): bias
            }
        guard inputBias != nil || bias != nil else { return }
        let (units, width, columns) = (run.units, run.width, run.cell.gateCount * run.width)
        let sums = Tensor([columns], pool: tape.pool)
        sumRows(run.gates.pointer, rows: run.rows.count, columns: columns, into: sums.pointer)
        func add(
            _ sums: UnsafePointer<Float>, gates: Range<Int>, into gradient: UnsafeMutablePointer<Float>,
            _ accumulate: Bool
        ) {
            for gate in gates {
                let (source, target) = (sums + (gate - gates.lowerBound) * width, gradient + gate * units)
                if accumulate {
                    Kernels.accumulate(source, into: target, count: units)
                } else {
                    target.update(from: source, count: units)
                }
            }
        }
        if let inputBias {
            tape.accumulate(into: inputBias) { add(sums.pointer, gates: 0..<run.cell.gateCount, into: $0, $1) }
        }
        guard let bias else { return }
        tape.accumulate(into: bias) { gradient, accumulate in
            for part in run.cell.parts {
                let gates = part.first..<part.first + part.count
                guard part.isHidden, let memory = run.memory else {
                    add(sums.pointer + part.first * width, gates: gates, into: gradient, accumulate)
                    continue
                }
                let hidden = Tensor([width], pool: tape.pool)
                sumRows(memory.pointer, rows: run.rows.count, columns: width, into: hidden.pointer)
                add(hidden.pointer, gates: gates, into: gradient, accumulate)
            }
        }
    }

    private func accumulateInput(_ run: RecurrentRun, on tape: Tape) {
        let (units, width, cell) = (run.units, run.width, run.cell)
        let (rows, columns) = (run.rows.count, cell.gateCount * run.width)
        switch input {
        case .rows(let target, let x, let weightTarget, let weight, _):
            let inputs = x.shape[1]
            tape.accumulate(into: weightTarget) { gradient, accumulate in
                RecurrentInput.forEachBlock(cell, units, width) { gate, count in
                    layerProduct(
                        m: count, n: inputs, k: rows, run.gates.pointer + gate * width, lda: columns, transposeA: true,
                        x.pointer, ldb: inputs, into: gradient + gate * units * inputs, ldc: inputs,
                        accumulate: accumulate)
                }
            }
            tape.accumulate(into: target) { gradient, accumulate in
                var accumulate = accumulate
                RecurrentInput.forEachBlock(cell, units, width) { gate, count in
                    layerProduct(
                        m: rows, n: inputs, k: count, run.gates.pointer + gate * width, lda: columns,
                        weight.pointer + gate * units * inputs, ldb: inputs, into: gradient, ldc: inputs,
                        accumulate: accumulate)
                    accumulate = true
                }
            }
        case .table(let tokens, let table, _):
            tape.accumulate(into: table) { gradient, accumulate in
                if !accumulate { gradient.update(repeating: 0, count: table.shape.count) }
                for row in 0..<rows {
                    let target = gradient + Int(tokens.pointer[row]) * cell.gateCount * units
                    let source = run.gates.pointer + row * columns
                    RecurrentInput.forEachBlock(cell, units, width) { gate, count in
                        Kernels.accumulate(source + gate * width, into: target + gate * units, count: count)
                    }
                }
            }
        }
    }
}

extension RecurrentRun {
    /// Where the gradients of a part's sums begin at a row, and how far rows are apart.
    fileprivate func sums(
        _ part: (first: Int, count: Int, isHidden: Bool), row: Int
    ) -> (UnsafePointer<Float>, stride: Int) {
        if part.isHidden, let memory { return (UnsafePointer(memory.pointer + row * width), width) }
        return (
            UnsafePointer(gates.pointer + row * cell.gateCount * width + part.first * width), cell.gateCount * width
        )
    }
}
