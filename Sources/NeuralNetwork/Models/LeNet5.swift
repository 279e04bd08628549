/// LeNet-5 with ReLU and max pooling, LeCun, Bottou, Bengio and Haffner 1998, section II.B; 61,706 parameters for ten
/// classes.
///
/// For 28×28 images (padding 2 makes them 32×32). PyTorch names: c1, c2, f1, f2, f3.
func leNet5(classes: Int, dropout: Double) -> [LayerSpecification] {
    let drop: [LayerSpecification] = dropout > 0 ? [.dropout(probability: dropout)] : []
    return [
        .named("c1", .convolution(.init(filters: 6, kernel: .init(5), padding: .explicit(.init(2))))),
        .activation(.relu),
        .maxPool(.init(kernel: .init(2))),
        .named("c2", .convolution(.init(filters: 16, kernel: .init(5)))), .activation(.relu),
        .maxPool(.init(kernel: .init(2))),
        .flatten,
        .named("f1", .linear(units: 120)), .activation(.relu),
    ] + drop + [.named("f2", .linear(units: 84)), .activation(.relu)] + drop + [.named("f3", .linear(units: classes))]
}
