import Autograd
import TensorCore

/// A part of a model, in evaluation's arithmetic: the values of any nodes, and what a gradient at them means for the
/// values that it was given.
///
/// Gradients are those of the values alone; no parameter gets one.
package struct TappedGraph: Sendable {
    /// The nodes whose values are had, by name.
    package let nodes: [String]
    /// The shapes of one sample of their values.
    package let shapes: [Shape]
    private let model: Model
    private let plan: GraphPlan
    /// For each given value the model's input that it is; nil where it stands in the place of a layer.
    private let inputs: [ModelInput?]
    /// The places of ``nodes`` in ``plan``, by the number of the graph's node.
    private let places: [Int: Int]

    /// - Parameters:
    ///   - given: the nodes whose values are given, in the place of what computes them; nil for the model's inputs.
    ///     What the wanted nodes depend on beside them must be given too.
    ///   - nodes: the wanted ones.
    /// - Throws: `ModelError.unknownLayer` with the names that there are.
    package init(_ model: Model, from given: [String]? = nil, to nodes: [String]) throws(ModelError) {
        let wanted = try model.numbers(of: nodes)
        let starts = try given.map { (names) throws(ModelError) in try model.numbers(of: names) }
        self.model = model
        self.nodes = nodes
        shapes = wanted.map { model.nodes[$0].shape }
        plan = GraphPlan(model.nodes, wanted: wanted, given: starts)
        inputs = (starts ?? Array(model.inputs.indices)).map {
            model.inputs.indices.contains($0) ? model.inputs[$0] : nil
        }
        places = Dictionary(zip(wanted, wanted.indices)) { first, _ in first }
    }

    /// The values of the nodes, [N, …] each.
    ///
    /// - Parameter batch: [N, …] of each given value; images where a model takes vectors are flattened.
    package func values(_ batch: [Tensor], on tape: Tape) -> [Tensor] {
        tape.begin(gradients: nil)
        return plan(batch.enumerated().map { adapted(tape.constant($1), $0) }, mode: .evaluation).map(\.value)
    }

    /// The values of the nodes, [N, …] each, for a grain's samples, one of whose fields is the model's only input; also
    /// where they depend on the samples' neighbours in a graph.
    ///
    /// - Precondition: all of the model's inputs are given, and there is one.
    package func values(_ context: GrainContext, from field: String) -> [Tensor] {
        precondition(inputs.count == 1, "TappedGraph: \(inputs.count) values are given, not the model's input alone")
        context.tape.begin(gradients: nil)
        return plan([context.input(model.inputs[0], of: model, from: field)], mode: .evaluation).map(\.value)
    }

    /// What a pass and its way back give.
    package struct Gradients {
        /// Of the nodes.
        package let values: [Tensor]
        /// With respect to each given value, of its shape; zeros where nothing depends on it.
        package let batch: [Tensor]
        /// With respect to each node's value, what came from behind it included; nil where nothing came.
        package let nodes: [Tensor?]
    }

    /// Computes the values, lets `seed` say what the gradient at each is, and goes back.
    ///
    /// - Parameters:
    ///   - rectifiers: what they let pass.
    ///   - seed: from the values the gradient at each node, of its value's shape; nil for none there.
    package func gradients(
        _ batch: [Tensor], on tape: Tape, rectifiers: RectifierGradient = .derivative,
        seed: ([Tensor]) throws -> [Tensor?]
    ) rethrows -> Gradients {
        tape.begin(gradients: nil)
        tape.rectifierGradient = rectifiers
        let given = batch.map { tape.input($0) }
        var seen = [Tensor?](repeating: nil, count: nodes.count)
        let values = plan(given.enumerated().map { adapted($1, $0) }, mode: .evaluation) { [places] node, value in
            guard let place = places[node] else { return value }
            return probed(value) { gradient, _ in seen[place] = gradient }
        }
        let seeds = try seed(values.map(\.value))
        precondition(seeds.count == nodes.count, "TappedGraph: \(seeds.count) gradients for \(nodes.count) nodes")
        tape.backward(from: zip(values, seeds).compactMap { value, gradient in gradient.map { (value, $0) } })
        let results = given.map { variable in
            if let gradient = tape.gradient(of: variable) { return gradient.reshaped(variable.shape) }
            let zeros = Tensor(variable.shape, pool: tape.pool)
            zeros.fill(0)
            return zeros
        }
        return Gradients(values: values.map(\.value), batch: results, nodes: seen)
    }

    private func adapted(_ value: Variable, _ place: Int) -> Variable {
        inputs[place].map { model.adapted(value, to: $0) } ?? value
    }
}

extension Model {
    /// The numbers of the nodes that names stand for. Throws `ModelError.unknownLayer`.
    func numbers(of names: [String]) throws(ModelError) -> [Int] {
        var numbers: [Int] = []
        for name in names {
            guard let index = references[name] else {
                throw .unknownLayer(model: self.name, name: name, known: self.names)
            }
            numbers.append(index)
        }
        return numbers
    }

    /// The node that a name stands for; nil where there is none.
    package func node(_ name: String) -> GraphNode? { references[name].map { nodes[$0] } }
}
