import Autograd
import TensorCore

/// Recurrent layers on top of each other, each going through the steps of a sequence in one direction or in both.
///
/// [N, T, C] → [N, T, D · H] of D directions, or what the sequences end with. Parameters have the names, shapes and
/// meaning of PyTorch's `RNN`, `LSTM` and `GRU` with `batch_first`. Where a batch continues lanes of a long sequence,
/// the state after the last step is carried to the lane's next window: its value goes on, its gradient ends there
/// (truncated backpropagation through time: Williams and Peng 1990). Everywhere else the first state is zero, or what
/// a second input says. Padding is never computed with.
struct Recurrent: Layer {
    /// One direction of one layer.
    struct Pass: Sendable {
        let inputWeight: Parameter
        let stateWeight: Parameter
        let inputBias: Parameter?
        let stateBias: Parameter?
        /// [lanes, S · H]; nil where samples have nothing to do with each other.
        let carried: Parameter?
    }

    /// What the first layer reads.
    enum Source: Sendable {
        case vectors
        /// Tokens, of which each has a row of the table.
        case embedding(Parameter)
        /// Tokens, of which each is a vector with a one at its place.
        case oneHot(classes: Int)
    }

    let cell: RecurrentCell
    let units: Int
    /// By layer, then by direction.
    let passes: [[Pass]]
    let returns: RecurrentResult
    /// Between layers.
    let dropoutProbability: Float
    /// Tells its dropout masks apart from those of other layers.
    let number: Int
    var source = Source.vectors

    private var directions: Int { passes[0].count }
    var isCausal: Bool { directions == 1 && returns == .sequence }

    func callAsFunction(_ inputs: [Variable], mode: Mode) -> Variable {
        let x = inputs[0]
        let rows = StepRows(samples: x.shape[0], steps: x.shape[1], lengths: x.lengths)
        var value = x
        var isInOrderOfTime = false
        var ends: [Variable] = []
        for (index, layer) in passes.enumerated() {
            if index > 0 {
                value = dropout(value, probability: dropoutProbability, layer: number &+ index, mode: mode)
            }
            var states: [Variable] = []
            for (direction, pass) in layer.enumerated() {
                let input: RecurrentInput =
                    index == 0
                    ? firstInput(value, pass, rows, reversed: direction == 1)
                    : .rows(
                        isInOrderOfTime ? value : stepRows(value, rows, reversed: direction == 1),
                        weight: x.parameter(pass.inputWeight), bias: pass.inputBias.map(x.parameter))
                let place = index * directions + direction
                let result = recurrence(
                    cell, input, weight: x.parameter(pass.stateWeight), bias: pass.stateBias.map(x.parameter),
                    initial: initial(pass, place, inputs), rows: rows)
                if let carried = pass.carried { x.tape.carry(carried, value: result.last) }
                x.tape.stepMemory?[pass.stateWeight] = result.last.value
                states.append(result.states)
                ends.append(result.last)
            }
            isInOrderOfTime = directions == 1
            value = isInOrderOfTime ? states[0] : sequences(states, rows)
        }
        switch returns {
        case .sequence: return isInOrderOfTime ? sequences([value], rows) : value
        case .last: return concatenated(ends.suffix(directions).map { slice($0, 0..<units) })
        case .state:
            let parts = (0..<cell.stateCount).flatMap { part in
                ends.map { slice($0, part * units..<(part + 1) * units) }
            }
            return concatenated(parts)
        }
    }

    /// The same layer behind tokens, whose vectors it then makes itself.
    func reading(_ source: Source) -> Recurrent {
        var copy = self
        copy.source = source
        return copy
    }

    private func concatenated(_ parts: [Variable]) -> Variable {
        parts.count == 1 ? parts[0] : concatenate(parts)
    }

    /// What the first layer's inputs add to its sums.
    private func firstInput(_ x: Variable, _ pass: Pass, _ rows: StepRows, reversed: Bool) -> RecurrentInput {
        let (weight, bias) = (x.parameter(pass.inputWeight), pass.inputBias.map(x.parameter))
        switch source {
        case .vectors: return .rows(stepRows(x, rows, reversed: reversed), weight: weight, bias: bias)
        case .embedding(let table):
            let tokens = tokens(x, rows, reversed: reversed)
            // The choice depends on shapes alone, as the bits do.
            if rows.count > table.shape[0] {
                return .table(tokens: tokens.value, linear(x.parameter(table), weight), bias: bias)
            }
            return .rows(embedding(tokens, x.parameter(table)), weight: weight, bias: bias)
        case .oneHot(let classes):
            let tokens = tokens(x, rows, reversed: reversed)
            if rows.count > classes { return .table(tokens: tokens.value, transposed(weight), bias: bias) }
            return .rows(oneHot(tokens, classes: classes), weight: weight, bias: bias)
        }
    }

    /// Tokens [N, T] in order of time, [R].
    private func tokens(_ x: Variable, _ rows: StepRows, reversed: Bool) -> Variable {
        let sequence = reshape(x, [x.shape[0], x.shape[1], 1])
        return reshape(stepRows(sequence, rows, reversed: reversed), [rows.count])
    }

    /// What a pass begins with, [N, S · H]; nil for zeros.
    private func initial(_ pass: Pass, _ place: Int, _ inputs: [Variable]) -> Variable? {
        let tape = inputs[0].tape
        if let state = tape.stepMemory?[pass.stateWeight] { return tape.constant(state) }
        if let carried = pass.carried { return tape.carried(carried, rows: inputs[0].shape[0]) }
        guard inputs.count > 1 else { return nil }
        let count = passes.count * directions
        let parts = (0..<cell.stateCount).map { part in
            slice(inputs[1], (part * count + place) * units..<(part * count + place + 1) * units)
        }
        return concatenated(parts)
    }
}

/// What a recurrent layer gives.
package enum RecurrentResult: String, CaseIterable, Sendable {
    /// The last layer's states of all steps, of both directions side by side.
    case sequence
    /// The last layer's state at the end of each sequence; of the second direction that is its first step.
    case last
    /// What all layers end with: h of each layer and direction, then c of each.
    case state
}
