import Kernels
import TensorCore

/// What a recurrent layer's inputs add to the sums of all its steps.
package enum RecurrentInput {
    /// x Wᵀ + b for rows x [R, C], W [gates · H, C], b [gates · H].
    case rows(Variable, weight: Variable, bias: Variable?)
    /// Rows of a table [V, gates · H], one for each of R tokens, and b: where inputs are vectors of tokens, the product
    /// of all V vectors with W is less work than that of all rows.
    case table(tokens: Tensor, Variable, bias: Variable?)

    var variables: [Variable] {
        switch self {
        case .rows(let x, let weight, let bias): [x, weight] + (bias.map { [$0] } ?? [])
        case .table(_, let table, let bias): [table] + (bias.map { [$0] } ?? [])
        }
    }

    private var bias: Variable? {
        switch self {
        case .rows(_, _, let bias), .table(_, _, let bias): bias
        }
    }

    /// Writes the sums of all rows, each padded: [R, gates · width] from blocks of `units`.
    ///
    /// - Parameters:
    ///   - biases: room for a row.
    ///   - stateBias: b′ [gates · H], which is added here where no gate multiplies it.
    func write(
        _ sums: Tensor, cell: RecurrentCell, units: Int, width: Int, biases: Tensor, stateBias: UnsafePointer<Float>?
    ) {
        let (rows, columns) = (sums.shape[0], sums.shape[1])
        biases.fill(0)
        for (values, gates) in [
            (bias.map { UnsafePointer($0.value.pointer) }, cell.gateCount), (stateBias, cell.parts[0].count),
        ] {
            guard let values else { continue }
            for gate in 0..<gates {
                Kernels.accumulate(values + gate * units, into: biases.pointer + gate * width, count: units)
            }
        }
        switch self {
        case .rows(let x, let weight, _):
            let inputs = x.shape[1]
            for row in 0..<rows { (sums.pointer + row * columns).update(from: biases.pointer, count: columns) }
            RecurrentInput.forEachBlock(cell, units, width) { gate, count in
                let start = UnsafePointer(weight.value.pointer) + gate * units * inputs
                if rows == 1 {
                    multiplyVector(
                        rows: count, columns: inputs, start, x.value.pointer, into: sums.pointer + gate * width,
                        accumulate: true)
                } else {
                    layerProduct(
                        m: rows, n: count, k: inputs, x.value.pointer, lda: inputs, start, ldb: inputs,
                        transposeB: true, into: sums.pointer + gate * width, ldc: columns, accumulate: true)
                }
            }
        case .table(let tokens, let table, _):
            if width > units { sums.fill(0) }
            for row in 0..<rows {
                let token = index(tokens.pointer[row], below: table.shape[0], "recurrence")
                let source = UnsafePointer(table.value.pointer) + token * cell.gateCount * units
                RecurrentInput.forEachBlock(cell, units, width) { gate, count in
                    add(
                        source + gate * units, UnsafePointer(biases.pointer) + gate * width,
                        into: sums.pointer + row * columns + gate * width, count: count)
                }
            }
        }
    }

    /// All gates together where none is padded, else one by one: the first and how many values.
    static func forEachBlock(
        _ cell: RecurrentCell, _ units: Int, _ width: Int, _ body: (_ gate: Int, _ count: Int) -> Void
    ) {
        if width == units { return body(0, cell.gateCount * units) }
        for gate in 0..<cell.gateCount { body(gate, units) }
    }
}
