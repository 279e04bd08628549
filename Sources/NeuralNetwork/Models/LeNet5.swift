extension ZooModel {
    package static let lenet5 = ZooModel(
        "lenet5", "LeNet-5 (LeCun et al. 1998) with ReLU and max pooling.", input: [28, 28, 1], classes: 10,
        options: [.dropout]
    ) { leNet5Layers(classes: $0.classes, dropout: $0.dropout) }
}

/// LeNet-5 with ReLU and max pooling, LeCun, Bottou, Bengio and Haffner 1998, section II.B; 61,706 parameters for ten
/// classes.
///
/// For 28×28 images (padding 2 makes them 32×32). PyTorch names: c1, c2, f1, f2, f3.
private func leNet5Layers(classes: Int, dropout: Double) -> [LayerSpecification] {
    let drop: [LayerSpecification] = dropout > 0 ? [.dropout(probability: dropout)] : []
    return [
        .named("c1", .convolution(.init(filters: 6, kernel: .init(5), padding: .explicit(.init(2))))),
        .relu,
        .maxPool(.init(kernel: .init(2))),
        .named("c2", .convolution(.init(filters: 16, kernel: .init(5)))), .relu,
        .maxPool(.init(kernel: .init(2))),
        .flatten,
        .named("f1", .linear(units: 120)), .relu,
    ] + drop + [.named("f2", .linear(units: 84)), .relu] + drop + [.named("f3", .linear(units: classes))]
}
