import Kernels
import TensorCore

/// Simple cells of a Neocognitron: y = r · max(0, (1 + e) / (1 + ρ b √energy) − 1), ρ = 2 r / (1 + r).
///
/// Excitation e [N, H, W, K], energy [N, H, W, 1] and inhibition b [K] → y of e's shape. Fukushima 1980, equation (1).
/// An energy of 0, whose root has no derivative, gets a gradient of 0.
package func simpleCells(
    _ excitation: Variable, energy: Variable, inhibition: Variable, selectivity: Float
) -> Variable {
    let planes = excitation.shape[-1]
    let rows = excitation.shape.count / max(planes, 1)
    precondition(
        energy.shape.count == rows && inhibition.shape.count == planes && selectivity > 0,
        "simpleCells: excitation \(excitation.shape), energy \(energy.shape), inhibition \(inhibition.shape)")
    let y = excitation.makeTensor(excitation.shape)
    Kernels.simpleCells(
        excitation.value.pointer, energy: energy.value.pointer, inhibition.value.pointer, rows: rows, planes: planes,
        selectivity: selectivity, into: y.pointer)
    return excitation.tape.record(y, excitation, energy, inhibition) {
        [
            e = excitation.value, v = energy.value, b = inhibition.value, excitation = excitation.target,
            energy = energy.target, inhibition = inhibition.target
        ] tape, dy in
        let gradient = dy
        // One at a time, since each may go to memory that already holds something.
        for (number, target) in [excitation, energy, inhibition].enumerated() {
            tape.accumulate(into: target) { destination, accumulate in
                if !accumulate { destination.update(repeating: 0, count: target.shape.count) }
                simpleCellGradients(
                    e.pointer, energy: v.pointer, b.pointer, gradient.pointer, rows: rows, planes: planes,
                    selectivity: selectivity, excitation: number == 0 ? destination : nil,
                    energy: number == 1 ? destination : nil, inhibition: number == 2 ? destination : nil)
            }
        }
    }
}

/// Complex cells of a Neocognitron inhibit those of other planes: y = z / (α + z), z = max(0, (1 + x) / (1 + m) − 1)
/// with m the mean of x over planes.
///
/// x [N, …, K], not negative, → y of x's shape. Fukushima 1980, equations (6) and (7).
package func lateralInhibition(_ x: Variable, saturation: Float) -> Variable {
    let planes = x.shape[-1]
    let rows = x.shape.count / max(planes, 1)
    precondition(saturation > 0, "lateralInhibition: saturation \(saturation)")
    let y = x.makeTensor(x.shape)
    Kernels.lateralInhibition(
        x.value.pointer, rows: rows, planes: planes, saturation: saturation, into: y.pointer)
    return x.tape.record(y, x) { [xValue = x.value, x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: x.shape.count) }
            addLateralInhibitionGradient(
                xValue.pointer, gradient.pointer, rows: rows, planes: planes, saturation: saturation, into: dx)
        }
    }
}

/// What a layer of simple cells reads and how, for ``competitiveLearning(_:responses:weights:inhibition:_:)``.
package struct CompetitiveWindow: Sendable {
    /// A weight for each tap, [kernel height, kernel width].
    package var taps: [Float]
    /// Zeros above and left of the image.
    package var top: Int
    package var left: Int
    /// The side of the square around a cell in which no other is stronger.
    package var column: Int

    package init(taps: [Float], top: Int, left: Int, column: Int) {
        (self.taps, self.top, self.left, self.column) = (taps, top, left, column)
    }
}

/// Fukushima's rule of learning without a teacher as a loss: its value is less the sum of the winners' responses, and
/// descending its "gradient" −c u for the weights and −v / 2 for the inhibition is the rule a ← a + q c u, b ← b + q v
/// / 2, with q for the learning rate. It is not the derivative of the value.
///
/// Fukushima 1980, section 3, with a change for all samples of a step at once.
/// - Parameters:
///   - u: what the cells read, [N, H, W, C]; responses: of the cells, [N, H′, W′, K].
///   - weights: [K, kernel height, kernel width, C]; inhibition: [K].
/// - Returns: the loss, a scalar, and the number of winners.
package func competitiveLearning(
    _ u: Tensor, responses: Tensor, weights: Variable, inhibition: Variable, _ shape: CompetitiveWindow
) -> (loss: Variable, winners: Int) {
    let (samples, planes) = (u.shape[0], responses.shape[3])
    precondition(
        weights.shape[0] == planes && weights.shape[3] == u.shape[3] && inhibition.shape.count == planes
            && shape.taps.count == weights.shape[1] * weights.shape[2] && responses.shape[0] == samples,
        "competitiveLearning: \(u.shape) → \(responses.shape) by weights \(weights.shape)")
    let window = CellWindow(
        height: u.shape[1], width: u.shape[2], channels: u.shape[3], kernel: (weights.shape[1], weights.shape[2]),
        top: shape.top, left: shape.left, cellsAcross: responses.shape[2])
    let winners = weights.makeTensor([samples, planes])
    let strongest = weights.makeTensor([responses.shape[1], responses.shape[2]])
    let (response, count) = competitiveWinners(
        responses.pointer, samples: samples, height: responses.shape[1], width: responses.shape[2], planes: planes,
        column: shape.column, scratch: strongest.pointer, into: winners.pointer)
    let loss = weights.makeTensor([])
    loss.pointer[0] = Float(-response)
    let result = weights.tape.record(loss, weights, inhibition) {
        [weights = weights.target, inhibition = inhibition.target] tape, dy in
        let factor = -dy.pointer[0]
        for (number, target) in [weights, inhibition].enumerated() {
            tape.accumulate(into: target) { destination, accumulate in
                if !accumulate { destination.update(repeating: 0, count: target.shape.count) }
                shape.taps.withUnsafeBufferPointer { taps in
                    guard let c = taps.baseAddress else { return }
                    reinforce(
                        u.pointer, window, c: c, winners: winners.pointer, samples: samples, planes: planes,
                        factor: factor, weights: number == 0 ? destination : nil,
                        inhibition: number == 1 ? destination : nil)
                }
            }
        }
    }
    return (result, count)
}
