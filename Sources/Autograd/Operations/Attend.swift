import Kernels
import TensorCore

/// How attention between a graph's neighbours is computed.
package struct NeighbourAttention: Sendable {
    /// Whether the heads' results stand side by side; else their mean is the result.
    package let concatenates: Bool
    /// Of the leaky rectifier, for negative scores.
    package let slope: Float
    /// With which probability a node does not see a neighbour in training, for each head by itself.
    package let dropout: Float
    /// Tells the model's random layers apart.
    package let layer: Int

    package init(concatenates: Bool = true, slope: Float = 0.2, dropout: Float = 0, layer: Int = 0) {
        self.concatenates = concatenates
        self.slope = slope
        self.dropout = dropout
        self.layer = layer
    }
}

/// yᵢ = Σⱼ αᵢⱼ xⱼ + b for each head, over the neighbours j of node i and itself, with αᵢⱼ the softmax over j of
/// leakyRelu(r · xᵢ + s · xⱼ); Veličković et al. 2018, equations 3 to 6.
///
/// x [R, H·F] with the rows of a graph's nodes from which a step can be taken; r and s [H, F] are the halves of the
/// attention's vector for the node that receives and for those that send; b [H·F], or [F] where heads are averaged → y
/// [R', H·F] or [R', F] for the R' rows that are a step nearer. In training α has dropout.
package func attend(
    _ x: Variable, receiving: Variable, sending: Variable, bias: Variable? = nil, _ options: NeighbourAttention,
    mode: Mode
) -> Variable {
    let (rows, columns) = graphRows(x, "attend")
    let heads = AttentionHeads(count: receiving.shape[0], features: receiving.shape[1], slope: options.slope)
    precondition(
        heads.width == columns && sending.shape == receiving.shape,
        "attend: \(x.shape) with vectors \(receiving.shape) and \(sending.shape)")
    let run = AttentionRun(x, receiving, sending, rows, heads, options, mode)
    let width = options.concatenates ? columns : heads.features
    precondition(bias.map { $0.shape.count == width } ?? true, "attend: bias \(bias!.shape) for \(width) columns")
    let y = run.result(width: width)
    if let bias { addBias(bias.value.pointer, to: y.pointer, rows: run.edges.count, columns: width) }
    let inputs = [x, receiving, sending] + (bias.map { [$0] } ?? [])
    var result = x.tape.record(y, all: inputs) {
        [x = x.target, receiving = receiving.target, sending = sending.target, bias = bias?.target] tape, dy in
        let gradient = dy
        if let bias {
            tape.accumulate(into: bias) { db, accumulate in
                sumRows(gradient.pointer, rows: run.edges.count, columns: width, into: db, accumulate: accumulate)
            }
        }
        run.backward(gradient, into: x, receiving, sending, tape)
    }
    result.rows = rows.next
    return result
}

/// What one attention's backward needs of its forward pass.
private struct AttentionRun {
    let edges: NeighbourRows
    private let heads: AttentionHeads
    private let options: NeighbourAttention
    private let dropoutKey: RandomKey?
    private let rowCount: Int
    private let x: Tensor
    private let receiving: Tensor
    private let sending: Tensor
    /// Scores of the rows that receive and of those that send, [rows, heads].
    private let received: Tensor
    private let sent: Tensor
    /// By pair of a row and what it attends to, [pairs, heads]: as the softmax gives it, and with dropout.
    private let alpha: Tensor
    private let weights: Tensor
    private let pool: StoragePool
    /// Keeps the memory of the edges.
    private let neighbourhood: Neighbourhood

    init(
        _ x: Variable, _ receiving: Variable, _ sending: Variable, _ rows: NodeRows, _ heads: AttentionHeads,
        _ options: NeighbourAttention, _ mode: Mode
    ) {
        edges = rows.edges
        neighbourhood = rows.neighbourhood
        pool = x.tape.pool
        rowCount = x.shape[0]
        self.heads = heads
        self.options = options
        self.x = x.value
        self.receiving = receiving.value
        self.sending = sending.value
        received = Tensor([edges.count, heads.count], pool: pool)
        sent = Tensor([rowCount, heads.count], pool: pool)
        alpha = Tensor([edges.attendedCount, heads.count], pool: pool)
        headProducts(x.value.pointer, rows: edges.count, heads, receiving.value.pointer, into: received.pointer)
        headProducts(x.value.pointer, rows: rowCount, heads, sending.value.pointer, into: sent.pointer)
        attentionWeights(received: received.pointer, sent: sent.pointer, heads, edges, into: alpha.pointer)
        dropoutKey = options.dropout > 0 ? mode.dropoutKey?.folding(.dropout).folding(options.layer) : nil
        if let dropoutKey {
            weights = Tensor(alpha.shape, pool: pool)
            Kernels.dropout(
                alpha.pointer, into: weights.pointer, count: alpha.count, probability: options.dropout,
                scale: 1 / (1 - options.dropout), key: dropoutKey)
        } else {
            weights = alpha
        }
    }

    /// Without the bias.
    func result(width: Int) -> Tensor {
        let all = Tensor([edges.count, heads.width], pool: pool)
        attendedSums(x.pointer, weights.pointer, heads, edges, into: all.pointer)
        if options.concatenates { return all }
        let mean = Tensor([edges.count, width], pool: pool)
        for row in 0..<edges.count {
            for head in 0..<heads.count {
                scale(
                    all.pointer + row * heads.width + head * width, by: 1 / Float(heads.count),
                    into: mean.pointer + row * width, count: width, accumulate: head > 0)
            }
        }
        return mean
    }

    func backward(
        _ dy: Tensor, into x: GradientTarget, _ receiving: GradientTarget, _ sending: GradientTarget, _ tape: Tape
    ) {
        let gradient = options.concatenates ? dy : spread(dy)
        let dx = Tensor(self.x.shape, pool: pool)
        let dAlpha = Tensor(alpha.shape, pool: pool)
        let (dReceived, dSent) = (Tensor(received.shape, pool: pool), Tensor(sent.shape, pool: pool))
        dx.fill(0)
        dSent.fill(0)
        attendedSumsGradient(
            self.x.pointer, weights.pointer, gradient.pointer, heads, edges, intoWeights: dAlpha.pointer,
            into: dx.pointer)
        if let dropoutKey {
            Kernels.dropout(
                dAlpha.pointer, into: dAlpha.pointer, count: dAlpha.count, probability: options.dropout,
                scale: 1 / (1 - options.dropout), key: dropoutKey)
        }
        attentionWeightsGradient(
            alpha.pointer, dAlpha.pointer, received: received.pointer, sent: sent.pointer, heads, edges,
            intoReceived: dReceived.pointer, intoSent: dSent.pointer)
        for (target, scores, rows) in [(receiving, dReceived, edges.count), (sending, dSent, rowCount)] {
            tape.accumulate(into: target) { da, accumulate in
                if !accumulate { da.update(repeating: 0, count: heads.width) }
                headVectorGradient(scores.pointer, self.x.pointer, rows: rows, heads, into: da)
            }
        }
        guard x.needsGradient else { return }
        headProductsGradient(
            dReceived.pointer, rows: edges.count, heads, self.receiving.pointer, into: dx.pointer)
        headProductsGradient(dSent.pointer, rows: rowCount, heads, self.sending.pointer, into: dx.pointer)
        tape.accumulate(dx, into: x)
    }

    /// The gradient of each head from that of their mean.
    private func spread(_ dy: Tensor) -> Tensor {
        let result = Tensor([edges.count, heads.width], pool: pool)
        for row in 0..<edges.count {
            for head in 0..<heads.count {
                scale(
                    dy.pointer + row * heads.features, by: 1 / Float(heads.count),
                    into: result.pointer + row * heads.width + head * heads.features, count: heads.features)
            }
        }
        return result
    }
}
