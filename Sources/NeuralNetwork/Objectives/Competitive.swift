import Autograd
import ConfigurationReading
import TensorCore

/// The Neocognitron's learning without a teacher (Fukushima 1980, section 3): in each sample the strongest of
/// neighbouring cells, one at most of each plane, learn more of what they see.
///
/// A winner adds q c u to its weights and q v / 2 to its inhibition, with the learning rate q of plain `sgd`; those of
/// all samples of a step are averaged. The cells of a plane share weights, so that a plane learns one feature wherever
/// it is.
package struct Competitive: ObjectiveSpecification {
    /// The model; nil for the only one.
    package let model: PlacedName?
    /// The layer of simple cells that learns.
    package let layer: PlacedName
    /// The side of the square around a cell in which no other may be stronger.
    package let column: Int
    /// Where the objective stands, for errors.
    private let place: PlacedName

    package init(
        model: PlacedName? = nil, of layer: PlacedName, column: Int = 5, place: PlacedName = PlacedName("competitive")
    ) {
        self.model = model
        self.layer = layer
        self.column = column
        self.place = place
    }

    static let entry = ObjectiveEntry(
        "competitive",
        "The Neocognitron's learning without a teacher (Fukushima 1980): in each sample the strongest of neighbouring "
            + "simple cells learn more of what they see. The learning rate of plain `sgd` is the rule's q. The loss is "
            + "less the sum of the winners' responses in a sample."
    ) { reader in
        let column = reader.value(
            "column", .integer(in: 1...), default: 5,
            "Side of the square around a cell within which no other may be stronger; odd.")
        if column % 2 == 0 {
            reader.refuse("column", because: "\(column) has no middle; give an odd number.")
        }
        return Competitive(
            model: reader.optional("model", .placedName, "Which of several models it trains."),
            of: reader.required("of", .placedName, "The layer of `simpleCells` that learns."), column: column,
            place: reader.placed)
    }

    package func make(_ setup: ObjectiveSetup) throws -> any Objective {
        let model = try setup.model(model, from: place)
        let bindings = try setup.bindings(of: model)
        guard let node = model.references[layer.name] else { throw layer.unknown("layer", known: model.names) }
        guard let cells = model.nodes[node].layer as? SimpleCells else {
            let known = model.nodes.filter { $0.layer is SimpleCells }.map(\.name)
            throw layer.refused(
                because: known.isEmpty
                    ? "the model has no `simpleCells`, which this rule teaches; add a layer of them."
                    : "it is no layer of `simpleCells`, which this rule teaches; name one of "
                        + "\(known.joined(separator: ", ")).")
        }
        let source = model.nodes[node].inputs[0]
        let field = try setup.field(PlacedName(bindings[0].field))
        let isImage = model.nodes[source].layer == nil && field.shape == model.nodes[source].shape
        return CompetitiveLearning(
            model: model, bindings: bindings, cells: cells, plan: model.plan(nodes: [source, node]),
            window: CompetitiveWindow(
                taps: cells.taps, top: cells.attributes.padding[0], left: cells.attributes.padding[2], column: column),
            shown: isImage ? field : nil)
    }
}

private struct CompetitiveLearning: Objective {
    let model: Model
    let bindings: [(input: ModelInput, field: String)]
    let cells: SimpleCells
    /// What the cells read, and their responses.
    let plan: GraphPlan
    let window: CompetitiveWindow
    /// The field of images that the cells read themselves; nil for cells behind other layers.
    let shown: FieldDescription?

    let sumCount = 3
    let weightPerSample = 1.0
    let surrogate: String? =
        "its rule strengthens what the winners see (Fukushima 1980), which is the derivative of no loss"
    var fields: [String] { bindings.map(\.field) }
    var models: [String] { [model.name] }
    var metrics: [MetricDefinition] {
        let first = MetricSums.lossSlot + 1
        return [
            .loss,
            MetricDefinition(
                MetricDescription("winners", title: "Cells that learn from a sample", higherIsBetter: true),
                numerator: first, denominator: first + 1),
        ]
    }

    func callAsFunction(_ context: GrainContext) -> GrainResult {
        // The rule takes no derivative of what the layers compute.
        let aside = context.tape.aside
        aside.begin(gradients: nil)
        let inputs = bindings.map { aside.constant(context.input($0.input, of: model, from: $0.field).value) }
        let values = plan(inputs, mode: .evaluation)
        let (loss, winners) = competitiveLearning(
            values[0].value, responses: values[1].value, weights: context.tape.parameter(cells.weight),
            inhibition: context.tape.parameter(cells.inhibition), window)
        return GrainResult(
            loss: loss, weight: Double(context.count),
            sums: [Double(loss.value.pointer[0]), Double(winners), Double(context.count)])
    }

    /// What each plane has learned, as bright as its brightest pixel allows.
    func pictures(_ context: GrainContext) -> Pictures? {
        guard let shown, case .pixels = shown.meaning else { return nil }
        let weights = context.tape.parameter(cells.weight).value
        let values = Tensor(weights.shape, pool: context.tape.pool)
        let size = weights.shape.sample.count
        for plane in 0..<weights.shape[0] {
            let source = weights.pointer + plane * size
            let largest = (0..<size).reduce(Float.leastNormalMagnitude) { max($0, source[$1]) }
            for index in 0..<size { values.pointer[plane * size + index] = source[index] / largest }
        }
        return Pictures(values: values, field: shown.name, columns: 16)
    }
}
