import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// How strongly the loss depends on each step of a sequence: the norm of its derivative with respect to a layer's value
/// at that step, a curve over the steps. What feeds a recurrent layer shows how far back in time its gradient reaches
/// (Hochreiter 1991; Bengio, Simard and Frasconi 1994).
///
/// At step t it is √(Σ ‖∂lossᵢ/∂vᵢₜ‖² / n) over the n samples that have such a step: what one sample's loss says, in
/// evaluation's arithmetic. It is an objective so that an evaluation sums it up, grain by grain, with the same bits on
/// any ranks. Windows of a text begin without a past.
package struct StepGradients: Objective {
    private let base: any Objective
    private let layout: GrainVectorLayout
    /// The layers, and how many steps each has at most.
    private let nodes: [(name: String, steps: Int)]

    package let metrics = [MetricDefinition.loss]
    package let sumCount: Int
    package var fields: [String] { base.fields }
    package var inputFields: [String] { base.inputFields }
    package var models: [String] { base.models }
    package var weightPerSample: Double { base.weightPerSample }

    /// - Throws: `ConfigurationError` for a layer that is not there or has no steps, and where the objective has no
    ///   loss that could be followed.
    package init(_ base: any Objective, of names: [PlacedName]) throws {
        var nodes: [(name: String, steps: Int)] = []
        for name in names {
            guard let model = base.probedModel else {
                throw name.refused(
                    because: "gradients over steps are those of losses on outputs of one model; remove the key.")
            }
            guard let shape = model.shape(of: name.name) else { throw name.unknown("layer", known: model.names) }
            guard shape.rank == 2 else {
                throw name.refused(because: "'\(name.name)' is \(shape) and has no steps; name a layer of a sequence.")
            }
            nodes.append((name.name, shape[0]))
        }
        let arena = base.probedModel?.layout ?? ModelLayout([])
        // Nothing is trained here, so that no weight gets a gradient.
        layout = GrainVectorLayout(GradientLayout(arena, ParameterSet(arena) { _ in false }), metrics: 0, flags: 0)
        self.base = base
        self.nodes = nodes
        sumCount = 1 + nodes.reduce(0) { $0 + 2 * $1.steps }
    }

    package func callAsFunction(_ context: GrainContext) -> GrainResult {
        let tape = context.tape
        let vector = Tensor([max(layout.count, 16)], pool: tape.pool)
        tape.begin(
            gradients: vector.pointer, layout: layout,
            carried: context.batch.lanes.map {
                CarriedLanes(lanes: $0, isStartOfSequence: true, rows: CarriedRows())
            })
        let norms = nodes.map { StepSquares(steps: $0.steps) }
        let loss = base.loss(context, probing: nodes.map(\.name)) { place, value in
            probed(value) { norms[place].add($0, lengths: $1) }
        }
        guard let loss else { preconditionFailure("StepGradients: an objective without a loss that can be followed") }
        tape.backward(from: loss)
        return GrainResult(
            loss: nil, weight: Double(context.count),
            sums: [Double(loss.value.pointer[0])] + norms.flatMap { $0.squares + $0.counts })
    }

    /// The curve of each layer from an evaluation's sums.
    package func curves(of sums: MetricSums) -> [(name: String, norms: [Double])] {
        var next = MetricSums.lossSlot + 1
        return nodes.map { node in
            defer { next += 2 * node.steps }
            return (
                node.name,
                (0..<node.steps).map { step in
                    (sums.values[next + step] / max(sums.values[next + node.steps + step], 1)).squareRoot()
                }
            )
        }
    }
}

/// Σ of squares by step, and how many samples have the step.
package final class StepSquares {
    package private(set) var squares: [Double]
    package private(set) var counts: [Double]

    package init(steps: Int) {
        squares = Array(repeating: 0, count: steps)
        counts = squares
    }

    /// Adds a gradient [n, T, …].
    package func add(_ gradient: Tensor, lengths: SequenceLengths?) {
        let (rows, steps) = (gradient.shape[0], gradient.shape[1])
        let size = gradient.count / max(rows * steps, 1)
        for row in 0..<rows {
            for step in 0..<(lengths?.counts[row] ?? steps) {
                squares[step] += sumOfSquares(gradient.pointer + (row * steps + step) * size, count: size)
                counts[step] += 1
            }
        }
    }
}
