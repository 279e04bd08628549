import Autograd
import ConfigurationReading
import Kernels
import TensorCore

extension Recurrent {
    static let entries = [
        LayerEntry(
            "rnn", "A recurrent layer: hₜ = f(W xₜ + b + U hₜ₋₁ + c).", shorthand: "units",
            otherNames: ["SimpleRNN", "RNN"]
        ) { reader in
            Kind(from: reader) { .simple(Kind.function("activation", "tanh", reader, "What makes the new state.")) }
        },
        LayerEntry(
            "lstm",
            "Long short-term memory: i, f, o = σ(…), g = tanh(…), c = f·c + i·g, h = o·tanh(c); its sums in the order "
                + "i, f, g, o.", shorthand: "units", otherNames: ["LSTM"]
        ) { reader in
            Kind(from: reader) {
                .longShortTerm(
                    gate: Kind.gate(reader), cell: Kind.function("activation", "tanh", reader, "τ, of g and c."))
            }
        },
        LayerEntry(
            "gru",
            "A gated recurrent unit: r, z = σ(…), n = tanh(W x + b + r·(U h + c)), h = (1 − z)·n + z·h; its sums "
                + "in the order r, z, n.", shorthand: "units", otherNames: ["GRU"]
        ) { reader in
            Kind(from: reader) {
                .gated(gate: Kind.gate(reader), cell: Kind.function("activation", "tanh", reader, "τ, of n."))
            }
        },
    ]

    /// Which sums have a bias.
    package enum Biases: String, CaseIterable, Sendable {
        /// None, as the equations of some courses have it.
        case none
        /// One for each gate, added to what the inputs give.
        case one
        /// As PyTorch: one of the inputs and one of the states.
        case two
    }

    struct Kind: LayerKind {
        var cell: RecurrentCell
        var units: Int
        var layers = 1
        var isBidirectional = false
        var dropout = 0.0
        var biases = Biases.two
        var returns = RecurrentResult.sequence
        /// The deviation of the states' weights at first, times √units; nil for PyTorch's rule.
        var stateScale: Double?
        /// The first value of the forget gates' biases; nil for a random one.
        var forgetBias: Double?
        /// The steps over which gates are to keep a state at first; nil for random biases.
        var longestMemory: Int?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            guard inputs.count == 1 || inputs.count == 2 else {
                throw ModelError.inputCount(
                    layer: path, count: inputs.count, expected: "a sequence, and a vector to begin with if you like")
            }
            let input = builder.shape(of: inputs[0])
            guard input.rank == 2 else {
                throw ModelError.wrongRank(layer: path, input: input, expected: "a sequence [steps, channels]")
            }
            try check(&builder, inputs, path)
            let directions = isBidirectional ? 2 : 1
            let passes = try (0..<layers).map { layer in
                try (0..<directions).map { direction in
                    try pass(
                        &builder, layer: layer, inputs: layer == 0 ? input[1] : directions * units,
                        suffix: "_l\(layer)" + (direction == 1 ? "_reverse" : ""), path)
                }
            }
            let layer = Recurrent(
                cell: cell, units: units, passes: passes, returns: returns, dropoutProbability: Float(dropout),
                number: builder.randomNumber(path))
            let output: Shape =
                switch returns {
                case .sequence: [input[0], directions * units]
                case .last: [directions * units]
                case .state: [layers * directions * units * cell.stateCount]
                }
            try builder.requireSize(output, path)
            let products = (0..<layers).reduce(0) { sum, layer in
                sum + directions * cell.gateCount * units * ((layer == 0 ? input[1] : directions * units) + units)
            }
            return builder.add(
                layer, name, inputs, output, path, multiplyAdds: input[0] * products, window: .everything,
                lengths: returns == .sequence ? .kept : .consumed)
        }

        private var name: String {
            switch cell {
            case .simple: "rnn"
            case .longShortTerm: "lstm"
            case .gated: "gru"
            }
        }

        private func check(_ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String) throws {
            if isBidirectional, builder.lanes != nil {
                throw ModelError.refused(
                    layer: path,
                    because:
                        "it goes through a text from its end too, and a window of a long text does not know its end; "
                        + "take `bidirectional` away")
            }
            guard inputs.count == 2 else { return }
            if builder.lanes != nil {
                throw ModelError.refused(
                    layer: path,
                    because: "a lane goes on with its own state, so that it can't begin with another layer's; read one "
                        + "value")
            }
            let count = layers * (isBidirectional ? 2 : 1) * units * cell.stateCount
            let state = builder.shape(of: inputs[1])
            guard state == [count] else {
                throw ModelError.wrongRank(
                    layer: path, input: state,
                    expected: "a vector [\(count)] to begin with, \(cell.stateCount) for each unit of each layer and "
                        + "direction")
            }
        }

        private func pass(
            _ builder: inout GraphBuilder, layer: Int, inputs: Int, suffix: String, _ path: String
        ) throws -> Pass {
            // PyTorch draws all of them like this.
            let initializer = Initializer.uniformBias(fanIn: units)
            let rows = cell.gateCount * units
            return Pass(
                inputWeight: try builder.parameter(path + ".weight_ih" + suffix, [rows, inputs], initializer),
                stateWeight: try builder.parameter(
                    path + ".weight_hh" + suffix, [rows, units],
                    stateScale.map { .normalFanIn(Float($0)) } ?? initializer),
                inputBias: biases == .none
                    ? nil : try builder.parameter(path + ".bias_ih" + suffix, [rows], firstBias(initializer)),
                stateBias: biases == .two
                    ? try builder.parameter(path + ".bias_hh" + suffix, [rows], initializer) : nil,
                carried: try builder.carriedState(path + ".state" + suffix, [cell.stateCount * units]))
        }

        private func firstBias(_ usual: Initializer) -> Initializer {
            switch cell {
            case .simple: return usual
            case .longShortTerm:
                if let longestMemory {
                    return .blocks([
                        .logarithm(longest: longestMemory, isNegative: true),
                        .logarithm(longest: longestMemory, isNegative: false), usual, usual,
                    ])
                }
                return forgetBias.map { .blocks([usual, .constant(Float($0)), usual, usual]) } ?? usual
            case .gated:
                return longestMemory.map {
                    .blocks([usual, .logarithm(longest: $0, isNegative: false), usual])
                } ?? usual
            }
        }
    }
}

extension Recurrent.Kind {
    fileprivate init(from reader: ConfigurationReader, cell: () -> RecurrentCell) {
        units = reader.required("units", .integer(in: 1...), "Numbers of the state of each layer and direction.")
        self.cell = cell()
        layers = reader.value("layers", .integer(in: 1...), default: 1, "Layers on top of each other.")
        isBidirectional = reader.value(
            "bidirectional", .flag, default: false,
            "Whether a second one goes through the steps from the last to the first; both results stand side by side.")
        dropout = reader.value("dropout", .number(in: 0..<1), default: 0, "Probability of a zero between two layers.")
        biases = reader.value(
            "bias", .choice(of: Recurrent.Biases.self), default: "two",
            "`two` as PyTorch, of inputs and states; `one` a gate; or `none`.")
        returns = reader.value(
            "returns", .choice(of: RecurrentResult.self), default: "sequence",
            "`sequence` the states of all steps, `last` that at the end of each sequence, `state` all that another "
                + "such layer needs to go on: a vector that its `from` names second.")
        stateScale = reader.optional(
            "stateScale", .number(above: 0),
            "The weights of the states begin normal with deviation stateScale/√units, about their largest eigenvalue: "
                + "below 1 gradients shrink on their way back, above they can grow. Uniform in ±1/√units if absent.")
        if case .longShortTerm = self.cell {
            forgetBias = reader.optional(
                "forgetBias", .number, "First value of the forget gates' biases (1 in Jozefowicz et al. 2015).")
        }
        if case .simple = self.cell { return }
        longestMemory = reader.optional(
            "longestMemory", .integer(in: 2...),
            "First biases with which gates keep what they have for up to so many steps (Tallec and Ollivier 2018).")
        if longestMemory != nil, biases == .none {
            reader.refuse("longestMemory", because: "there are no biases that it could set; set `bias` to one or two.")
        }
        if longestMemory != nil, forgetBias != nil {
            reader.refuse("forgetBias", because: "`longestMemory` sets these biases too; give one of them.")
        }
    }

    fileprivate static func gate(_ reader: ConfigurationReader) -> RecurrentFunction {
        function("gateActivation", "sigmoid", reader, "σ, of the gates.")
    }

    fileprivate static func function(
        _ key: String, _ usual: ConfigurationNode, _ reader: ConfigurationReader, _ documentation: String
    ) -> RecurrentFunction {
        reader.value(key, .choice(of: RecurrentFunction.self), default: usual, documentation)
    }
}

extension LayerSpecification {
    package static func rnn(
        units: Int, activation: RecurrentFunction = .tanh, layers: Int = 1, bidirectional: Bool = false,
        returns: RecurrentResult = .sequence, stateScale: Double? = nil
    ) -> LayerSpecification {
        recurrent(.simple(activation), units, layers, bidirectional, returns: returns, stateScale: stateScale)
    }

    package static func lstm(
        units: Int, layers: Int = 1, bidirectional: Bool = false, returns: RecurrentResult = .sequence,
        dropout: Double = 0
    ) -> LayerSpecification {
        recurrent(.longShortTerm(gate: .sigmoid, cell: .tanh), units, layers, bidirectional, returns: returns, dropout)
    }

    package static func gru(
        units: Int, layers: Int = 1, bidirectional: Bool = false, returns: RecurrentResult = .sequence,
        dropout: Double = 0
    ) -> LayerSpecification {
        recurrent(.gated(gate: .sigmoid, cell: .tanh), units, layers, bidirectional, returns: returns, dropout)
    }

    private static func recurrent(
        _ cell: RecurrentCell, _ units: Int, _ layers: Int, _ bidirectional: Bool, returns: RecurrentResult,
        _ dropout: Double = 0, stateScale: Double? = nil
    ) -> LayerSpecification {
        .init(
            Recurrent.Kind(
                cell: cell, units: units, layers: layers, isBidirectional: bidirectional, dropout: dropout,
                returns: returns, stateScale: stateScale))
    }
}
