import Autograd

extension ZooModel {
    static let googLeNet2014 = ZooModel(
        "googlenet-2014", "GoogLeNet as the paper has it, with local response normalisation, 224×224 images.",
        input: [224, 224, 3], classes: 1000, options: [.auxiliary]
    ) { googLeNet2014Layers(classes: $0.classes, auxiliary: $0.auxiliary) }
}

/// A convolution with bias and ReLU.
private func unit(_ filters: Int, _ kernel: Int, stride: Int = 1) -> [LayerSpecification] {
    [
        .convolution(
            .init(
                filters: filters, kernel: Size(kernel), stride: Size(stride), padding: .explicit(Size(kernel / 2)),
                initializer: .heNormal)), .relu,
    ]
}

private func unit(_ name: String, _ filters: Int, _ kernel: Int, stride: Int = 1) -> LayerSpecification {
    .named(name, .sequence(unit(filters, kernel, stride: stride)))
}

/// The network of table 1 of Szegedy, Liu, Jia et al., "Going deeper with convolutions", CVPR 2015: 6,998,552
/// parameters for 1000 classes without the auxiliary heads.
///
/// It differs from `googlenet`, which is torchvision's: 5×5 filters, biases, and local response normalisation instead
/// of batch normalisation. The paper gives no constants for it; these are those of Caffe's GoogLeNet.
private func googLeNet2014Layers(classes: Int, auxiliary: Bool) -> [LayerSpecification] {
    let pool = LayerSpecification.maxPool(.init(kernel: Size(3), stride: Size(2), ceil: true))
    let normalization = LayerSpecification.localResponseNorm(size: 5, alpha: 1e-4, beta: 0.75, k: 1)
    var layers: [LayerSpecification] = [
        unit("conv1", 64, 7, stride: 2), .named("maxpool1", pool), normalization, unit("conv2", 64, 1),
        unit("conv3", 192, 3), normalization, .named("maxpool2", pool),
    ]
    for (name, widths) in InceptionWidths.googLeNet {
        layers.append(.named(name, inception(widths)))
        // Heads stand beside what they read, as in figure 3.
        if auxiliary, let head = ["inception4a": "aux1", "inception4d": "aux2"][name] {
            layers.append(.named(head, auxiliaryHead(classes)).auxiliary(weight: 0.3))
        }
        if let name = ["inception3b": "maxpool3", "inception4e": "maxpool4"][name] {
            layers.append(.named(name, pool))
        }
    }
    return layers + [
        .named("avgpool", .globalAveragePool), .named("dropout", .dropout(probability: 0.4)),
        .named("fc", .linear(units: classes)),
    ]
}

private func inception(_ widths: InceptionWidths) -> LayerSpecification {
    .concatenate(branches: [
        [unit("branch1", widths.one, 1)],
        unit(widths.three.reduction, 1) + unit(widths.three.filters, 3),
        unit(widths.five.reduction, 1) + unit(widths.five.filters, 5),
        [.maxPool(.init(kernel: Size(3), stride: Size(1), padding: .explicit(Size(1))))] + unit(widths.pool, 1),
    ])
}

/// The auxiliary classifier of section 5.
private func auxiliaryHead(_ classes: Int) -> LayerSpecification {
    .sequence([
        .averagePool(.init(kernel: Size(5), stride: Size(3))), unit("conv", 128, 1), .flatten,
        .named("fc1", .linear(units: 1024)), .relu, .dropout(probability: 0.7),
        .named("fc2", .linear(units: classes)),
    ])
}
