import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// A restricted Boltzmann machine (Smolensky 1986; Hinton 2002): visible units v, which are what the layer reads, and
/// hidden units h, joined by weights. As a layer it gives the hidden units' means: [N, V] → [N, H].
///
/// P(v, h) ∝ exp(−E(v, h)), E = −h W v − b h − a v of binary units; a Gaussian unit adds half of its square, with a
/// variance of 1. The objective `contrastiveDivergence` trains it without labels. To an ordinary loss it is a linear
/// layer with the logistic function behind it, whose visible biases nothing depends on.
struct BoltzmannMachine: UnaryLayer {
    /// W [H, V]
    let weight: Parameter
    /// b [H]
    let bias: Parameter
    /// a [V]
    let visibleBias: Parameter
    let visible: BoltzmannUnits
    let hidden: BoltzmannUnits
    /// The visible values of persistent chains, [chains, V]; nil where the layer has none.
    let chains: Parameter?

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        let inputs = linear(x, x.parameter(weight), bias: x.parameter(bias))
        return hidden == .binary ? sigmoid(inputs) : inputs
    }

    static let entry = LayerEntry(
        "rbm",
        "A restricted Boltzmann machine over the vector that it reads; it gives its hidden units' means. The objective "
            + "`contrastiveDivergence` trains it.", shorthand: "units", otherNames: ["BernoulliRBM"]
    ) { Kind(from: $0) }

    struct Kind: LayerKind {
        let units: Int
        let visible: BoltzmannUnits
        let hidden: BoltzmannUnits
        /// 0 for none.
        let chains: Int
        let initializer: LayerInitializer?

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            let input = try builder.single(inputs, path)
            guard input.rank == 1 else {
                throw ModelError.wrongRank(layer: path, input: input, expected: "a vector [features]")
            }
            let (weight, bias) = try builder.weightAndBias(
                path, [units, input[0]], initializer ?? LayerInitializer(.normal(0.01), bias: [0]), bias: true)
            guard let bias else { preconditionFailure("rbm: \(path) without biases") }
            let machine = BoltzmannMachine(
                weight: weight, bias: bias,
                visibleBias: try builder.parameter(path + ".visibleBias", [input[0]], .zeros), visible: visible,
                hidden: hidden,
                chains: chains > 0 ? try builder.carriedState(path + ".chains", input, rows: chains) : nil)
            return builder.add(
                machine, "rbm", inputs, [units], path, multiplyAdds: units * input[0], additions: units * input[0],
                window: .everything)
        }
    }
}

extension BoltzmannMachine.Kind {
    init(from reader: ConfigurationReader) {
        units = reader.required("units", .integer(in: 1...), "Number of hidden units.")
        visible = reader.value(
            "visible", .choice(of: BoltzmannUnits.self), default: "binary",
            "`binary` for values of 0 to 1, which are taken for chances; `gaussian` for standardised real numbers.")
        hidden = reader.value(
            "hidden", .choice(of: BoltzmannUnits.self), default: "binary",
            "`gaussian` for linear units, as in the code of a deep autoencoder; they want a smaller learning rate.")
        chains = reader.value(
            "chains", .integer(in: 0...), default: 0,
            "Chains that `contrastiveDivergence` with `persistent` goes on with from step to step, at least one for "
                + "each grain of a batch.")
        initializer = reader.optional(
            "initializer", .section(), "How the initial weights are drawn; `{normal: 0.01, bias: 0}` if absent.")
    }
}

extension LayerSpecification {
    package static func boltzmannMachine(
        units: Int, visible: BoltzmannUnits = .binary, hidden: BoltzmannUnits = .binary, chains: Int = 0,
        initializer: LayerInitializer? = nil
    ) -> LayerSpecification {
        .init(
            BoltzmannMachine.Kind(
                units: units, visible: visible, hidden: hidden, chains: chains, initializer: initializer))
    }
}

// MARK: - Chains

extension BoltzmannMachine {
    /// The hidden units' means where the visible ones are v: [n, V] → [n, H].
    func hiddenMeans(_ v: Tensor, on tape: Tape) -> Tensor {
        let h = Tensor([v.shape[0], weight.shape[0]], pool: tape.pool)
        let w = tape.parameter(weight).value
        multiply(
            m: v.shape[0], n: w.shape[0], k: w.shape[1], v.pointer, lda: w.shape[1], w.pointer, ldb: w.shape[1],
            transposeB: true, into: h.pointer, ldc: w.shape[0])
        addBias(tape.parameter(bias).value.pointer, to: h.pointer, rows: h.shape[0], columns: h.shape[1])
        finish(h, hidden)
        return h
    }

    /// The visible units' means where the hidden ones are h: [n, H] → [n, V].
    func visibleMeans(_ h: Tensor, on tape: Tape) -> Tensor {
        let v = Tensor([h.shape[0], weight.shape[1]], pool: tape.pool)
        let w = tape.parameter(weight).value
        multiply(
            m: h.shape[0], n: w.shape[1], k: w.shape[0], h.pointer, lda: w.shape[0], w.pointer, ldb: w.shape[1],
            into: v.pointer, ldc: w.shape[1])
        addBias(tape.parameter(visibleBias).value.pointer, to: v.pointer, rows: v.shape[0], columns: v.shape[1])
        finish(v, visible)
        return v
    }

    /// Inputs of units become their means.
    private func finish(_ x: Tensor, _ units: BoltzmannUnits) {
        if units == .binary { map(x.pointer, into: x.pointer, count: x.count, logistic) }
    }
}

extension BoltzmannUnits {
    /// Values of units with these means, drawn from the key.
    func drawn(_ means: Tensor, key: RandomKey, pool: StoragePool) -> Tensor {
        let values = Tensor(means.shape, pool: pool)
        draw(means.pointer, into: values.pointer, count: means.count, key)
        return values
    }

    /// The same with a key for each row.
    func drawn(_ means: Tensor, pool: StoragePool, keyOfRow: (Int) -> RandomKey) -> Tensor {
        let values = Tensor(means.shape, pool: pool)
        let columns = means.shape[1]
        for row in 0..<means.shape[0] {
            draw(means.pointer + row * columns, into: values.pointer + row * columns, count: columns, keyOfRow(row))
        }
        return values
    }

    private func draw(
        _ means: UnsafePointer<Float>, into values: UnsafeMutablePointer<Float>, count: Int, _ key: RandomKey
    ) {
        switch self {
        case .binary: sampleBinary(means, into: values, count: count, key: key)
        case .gaussian: sampleNormal(around: means, into: values, count: count, key: key)
        }
    }
}
