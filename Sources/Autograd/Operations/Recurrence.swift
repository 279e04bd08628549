import Kernels
import TensorCore

/// One direction of one recurrent layer over all steps.
///
/// The sums of all gates begin with what the inputs add, which is one product for all steps; each step then adds what
/// the states before it do, and turns sums into gates in place. Backward goes through the steps from the last to the
/// first, turns gates into gradients of sums in the same memory, and ends with one product for each weight
/// (backpropagation through time: Werbos 1990).
///
/// H units; R rows of all steps in the order of `rows`; S state numbers a unit.
/// - Parameters:
///   - weight: U [gates · H, H].
///   - bias: b′ [gates · H] of the states' sums.
///   - initial: [N, S · H], h and then c; nil for zeros.
/// - Returns: the states h of all steps [R, H], and what each sequence ends with [N, S · H].
package func recurrence(
    _ cell: RecurrentCell, _ input: RecurrentInput, weight: Variable, bias: Variable?, initial: Variable?,
    rows: StepRows
) -> (states: Variable, last: Variable) {
    let units = weight.shape[1]
    precondition(weight.shape[0] == cell.gateCount * units, "recurrence: \(cell) with weights \(weight.shape)")
    let tape = weight.tape
    let run = RecurrentRun(cell, units: units, rows: rows, pool: tape.pool)
    input.write(
        run.gates, cell: cell, units: units, width: run.width,
        biases: Tensor([cell.gateCount * run.width], pool: tape.pool),
        stateBias: bias.map { UnsafePointer($0.value.pointer) })
    run.forward(weight.value, hiddenBias: bias?.value, initial: initial?.value)
    let states = run.compactStates()
    let last = run.lastStates(initial: initial?.value)
    let inputs = input.variables + [weight] + [bias, initial].compactMap(\.self)
    let targets = RecurrentTargets(input, weight: weight.target, bias: bias?.target, initial: initial?.target)
    let results = tape.record(several: [states, last], inputs) {
        [weight = weight.value, first = initial?.value] tape, gradients in
        let ends = run.backward(weight, states: gradients[0], last: gradients[1], initial: first)
        targets.accumulate(run, ends, initial: first, on: tape)
    }
    return (results[0], results[1])
}
