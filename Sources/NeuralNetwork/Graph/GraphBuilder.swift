import System
import Autograd
import Kernels
import TensorCore

/// Turns lists of layers into a graph: infers shapes, registers parameters in order of use, counts costs.
package struct GraphBuilder {
    /// A node of the graph by its number; a node reads only nodes of smaller numbers.
    package typealias Node = Int

    /// How convolutions are computed.
    let preference: ConvolutionPreference
    /// How many sequences a batch continues; nil where samples have nothing to do with each other.
    package let lanes: Int?
    /// Over which samples layers take statistics that do not say so themselves.
    let statistics: NormalizationStatistics
    private(set) var nodes: [GraphNode] = []
    private(set) var rows: [LayerSummary] = []
    private(set) var convolutions: [ConvolutionGeometry] = []
    /// What was registered since the latest node: the parameters of the next one.
    private var ownParameters = LayerParameters()
    /// How many parameters of these are biases.
    private var ownBiases = 0
    private(set) var auxiliaryHeads: [AuxiliaryHead] = []
    /// The parameters of all models that share the flat memory.
    var parameters: ParameterRegistry
    /// What precedes the names of this model's parameters.
    private let parameterPrefix: String
    /// The node that a name stands for, by its full path.
    private(set) var references: [String: Node] = [:]
    /// The elements of all lists so far by their path, for layers that share them.
    private var elements: [String: LayerSpecification] = [:]
    /// The paths of layers that are built again, and those whose parameters they use.
    private var shared: [(path: String, original: String)] = []
    /// The first layer that can't read sequences of several lengths and is given some.
    var lengthProblem: ModelError?
    /// The first layer that computes statistics over the rows of a batch whose samples are nodes of a graph.
    var rowProblem: ModelError?
    /// Layers whose units begin equal, and those with weights of several inputs, by their paths.
    var equalUnits: Set<String> = []
    private(set) var weighted: Set<String> = []

    init(
        preference: ConvolutionPreference, lanes: Int? = nil, statistics: NormalizationStatistics = .grain,
        parameters: ParameterRegistry, parameterPrefix: String
    ) {
        self.statistics = statistics
        self.preference = preference
        self.lanes = lanes
        self.parameters = parameters
        self.parameterPrefix = parameterPrefix
    }

    /// The shape of one sample of a node's value.
    package func shape(of node: Node) -> Shape { nodes[node].shape }

    /// How many tokens, or classes, a layer is to tell apart in the field that it reads.
    ///
    /// - Parameter chosen: what the configuration says; nil for just those of the field.
    /// - Throws: `ModelError.noVocabulary` of anything but a field of tokens or classes, `smallVocabulary` where the
    ///   field has more than `chosen`.
    package func vocabulary(of node: Node, atMost chosen: Int?, _ path: String) throws -> Int {
        guard let own = nodes[node].vocabulary else {
            throw ModelError.noVocabulary(layer: path, input: nodes[node].name)
        }
        guard let chosen else { return own }
        guard chosen >= own else { throw ModelError.smallVocabulary(layer: path, chosen: chosen, needed: own) }
        return chosen
    }

    // MARK: - Lists of layers

    /// An input of the model.
    ///
    /// - Parameter alias: another name for it.
    mutating func input(_ input: ModelInput, alias: String? = nil) -> Node {
        nodes.append(
            GraphNode(
                name: input.name, kind: "input", layer: nil, inputs: [], shape: input.shape,
                vocabulary: input.vocabulary,
                field: ReceptiveField(input: input.shape, isTokens: input.vocabulary != nil),
                lengthSource: input.varies ? nodes.count : nil, hops: input.isOfGraph ? 0 : nil, window: .position))
        references[input.name] = nodes.count - 1
        if let alias { references[alias] = nodes.count - 1 }
        return nodes.count - 1
    }

    /// Layers one after another.
    ///
    /// - Parameters:
    ///   - input: what the first layer reads unless it names something else.
    ///   - prefix: the path of the list; empty for the model's own.
    /// - Returns: the node of the last one that is no auxiliary head, `input` when there is none.
    package mutating func sequence(_ list: [LayerSpecification], input: Node, prefix: String) throws -> Node {
        if prefix.isEmpty, list.allSatisfy({ $0.auxiliaryWeight != nil }) { throw ModelError.empty }
        var last = input
        for (index, element) in list.enumerated() {
            let path = joined(prefix, element.name ?? String(index))
            let inputs = try element.from.isEmpty ? [last] : element.from.map { try resolve($0, in: prefix, for: path) }
            let node = try element.kind.build(&self, inputs, path)
            references[path] = node
            elements[path] = element
            if let weight = element.auxiliaryWeight {
                auxiliaryHeads.append(AuxiliaryHead(name: path, weight: weight))
            } else {
                last = node
            }
        }
        return last
    }

    /// A branch of a composite layer: a single named layer keeps its own name, anything else goes below `name`.
    package mutating func branch(
        _ list: [LayerSpecification], input: Node, prefix: String, name: String
    ) throws -> Node {
        let keepsName = list.count == 1 && list[0].name != nil
        return try sequence(list, input: input, prefix: keepsName ? prefix : joined(prefix, name))
    }

    /// The element that `name` stands for, built once more on other inputs with the same parameters.
    mutating func share(_ name: String, _ inputs: [Node], _ path: String) throws -> Node {
        guard let original = scopes(of: path).map({ joined($0, name) }).first(where: { elements[$0] != nil }),
            let element = elements[original]
        else { throw ModelError.unknownNode(layer: path, name: name, known: elements.keys.sorted()) }
        shared.append((path, original))
        defer { shared.removeLast() }
        return try element.kind.build(&self, inputs, path)
    }

    /// The node that a name stands for in the list at `prefix`: one of the same list, of the lists around it, or an
    /// input.
    private func resolve(_ name: String, in prefix: String, for path: String) throws -> Node {
        for scope in [prefix] + scopes(of: prefix) {
            if let node = references[joined(scope, name)] { return node }
        }
        throw ModelError.unknownNode(layer: path, name: name, known: references.keys.sorted())
    }

    /// The paths of the lists around a path, the nearest first: `a.b`, `a` and nothing for `a.b.c`.
    private func scopes(of path: String) -> [String] {
        var result: [String] = []
        var rest = path
        while let dot = rest.lastIndex(of: ".") {
            rest = String(rest[..<dot])
            result.append(rest)
        }
        return result + (path.isEmpty ? [] : [""])
    }

    private func joined(_ prefix: String, _ name: String) -> String { prefix.isEmpty ? name : prefix + "." + name }

    // MARK: - Nodes and parameters

    /// Adds a node, and its line of the summary. Its parameters are those that were registered since the node before.
    ///
    /// - Parameters:
    ///   - kind: the layer's key.
    ///   - output: the shape of one sample.
    ///   - multiplyAdds: products that are added up, of the direct algorithm for one sample's forward pass.
    ///   - multiplications: all of them; nil for the multiply-adds.
    ///   - additions: all of them; nil where each output value is a sum of its multiply-adds and the layer's biases.
    ///   - window: which positions of the inputs a position of the output depends on; nil for the same one where the
    ///     shapes allow it, and for all of them otherwise.
    ///   - inPlace: whether the result can take the place of what the layer reads.
    ///   - lengths: what becomes of the lengths of sequences that the layer reads.
    ///   - readsNeighbours: whether a row of the result depends on those of neighbours in a graph.
    package mutating func add(
        _ layer: any Layer, _ kind: String, _ inputs: [Node], _ output: Shape, _ path: String, multiplyAdds: Int = 0,
        multiplications: Int? = nil, additions: Int? = nil, window: ReceptiveWindow? = nil, inPlace: Bool = false,
        lengths: LengthHandling = .usual, readsNeighbours: Bool = false
    ) -> Node {
        let window = window ?? .usual(inputs: inputs.map(shape(of:)), output: output)
        let field = ReceptiveField(inputs.map { nodes[$0].field }, through: window)
        let sums = multiplyAdds > 0 ? multiplyAdds - output.count + ownBiases * output.count : 0
        let operations = LayerOperations(
            multiplyAdds: multiplyAdds, multiplications: multiplications ?? multiplyAdds, additions: additions ?? sums)
        nodes.append(
            GraphNode(
                name: path, kind: kind, layer: layer, inputs: inputs, shape: output, vocabulary: nil, field: field,
                lengthSource: lengthSource(inputs, output, window, lengths, path),
                hops: hops(inputs, readsNeighbours), window: window))
        rows.append(
            LayerSummary(
                name: path, kind: kind, outputShape: output, counts: ownParameters, operations: operations,
                window: window, field: field, isInPlace: inPlace))
        ownParameters = LayerParameters()
        ownBiases = 0
        return nodes.count - 1
    }

    /// Counts a parameter for the next node.
    private mutating func count(_ parameter: Parameter) {
        let size = parameter.shape.count
        let isBias =
            parameter.name.split(separator: ".").last.map { $0.hasPrefix("bias") || $0 == "visibleBias" } ?? false
        switch (parameter.isTrainable, isBias) {
        case (true, true):
            ownParameters.biases += size
            ownBiases += 1
        case (true, false): ownParameters.weights += size
        case (false, _): ownParameters.untrained += size
        }
        ownParameters.areShared = !shared.isEmpty
    }

    /// Registers a parameter, or finds it where the layer shares those of another.
    ///
    /// - Parameter factorRows: as ``Parameter/factorRows``.
    /// - Throws: `ModelError.duplicateName`, or `tooLarge`.
    package mutating func parameter(
        _ name: String, _ shape: Shape, _ initializer: Initializer, role: ParameterRole = .weight,
        layout: ExchangeLayout = .same, factorRows: Int? = nil
    ) throws -> Parameter {
        try requireSize(shape, name)
        if role == .weight, shape.rank > 1, let dot = name.lastIndex(of: ".") { weighted.insert(String(name[..<dot])) }
        var original = name
        for (path, replacement) in shared.reversed() where original == path || original.hasPrefix(path + ".") {
            original = replacement + original.dropFirst(path.count)
        }
        if !shared.isEmpty {
            guard let parameter = parameters[parameterPrefix + original], parameter.shape == shape else {
                throw ModelError.sharedShape(parameter: original, parameters[parameterPrefix + original]?.shape, shape)
            }
            count(parameter)
            return parameter
        }
        let parameter = try parameters.add(
            parameterPrefix + name, shape, initializer, role: role, layout: layout, factorRows: factorRows)
        count(parameter)
        return parameter
    }

    /// State that a layer carries along the lanes of a sequence; nil where samples have nothing to do with each other.
    ///
    /// A layer that shares its weights with another has state of its own, since it reads something else.
    /// - Parameters:
    ///   - sample: the shape of one lane's.
    ///   - own: how many rows it has, where these are not the lanes of a sequence.
    package mutating func carriedState(_ name: String, _ sample: Shape, rows own: Int? = nil) throws -> Parameter? {
        guard let lanes = own ?? lanes else { return nil }
        try requireSize(sample.batched(lanes), name)
        return try parameters.add(
            parameterPrefix + name, sample.batched(lanes), .zeros, role: .carried, layout: .same)
    }

    /// Notes the shape of a convolution, and says how it is computed.
    mutating func algorithm(for geometry: ConvolutionGeometry) -> ConvolutionAlgorithm? {
        convolutions.append(geometry)
        return preference.algorithm(for: geometry)
    }

    /// The number that tells a random layer apart from all others: a hash of its name, so that adding a layer changes
    /// no other's numbers.
    package func randomNumber(_ path: String) -> Int {
        Int(truncatingIfNeeded: fnv1a(parameterPrefix + path))
    }
}
