import ConfigurationReading

/// A kind of layer as a configuration describes it: pure data, from which nodes and parameters are built.
package protocol LayerKind: Equatable, Sendable {
    /// Adds what computes this layer of `inputs` to the graph.
    ///
    /// - Parameters:
    ///   - inputs: nodes of the graph; as many as the element of the configuration names, one unless it says otherwise.
    ///   - path: the name of the node that gives the result, and the beginning of its parameters' names.
    /// - Returns: the node that gives the result.
    /// - Throws: ``ModelError`` when the layer does not fit its inputs.
    func build(_ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String) throws -> GraphBuilder.Node
}

extension LayerKind {
    /// Whether another kind of layer has the same type and value.
    fileprivate func isEqual(to other: any LayerKind) -> Bool { (other as? Self) == self }
}

/// An element of a model's list of layers: a kind of layer, with a name and with what it reads.
package struct LayerSpecification: Equatable, Sendable {
    /// A part of its parameters' names; nil for its number in the list.
    package var name: String?
    /// The nodes that it reads, by name; empty for the element before it.
    package var from: [String]
    /// Of an auxiliary head, see ``AuxiliaryHead``: the weight of its loss; nil for every other element.
    package var auxiliaryWeight: Float?
    package var kind: any LayerKind

    package init(_ kind: any LayerKind, name: String? = nil, from: [String] = []) {
        self.name = name
        self.from = from
        self.kind = kind
    }

    /// The element under another name.
    package static func named(_ name: String, _ element: LayerSpecification) -> LayerSpecification {
        var copy = element
        copy.name = name
        return copy
    }

    /// The element with given inputs.
    package func reading(_ names: String...) -> LayerSpecification { reading(names) }

    /// The element with given inputs.
    package func reading(_ names: [String]) -> LayerSpecification {
        var copy = self
        copy.from = names
        return copy
    }

    /// The element as an auxiliary head, whose loss has that weight.
    package func auxiliary(weight: Float) -> LayerSpecification {
        var copy = self
        copy.auxiliaryWeight = weight
        return copy
    }

    package static func == (a: LayerSpecification, b: LayerSpecification) -> Bool {
        a.name == b.name && a.from == b.from && a.auxiliaryWeight == b.auxiliaryWeight && a.kind.isEqual(to: b.kind)
    }
}

package typealias LayerEntry = CatalogueEntry<any LayerKind>

/// `relu`, `{linear: 120}`, `{name: stem, from: image, conv: {filters: 6, kernel: 5}}`.
extension LayerSpecification: ConfigurationSection {
    package static var title: String { "layer" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        name = reader.optional(
            "name", .identifier, "Part of the names of the layer's parameters; its number if absent.")
        from =
            reader.optional(
                "from", .oneOrMore(of: .text),
                "What it reads: names of layers, or of the model's inputs; the layer before it if absent.") ?? []
        auxiliaryWeight = reader.optional(
            "auxiliary", .number(above: 0),
            "Makes it an auxiliary head: in training it takes the losses of the model's result too, with this weight; "
                + "the next layer goes on before it, and evaluation leaves it out."
        ).map { Float($0) }
        kind = reader.oneOf(
            layerCatalogue.map { entry in
                ConfigurationVariant.key(
                    entry.name, entry.documentation, shorthand: entry.shorthand, otherNames: entry.otherNames
                ) { entry.read($0) }
            })
    }
}
