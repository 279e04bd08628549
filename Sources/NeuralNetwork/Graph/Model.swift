import Autograd
import ConfigurationReading
import Kernels
import TensorCore

/// A network: a graph of named nodes, and where its parameters lie.
package struct Model: Sendable {
    package let name: String
    package let inputs: [ModelInput]
    /// The arena of all models of the run, this one's parameters among them.
    package let layout: ModelLayout
    /// The numbers of this model's parameters in the arena, in order of use.
    package let parameterIndices: Range<Int>
    /// All nodes in order, the inputs first; each reads only nodes before it.
    package let nodes: [GraphNode]
    package let rows: [LayerSummary]
    /// For each row whether evaluation computes it, as it does all but what auxiliary heads alone need.
    package let isInferred: [Bool]
    /// The shapes of its convolutions for one sample, in order of use.
    package let convolutions: [ConvolutionGeometry]
    /// How each parameter's values are ordered in exchanged files, by its number in the arena.
    package let exchangeLayouts: [ExchangeLayout]
    /// Its auxiliary heads, in order of use.
    package let auxiliaryHeads: [AuxiliaryHead]
    /// The node that each name stands for: an input, a layer, or a layer of layers, which stands for its result.
    let references: [String: Int]
    private let last: Int
    private let plan: GraphPlan

    /// A model that has the flat memory for itself.
    ///
    /// - Parameter convolutions: how convolutions are computed.
    /// - Throws: ``ModelError`` when a layer does not fit its input.
    package init(
        name: String, input: Shape, layers: [LayerSpecification],
        convolutions preference: ConvolutionPreference = .automatic
    ) throws {
        let description = ModelDescription(name: name, inputs: [ModelInput(shape: input)], layers: layers)
        self = try Network([description], convolutions: preference).models[0]
    }

    /// - Parameters:
    ///   - builder: has built the model's nodes, of which `last` is the list's result.
    ///   - layout: made from all models' parameters.
    init(_ description: ModelDescription, _ built: Built, layout: ModelLayout, exchangeLayouts: [ExchangeLayout]) {
        name = description.name
        inputs = description.inputs
        nodes = built.builder.nodes
        references = built.builder.references
        rows = built.builder.rows
        convolutions = built.builder.convolutions
        auxiliaryHeads = built.builder.auxiliaryHeads
        parameterIndices = built.parameterIndices
        last = built.last
        plan = GraphPlan(nodes, wanted: [last])
        let heads = Set(auxiliaryHeads.compactMap { [references] in references[$0.name] })
        let results = [last] + GraphNode.ends(nodes).filter { !heads.contains($0) }
        // Every node but the inputs, which come first, has a row.
        isInferred = Array(GraphNode.needed(nodes, for: results).dropFirst(inputs.count))
        self.layout = layout
        self.exchangeLayouts = exchangeLayouts
    }

    /// A model between its nodes' construction and that of the flat memory.
    struct Built {
        let builder: GraphBuilder
        let parameterIndices: Range<Int>
        let last: Int
    }

    /// The shape of one sample of the first input, channels last.
    package var inputShape: Shape { inputs[0].shape }
    /// The name of the node that the list ends with.
    package var outputName: String { nodes[last].name }
    /// The shape of one sample of its value.
    package var outputShape: Shape { nodes[last].shape }
    /// The model's parameters in order of use.
    package var parameters: ArraySlice<Parameter> { layout.parameters[parameterIndices] }

    /// The rows of what evaluation computes: all but those of auxiliary heads.
    package var inferenceRows: [LayerSummary] { zip(rows, isInferred).filter(\.1).map(\.0) }

    /// The same for each node, inputs first.
    package var isInferredNode: [Bool] { inputs.map { _ in true } + isInferred }

    /// What computes every layer, auxiliary heads among them: the result, then all other values that no layer reads.
    package var wholePlan: GraphPlan {
        GraphPlan(nodes, wanted: [last] + GraphNode.ends(nodes).filter { $0 != last })
    }

    /// Every name that stands for a value, in order of use.
    package var names: [String] {
        references.keys.sorted { (references[$0] ?? 0, $0) < (references[$1] ?? 0, $1) }
    }

    /// The shape of one sample of the value that a name stands for; nil where there is none.
    package func shape(of name: String) -> Shape? { references[name].map { nodes[$0].shape } }

    /// Whether the sequences of the value that a name stands for have several lengths.
    package func varies(_ name: String) -> Bool { references[name].map { nodes[$0].lengthSource != nil } ?? false }

    /// How many steps along the edges of a graph its values look; 0 where samples are looked at alone.
    package var hops: Int { nodes.compactMap(\.hops).max() ?? 0 }

    /// What computes these nodes, which may be any of the graph.
    ///
    /// - Throws: `ModelError.unknownLayer` with the names that there are.
    package func plan(outputs: [String]) throws(ModelError) -> GraphPlan {
        GraphPlan(nodes, wanted: try numbers(of: outputs))
    }

    /// The output for a batch [N, inputShape…] → [N, outputShape…] of a model with one input.
    package func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        plan([adapted(x, to: inputs[0])], mode: mode)[0]
    }

    /// The output for a batch of each input.
    package func callAsFunction(_ values: [Variable], mode: Mode) -> Variable {
        plan(zip(values, inputs).map { adapted($0, to: $1) }, mode: mode)[0]
    }

    /// A batch in the form in which an input takes it: an input of vectors also takes images of as many values.
    package func adapted(_ x: Variable, to input: ModelInput) -> Variable {
        let sample = x.shape.sample
        if input.varies {
            precondition(
                sample.rank == input.shape.rank && sample.dimensions.dropFirst() == input.shape.dimensions.dropFirst(),
                "\(name).\(input.name): \(x.shape), expected [N] + at most \(input.shape)")
            return x
        }
        let isFlattened = input.shape.rank == 1 && sample.rank != 1 && sample.count == input.shape.count
        precondition(
            sample == input.shape || isFlattened, "\(name).\(input.name): \(x.shape), expected [N] + \(input.shape)")
        return isFlattened ? flatten(x) : x
    }
}

/// What a model reads.
package struct ModelInput: Equatable, Sendable {
    /// By which layers name it in `from`; also the field of a batch that it takes, unless the objective says otherwise.
    package let name: String
    /// Of one sample, channels last.
    package let shape: Shape
    /// How many different tokens or classes the field has; nil where its numbers are no such.
    package let vocabulary: Int?
    /// Whether samples have different numbers of steps, at most those of the shape.
    package let varies: Bool
    /// Whether samples are nodes of a graph, so that layers may read those of their neighbours.
    package let isOfGraph: Bool
    /// Where a configuration names it, for errors; nil where it does not.
    let place: PlacedName?

    /// The name of a sole input that has none.
    package static let usualName = "input"

    package init(
        name: String = ModelInput.usualName, shape: Shape, vocabulary: Int? = nil, varies: Bool = false,
        isOfGraph: Bool = false, place: PlacedName? = nil
    ) {
        self.varies = varies
        self.isOfGraph = isOfGraph
        self.name = name
        self.shape = shape
        self.vocabulary = vocabulary
        self.place = place
    }

    /// The same for samples of another shape.
    package func resized(to shape: Shape) -> ModelInput {
        ModelInput(
            name: name, shape: shape, vocabulary: vocabulary, varies: varies, isOfGraph: isOfGraph, place: place)
    }

    /// The same for so many tokens.
    func with(vocabulary: Int) -> ModelInput {
        ModelInput(
            name: name, shape: shape, vocabulary: vocabulary, varies: varies, isOfGraph: isOfGraph, place: place)
    }

    /// The input that takes a field, with what the field's numbers are and whether its axis varies.
    ///
    /// - Parameter isOfGraph: whether the data's samples are nodes of a graph.
    package func taking(_ field: FieldDescription?, isOfGraph: Bool = false) -> ModelInput {
        ModelInput(
            name: name, shape: shape, vocabulary: field?.meaning.choiceCount, varies: field?.variableAxis != nil,
            isOfGraph: isOfGraph, place: place)
    }

    /// Two inputs are equal wherever a configuration names them.
    package static func == (a: ModelInput, b: ModelInput) -> Bool {
        a.name == b.name && a.shape == b.shape && a.vocabulary == b.vocabulary && a.varies == b.varies
            && a.isOfGraph == b.isOfGraph
    }
}

/// What a model is built from.
package struct ModelDescription: Equatable, Sendable {
    package let name: String
    package let inputs: [ModelInput]
    package let layers: [LayerSpecification]
    /// Over which samples batch normalisations take their statistics that do not say so themselves.
    package let statistics: NormalizationStatistics

    package init(
        name: String, inputs: [ModelInput], layers: [LayerSpecification], statistics: NormalizationStatistics = .grain
    ) {
        self.statistics = statistics
        self.name = name
        self.inputs = inputs
        self.layers = layers
    }
}

/// The models of a run over one flat memory.
package struct Network: Sendable {
    package let models: [Model]
    /// Where all parameters lie.
    package let layout: ModelLayout
    /// How each parameter's values are ordered in exchanged files, by its number.
    package let exchangeLayouts: [ExchangeLayout]

    /// Builds the models in order. A sole model's parameters have the names of its layers; of several models each has
    /// its name before them: `generator.0.weight`.
    ///
    /// - Parameters:
    ///   - lanes: how many sequences a batch continues, whose state recurrent layers carry; nil for samples that have
    ///     nothing to do with each other.
    ///   - usualField: the field of the data that an input without a name takes; layers may call the input by it.
    /// - Throws: ``ModelError`` when a layer does not fit its input.
    package init(
        _ descriptions: [ModelDescription], convolutions: ConvolutionPreference = .automatic, lanes: Int? = nil,
        usualField: String? = nil
    ) throws {
        var registry = ParameterRegistry()
        var built: [Model.Built] = []
        for description in descriptions {
            var builder = GraphBuilder(
                preference: convolutions, lanes: lanes, statistics: description.statistics, parameters: registry,
                parameterPrefix: descriptions.count > 1 ? description.name + "." : "")
            for input in description.inputs { try builder.requireSize(input.shape, input.name) }
            let inputs = description.inputs.map { input in
                builder.input(input, alias: input.name == ModelInput.usualName ? usualField : nil)
            }
            let first = registry.parameters.count
            let last = try builder.sequence(description.layers, input: inputs[0], prefix: "")
            try builder.requireDifferentUnits()
            try builder.requireHandledLengths()
            try builder.requireRowsApart()
            registry = builder.parameters
            built.append(.init(builder: builder, parameterIndices: first..<registry.parameters.count, last: last))
        }
        let layout = ModelLayout(registry.parameters)
        let exchangeLayouts = registry.exchangeLayouts
        models = zip(descriptions, built).map {
            Model($0, $1, layout: layout, exchangeLayouts: exchangeLayouts)
        }
        self.layout = layout
        self.exchangeLayouts = exchangeLayouts
    }

    /// The model of that name.
    package subscript(name: String) -> Model? { models.first { $0.name == name } }
}

/// How a parameter's values are ordered in exchanged files, which follow PyTorch: channels first.
package enum ExchangeLayout: Equatable, Sendable {
    case same
    /// Filters [O, kh, kw, I] here, [O, I, kh, kw] there.
    case filters
    /// Filters over the steps of a sequence [O, 1, k, I] here, [O, I, k] there.
    case sequenceFilters
}
