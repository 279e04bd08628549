/// Linear layers of the given widths, each with ReLU and dropout, then one linear layer for the classes.
func multilayerPerceptron(hidden: [Int], classes: Int, dropout: Double) -> [LayerSpecification] {
    var layers: [LayerSpecification] = [.flatten]
    for units in hidden {
        layers += [.linear(units: units), .activation(.relu)]
        if dropout > 0 { layers.append(.dropout(probability: dropout)) }
    }
    return layers + [.linear(units: classes)]
}
