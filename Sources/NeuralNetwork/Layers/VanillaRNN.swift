import Autograd
import ConfigurationReading
import TensorCore

/// A recurrent layer: hₜ = f(W xₜ + b + U hₜ₋₁ + c), [N, T, C] → [N, T, units], all steps' states. Elman 1990.
///
/// Parameters have the names, shapes and meaning of PyTorch's `RNN` with `batch_first`. Where a batch continues lanes
/// of a long sequence, the state after the last step is carried to the lane's next window: its value goes on, its
/// gradient ends there (truncated backpropagation through time, Williams and Peng 1990). Everywhere else h₀ is zero.
struct VanillaRNN: UnaryLayer {
    let inputWeight: Parameter
    let inputBias: Parameter
    let stateWeight: Parameter
    let stateBias: Parameter
    /// [lanes, units]; nil where samples have nothing to do with each other.
    let state: Parameter?
    let activation: Activation

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        // What the inputs add to all steps is one product; only what the state adds must wait for the step before.
        let inputs = linear(x, x.parameter(inputWeight), bias: x.parameter(inputBias))
        let (weight, bias) = (x.parameter(stateWeight), x.parameter(stateBias))
        let activation = activation.layer
        var h = firstState(x)
        var states: [Variable] = []
        for step in 0..<x.shape[1] {
            let sum = add(slice(inputs, step: step), linear(h, weight, bias: bias))
            h = activation([sum], mode: mode)
            states.append(h)
        }
        if let state { x.tape.carry(state, value: h) }
        x.tape.stepMemory?[stateWeight] = h.value
        return stack(states)
    }

    var isCausal: Bool { true }

    /// What the first step continues from, [N, units].
    private func firstState(_ x: Variable) -> Variable {
        if let h = x.tape.stepMemory?[stateWeight] { return x.tape.constant(h) }
        if let state { return x.tape.carried(state, rows: x.shape[0]) }
        let zero = x.makeTensor([x.shape[0], stateWeight.shape[0]])
        zero.fill(0)
        return x.tape.constant(zero)
    }

    static let entry = LayerEntry(
        "rnn", "A recurrent layer; it gives the state after every step of a sequence.", shorthand: "units"
    ) { reader in
        Kind(
            units: reader.required("units", .integer(in: 1...), "Numbers of the state."),
            activation: reader.value(
                "activation", .name(of: activations), default: .plain(activations[0]),
                "What makes the new state of the sum."))
    }

    private static let activations = ["tanh", "relu", "sigmoid"]

    struct Kind: LayerKind {
        let units: Int
        let activation: String

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            guard input.rank == 2 else {
                throw ModelError.wrongRank(layer: path, input: input, expected: "a sequence [steps, channels]")
            }
            let (steps, channels) = (input[0], input[1])
            // PyTorch draws all of them like this.
            let initializer = Initializer.uniformBias(fanIn: units)
            let layer = VanillaRNN(
                inputWeight: try builder.parameter(path + ".weight_ih_l0", [units, channels], initializer),
                inputBias: try builder.parameter(path + ".bias_ih_l0", [units], initializer),
                stateWeight: try builder.parameter(path + ".weight_hh_l0", [units, units], initializer),
                stateBias: try builder.parameter(path + ".bias_hh_l0", [units], initializer),
                state: try builder.carriedState(path + ".state", [units]),
                activation: Activation(activation))
            let output: Shape = [steps, units]
            try builder.requireSize(output, path)
            // A step's state depends on all steps before it.
            return builder.add(
                layer, "rnn", inputs, output, path, multiplyAdds: steps * units * (channels + units),
                window: .everything)
        }
    }
}

extension LayerSpecification {
    package static func rnn(units: Int, activation: String = "tanh") -> LayerSpecification {
        .init(VanillaRNN.Kind(units: units, activation: activation))
    }
}
