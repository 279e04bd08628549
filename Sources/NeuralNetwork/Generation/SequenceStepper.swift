import Autograd
import TensorCore

/// Computes sequences one step after another on a tape, with what its layers remember of the steps before.
///
/// In the steady state it takes nothing from the system. Its tape must serve nothing else between the steps.
package final class SequenceStepper {
    private let plan: StepPlan
    private let tape: Tape
    private let memory = StepMemory()
    private var constants: [Variable] = []

    package init(_ plan: StepPlan, on tape: Tape) {
        self.plan = plan
        self.tape = tape
    }

    /// Begins new sequences.
    ///
    /// - Parameters:
    ///   - conditions: of the plan's conditions, a tensor [rows, …] each.
    ///   - lengths: how many steps the rows of each have; nil where all are whole.
    package func begin(_ conditions: [Tensor], lengths: [SequenceLengths?]? = nil) {
        precondition(
            conditions.count == plan.conditions.count,
            "SequenceStepper: \(conditions.count) values for \(plan.conditions.count) conditions")
        tape.begin(gradients: nil)
        memory.reset()
        constants = plan.begin(
            conditions.enumerated().map { index, condition in
                var value = tape.constant(condition)
                value.lengths = lengths?[index]
                return value
            })
    }

    /// The model's value at the next step, [rows, 1, …], whose input is `x` [rows, 1, …].
    package func step(_ x: Tensor) -> Tensor {
        tape.begin(stepping: memory)
        return plan.step(tape.constant(x), constants).value
    }

    /// The value at the next step of one sequence of tokens.
    package func step(token: Int) -> Tensor {
        let x = Tensor([1, 1], pool: tape.pool)
        x.pointer[0] = Float(token)
        return step(x)
    }

    /// Makes row i of what does not change from step to step what row `rows[i]` was; before the first step.
    package func arrange(rows: [Int]) {
        constants = constants.map { constant in
            let sample = constant.shape.sample
            let result = Tensor(sample.batched(rows.count), pool: tape.pool)
            for (i, row) in rows.enumerated() {
                (result.pointer + i * sample.count).update(
                    from: constant.value.pointer + row * sample.count, count: sample.count)
            }
            return tape.constant(result)
        }
    }

    /// Lets row i go on with what row `rows[i]` was, as a search does with its beams.
    package func select(rows: [Int]) { memory.select(rows: rows, pool: tape.pool) }
}
