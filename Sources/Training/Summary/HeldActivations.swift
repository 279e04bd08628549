import Autograd
import Kernels
import NeuralNetwork
import TensorCore

/// What a forward pass in training keeps until the backward pass.
///
/// It is measured: fused layers keep no value between them, poolings keep which value was the largest, and what no
/// derivative needs is gone when the pass ends.
enum HeldActivations {
    /// The share of a host's memory that the measurement may take.
    private static let memoryShare = 0.25

    /// Floats that one sample's pass keeps, its input and its results among them; nil where the model is so large that
    /// computing it here could fail.
    static func floats(of model: Model) -> Int? {
        let activations = model.rows.reduce(0) { $0 + $1.outputShape.count }
        guard 4 * Double(model.layout.count + 2 * activations) < memoryShare * Double(MemoryNeed.hostBytes) else {
            return nil
        }
        // Weights of zero do as well as others, and the system gives their pages no memory of their own.
        let tape = Tape(layout: model.layout, values: FlatBuffer(count: model.layout.count))
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        let inputs = model.inputs.map { input in
            let x = Tensor(input.shape.batched(1), pool: tape.pool)
            x.fill(0)
            var value = tape.constant(x)
            // A node without neighbours: how many there are is for the data to say.
            if model.hops > 0 {
                let alone = NodeGraph(nodeCount: 1, edges: [])
                value.rows = NodeRows(
                    Neighbourhood(of: [0], hops: model.hops, in: alone, pool: tape.pool), hops: model.hops)
            }
            return value
        }
        let outputs = model.wholePlan(inputs, mode: .training(RandomKey(seed: 1)))
        return withExtendedLifetime((inputs, outputs, gradients)) { tape.pool.liveFloats }
    }
}
