import ConfigurationReading

/// Layers one after another, as one layer.
struct LayerSequence: LayerKind {
    let layers: [LayerSpecification]

    static let entry = LayerEntry("sequence", "Layers one after another, as one layer.", shorthand: "layers") {
        LayerSequence(layers: $0.required("layers", .list(of: .section(), atLeast: 1), "The layers."))
    }

    func build(
        _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> GraphBuilder.Node {
        _ = try builder.single(inputs, path)
        return try builder.sequence(layers, input: inputs[0], prefix: path)
    }
}

/// A layer that has come before, once more on other inputs, with the same parameters.
struct SharedLayer: LayerKind {
    /// The name of the layer.
    let layer: String

    static let entry = LayerEntry(
        "share", "A layer that has come before, on other inputs with the same parameters.", shorthand: "layer"
    ) { SharedLayer(layer: $0.required("layer", .text, "The name of that layer.")) }

    func build(
        _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
    ) throws -> GraphBuilder.Node {
        try builder.share(layer, inputs, path)
    }
}

extension LayerSpecification {
    package static func sequence(_ layers: [LayerSpecification]) -> LayerSpecification {
        .init(LayerSequence(layers: layers))
    }

    package static func share(_ layer: String) -> LayerSpecification { .init(SharedLayer(layer: layer)) }
}
