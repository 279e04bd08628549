import TensorCore

/// What layers remember between the steps of sequences that are computed one position at a time, as in generation.
///
/// Each layer with a memory keeps it under one of its parameters: a recurrent layer its state, a causal convolution the
/// inputs that its filters still reach. It belongs to one tape.
package final class StepMemory {
    private var values: [Int: Tensor] = [:]

    /// No memory: all sequences begin.
    package init() {}

    /// What was kept under a parameter, [rows, …]; nil at the beginning.
    package subscript(parameter: Parameter) -> Tensor? {
        get { values[parameter.index] }
        set { values[parameter.index] = newValue }
    }

    /// Forgets everything.
    package func reset() { values.removeAll(keepingCapacity: true) }

    /// Makes row i of every memory what row `rows[i]` was: the beams that a search goes on with.
    package func select(rows: [Int], pool: StoragePool) {
        for (index, old) in values {
            let size = old.shape.sample.count
            let new = Tensor(old.shape.sample.batched(rows.count), pool: pool)
            for (i, row) in rows.enumerated() {
                (new.pointer + i * size).update(from: old.pointer + row * size, count: size)
            }
            values[index] = new
        }
    }
}
