import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport

extension Model {
    /// The output for one batch, in evaluation, with given values of some parameters and drawn ones of the others.
    func output(_ x: [Float], batch: Int = 1, parameters given: [String: [Float]] = [:]) -> [Float] {
        let values = FlatBuffer(count: layout.count)
        layout.initialize(values, key: RandomKey(seed: 1))
        for parameter in parameters {
            guard let own = given[parameter.name] else { continue }
            for (i, value) in own.enumerated() {
                values.pointer[layout.offsets[parameter.index] + i] = value
            }
        }
        let tape = Tape(layout: layout, values: values)
        tape.begin(gradients: nil)
        let input = tape.constant(Tensor(x, inputShape.batched(batch), pool: tape.pool))
        return self(input, mode: .evaluation).value.values
    }
}
