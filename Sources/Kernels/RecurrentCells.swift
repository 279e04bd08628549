/// The arithmetic of recurrent cells over the units of a step, with everything that a product has to give already
/// there. Units are padded to `width`, a multiple of 16; rows lie behind each other.

/// hₜ = f(a): `gates` [rows, width] → `states`.
package func simpleCell(
    _ function: RecurrentFunction, _ gates: UnsafePointer<Float>, rows: Int, width: Int,
    states: UnsafeMutablePointer<Float>
) {
    func run(_ f: some GateFunction) {
        for i in stride(from: 0, to: rows * width, by: 16) { states.store(f.value(gates.vector(i)), i) }
    }
    switch function {
    case .tanh: run(TangentGate())
    case .sigmoid: run(LogisticGate())
    default: run(function)
    }
}

/// da = dh · f′: the gradient of ``simpleCell(_:_:rows:width:states:)`` into `gates`.
package func simpleCellGradient(
    _ function: RecurrentFunction, states: UnsafePointer<Float>, gradient: UnsafePointer<Float>, rows: Int, width: Int,
    into gates: UnsafeMutablePointer<Float>
) {
    for i in stride(from: 0, to: rows * width, by: 16) {
        gates.store(gradient.vector(i) * function.slope(ofValue: states.vector(i)), i)
    }
}

/// One step of long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).
///
/// i, f, o = σ of their sums, g = τ of its sum; c = f · c′ + i · g; h = o · τ(c). `gates` [rows, 4 · width] hold the
/// sums of i, f, g, o, and then the gates.
/// - Parameter previous: c′ [rows, width]; nil for zeros.
package func longShortTermCell(
    gate: RecurrentFunction, cell: RecurrentFunction, _ gates: UnsafeMutablePointer<Float>,
    previous: UnsafePointer<Float>?, rows: Int, width: Int, cells: UnsafeMutablePointer<Float>,
    states: UnsafeMutablePointer<Float>
) {
    func run(_ gate: some GateFunction, _ cell: some GateFunction) {
        for row in 0..<rows {
            let at = gates + 4 * row * width
            let first = row * width
            for j in stride(from: 0, to: width, by: 16) {
                let i = gate.value(at.vector(j))
                let f = gate.value(at.vector(width + j))
                let g = cell.value(at.vector(2 * width + j))
                let o = gate.value(at.vector(3 * width + j))
                var c = i * g
                if let previous { c = c.addingProduct(f, previous.vector(first + j)) }
                at.store(i, j)
                at.store(f, width + j)
                at.store(g, 2 * width + j)
                at.store(o, 3 * width + j)
                cells.store(c, first + j)
                states.store(o * cell.value(c), first + j)
            }
        }
    }
    if gate == .sigmoid, cell == .tanh { run(LogisticGate(), TangentGate()) } else { run(gate, cell) }
}

/// The gradient of ``longShortTermCell(gate:cell:_:previous:rows:width:cells:states:)``: turns the gates into the
/// gradients of their sums.
///
/// - Parameters:
///   - gradient: of h, [rows, width].
///   - cellGradient: of c from the next step, [rows, width]; becomes that of c′.
package func longShortTermCellGradient(
    gate: RecurrentFunction, cell: RecurrentFunction, _ gates: UnsafeMutablePointer<Float>,
    previous: UnsafePointer<Float>?, cells: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
    cellGradient: UnsafeMutablePointer<Float>, rows: Int, width: Int
) {
    func run(_ gate: some GateFunction, _ cell: some GateFunction) {
        for row in 0..<rows {
            let at = gates + 4 * row * width
            let first = row * width
            for j in stride(from: 0, to: width, by: 16) {
                let (i, f) = (at.vector(j), at.vector(width + j))
                let (g, o) = (at.vector(2 * width + j), at.vector(3 * width + j))
                let value = cell.value(cells.vector(first + j))
                let dh = gradient.vector(first + j)
                let dc = cellGradient.vector(first + j).addingProduct(dh * o, cell.slope(ofValue: value))
                at.store(dc * g * gate.slope(ofValue: i), j)
                let old = previous.map { $0.vector(first + j) } ?? Vector.zero
                at.store(dc * old * gate.slope(ofValue: f), width + j)
                at.store(dc * i * cell.slope(ofValue: g), 2 * width + j)
                at.store(dh * value * gate.slope(ofValue: o), 3 * width + j)
                cellGradient.store(dc * f, first + j)
            }
        }
    }
    if gate == .sigmoid, cell == .tanh { run(LogisticGate(), TangentGate()) } else { run(gate, cell) }
}

/// One step of a gated recurrent unit (Cho et al. 2014, in the form of cuDNN and PyTorch).
///
/// r, z = σ of their sums; n = τ(a + r · q), q = U h′ + b′; h = (1 − z) · n + z · h′. `gates` [rows, 3 · width] hold
/// the sums of r and z, and a; then r, z and n.
/// - Parameters:
///   - hidden: q [rows, width].
///   - previous: h′ [rows, width]; nil for zeros.
package func gatedUnit(
    gate: RecurrentFunction, cell: RecurrentFunction, _ gates: UnsafeMutablePointer<Float>,
    hidden: UnsafePointer<Float>, previous: UnsafePointer<Float>?, rows: Int, width: Int,
    states: UnsafeMutablePointer<Float>
) {
    func run(_ gate: some GateFunction, _ cell: some GateFunction) {
        for row in 0..<rows {
            let at = gates + 3 * row * width
            let first = row * width
            for j in stride(from: 0, to: width, by: 16) {
                let r = gate.value(at.vector(j))
                let z = gate.value(at.vector(width + j))
                let n = cell.value(at.vector(2 * width + j).addingProduct(r, hidden.vector(first + j)))
                at.store(r, j)
                at.store(z, width + j)
                at.store(n, 2 * width + j)
                var h = n - z * n
                if let previous { h = h.addingProduct(z, previous.vector(first + j)) }
                states.store(h, first + j)
            }
        }
    }
    if gate == .sigmoid, cell == .tanh { run(LogisticGate(), TangentGate()) } else { run(gate, cell) }
}

/// The gradient of ``gatedUnit(gate:cell:_:hidden:previous:rows:width:states:)``: turns the gates into the gradients of
/// their sums, and q into its gradient.
///
/// - Parameter gradient: of h, [rows, width]; becomes the part of that of h′ that does not pass through U.
package func gatedUnitGradient(
    gate: RecurrentFunction, cell: RecurrentFunction, _ gates: UnsafeMutablePointer<Float>,
    hidden: UnsafeMutablePointer<Float>, previous: UnsafePointer<Float>?, gradient: UnsafeMutablePointer<Float>,
    rows: Int, width: Int
) {
    func run(_ gate: some GateFunction, _ cell: some GateFunction) {
        for row in 0..<rows {
            let at = gates + 3 * row * width
            let first = row * width
            for j in stride(from: 0, to: width, by: 16) {
                let (r, z, n) = (at.vector(j), at.vector(width + j), at.vector(2 * width + j))
                let dh = gradient.vector(first + j)
                let old = previous.map { $0.vector(first + j) } ?? Vector.zero
                let da = (dh - dh * z) * cell.slope(ofValue: n)
                at.store(da * hidden.vector(first + j) * gate.slope(ofValue: r), j)
                at.store(dh * (old - n) * gate.slope(ofValue: z), width + j)
                at.store(da, 2 * width + j)
                hidden.store(da * r, first + j)
                gradient.store(dh * z, first + j)
            }
        }
    }
    if gate == .sigmoid, cell == .tanh { run(LogisticGate(), TangentGate()) } else { run(gate, cell) }
}
