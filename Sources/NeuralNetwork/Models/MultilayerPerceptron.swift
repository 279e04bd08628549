extension ZooModel {
    package static let mlp = ZooModel(
        "mlp", "Multilayer perceptron with ReLU.", input: [28, 28, 1], classes: 10, options: [.hidden, .dropout]
    ) { perceptronLayers(hidden: $0.hidden, classes: $0.classes, dropout: $0.dropout) }
}

/// Linear layers of the given widths, each with ReLU and dropout, then one linear layer for the classes.
private func perceptronLayers(hidden: [Int], classes: Int, dropout: Double) -> [LayerSpecification] {
    var layers: [LayerSpecification] = [.flatten]
    for units in hidden {
        layers += [.linear(units: units), .relu]
        if dropout > 0 { layers.append(.dropout(probability: dropout)) }
    }
    return layers + [.linear(units: classes)]
}
