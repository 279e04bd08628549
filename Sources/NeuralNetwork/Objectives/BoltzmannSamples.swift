import Autograd
import Kernels
import TensorCore

/// A restricted Boltzmann machine and those below it, from the lowest up: what a machine reads is the hidden units'
/// means of the next lower one.
struct BoltzmannStack: Sendable {
    /// At least one.
    let machines: [BoltzmannMachine]
    /// The layers' names, in the same order.
    let names: [String]
    /// The node that the lowest one reads, behind layers that only rearrange values.
    let source: Int

    init(_ model: Model, top: Int) {
        var machines: [BoltzmannMachine] = []
        var names: [String] = []
        var node = top
        while true {
            if let machine = model.nodes[node].layer as? BoltzmannMachine {
                machines.insert(machine, at: 0)
                names.insert(model.nodes[node].name, at: 0)
            } else if !BoltzmannStack.passes(model.nodes[node]) {
                break
            }
            guard model.nodes[node].inputs.count == 1 else { break }
            node = model.nodes[node].inputs[0]
        }
        self.machines = machines
        self.names = names
        source = node
    }

    /// Whether a layer leaves values as they are in evaluation.
    private static func passes(_ node: GraphNode) -> Bool {
        ["flatten", "identity"].contains(node.kind) || (node.layer as? Dropout)?.scaling == .training
    }

    /// Whether a node's values can be the chances that binary units are 1.
    static func givesChances(_ node: GraphNode) -> Bool { ["sigmoid", "softmax", "threshold"].contains(node.kind) }
}

/// Samples of a stack of Boltzmann machines: Gibbs chains in the highest one, whose last visible values then go down
/// through the lower ones (Hinton, Osindero and Teh 2006, section 5).
///
/// A chain begins at hidden units that are 1 with probability ½, or N(0, 1). The lowest visible units give their means.
struct BoltzmannSamples: SampleMaker {
    private let stack: BoltzmannStack
    let made: FieldDescription
    /// Full steps of a chain.
    private let steps: Int
    /// Chains that are computed together. Their number is always the same, so that a sample does not depend on which
    /// others are asked for.
    private static let blockSize = 16

    /// Nil without a field that the lowest machine reads.
    init?(_ stack: BoltzmannStack, of field: FieldDescription?, steps: Int) {
        guard let field, field.elementType == .float32, field.variableAxis == nil else { return nil }
        self.stack = stack
        made = field
        self.steps = steps
    }

    func samples(_ numbers: Range<Int>, key: RandomKey, on tape: Tape) -> Tensor {
        let size = made.shape.count
        let result = Tensor([numbers.count, size], pool: tape.pool)
        var number = numbers.lowerBound
        while number < numbers.upperBound {
            let first = number - number % Self.blockSize
            let end = min(first + Self.blockSize, numbers.upperBound)
            let block = block(from: first, key, tape)
            (result.pointer + (number - numbers.lowerBound) * size).update(
                from: block.pointer + (number - first) * size, count: (end - number) * size)
            number = end
        }
        return shaped(result, tape)
    }

    /// The visible means of the samples from `first` on, as vectors.
    private func block(from first: Int, _ key: RandomKey, _ tape: Tape) -> Tensor {
        guard let top = stack.machines.last else { preconditionFailure("BoltzmannSamples: a stack of no machines") }
        let keys = (0..<Self.blockSize).map { key.folding(first + $0).folding(name: "gibbs") }
        let start = Tensor([Self.blockSize, top.weight.shape[0]], pool: tape.pool)
        start.fill(top.hidden == .binary ? 0.5 : 0)
        var hidden = top.hidden.drawn(start, pool: tape.pool) { keys[$0].folding(0) }
        var means = top.visibleMeans(hidden, on: tape)
        for step in 1..<max(steps, 1) {
            let visible = top.visible.drawn(means, pool: tape.pool) { keys[$0].folding(2 * step - 1) }
            hidden = top.hidden.drawn(top.hiddenMeans(visible, on: tape), pool: tape.pool) {
                keys[$0].folding(2 * step)
            }
            means = top.visibleMeans(hidden, on: tape)
        }
        for (depth, machine) in stack.machines.dropLast().reversed().enumerated() {
            let drawn = machine.hidden.drawn(means, pool: tape.pool) { keys[$0].folding(name: "down").folding(depth) }
            means = machine.visibleMeans(drawn, on: tape)
        }
        return means
    }

    private func shaped(_ vectors: Tensor, _ tape: Tape) -> Tensor {
        made.shape.rank == 3
            ? unflatten(tape.constant(vectors), into: made.shape).value
            : vectors.reshaped(made.shape.batched(vectors.shape[0]))
    }

    // MARK: - Pictures

    private static let columns = 16
    private static let filterRows = 4
    private static let sampleRows = 2

    /// The filters of the first 64 hidden units, a row of nothing, and 32 samples; nil where they are no images.
    ///
    /// A filter is a hidden unit's weights, of a higher machine through all weights below it, brought by one factor of
    /// its own into the range of the data, in whose middle 0 is.
    ///
    /// - Parameter data: some samples.
    func pictures(_ data: Tensor, key: RandomKey, on tape: Tape) -> Pictures? {
        guard case .pixels = made.meaning, made.shape.rank == 3 else { return nil }
        let size = made.shape.count
        let filters = filters(tape)
        let rows = (filters.shape[0] + Self.columns - 1) / Self.columns + 1 + Self.sampleRows
        let values = Tensor([rows * Self.columns, size], pool: tape.pool)
        var (low, high) = (Float.infinity, -Float.infinity)
        for index in 0..<data.count { (low, high) = (min(low, data.pointer[index]), max(high, data.pointer[index])) }
        values.fill(low)
        for row in 0..<filters.shape[0] {
            let filter = filters.pointer + row * size
            let largest = (0..<size).reduce(Float.leastNormalMagnitude) { max($0, abs(filter[$1])) }
            let scale = (high - low) / 2 / largest
            for index in 0..<size { values.pointer[row * size + index] = (low + high) / 2 + scale * filter[index] }
        }
        let images = shaped(values, tape)
        let samples = samples(0..<Self.sampleRows * Self.columns, key: key, on: tape)
        (images.pointer + (rows - Self.sampleRows) * Self.columns * size).update(
            from: samples.pointer, count: samples.count)
        return Pictures(values: images, field: made.name, columns: Self.columns)
    }

    /// The weights from the visible values of the lowest machine to the first hidden units of the highest one.
    private func filters(_ tape: Tape) -> Tensor {
        var weights = stack.machines.reversed().map { tape.parameter($0.weight).value }
        let top = weights.removeFirst()
        let count = min(top.shape[0], Self.columns * Self.filterRows)
        var filters = Tensor([count, top.shape[1]], pool: tape.pool)
        filters.pointer.update(from: top.pointer, count: filters.count)
        for below in weights {
            let product = Tensor([count, below.shape[1]], pool: tape.pool)
            multiply(
                m: count, n: below.shape[1], k: below.shape[0], filters.pointer, lda: below.shape[0], below.pointer,
                ldb: below.shape[1], into: product.pointer, ldc: below.shape[1])
            filters = product
        }
        return filters
    }
}
