import Autograd

extension ZooModel {
    static let googLeNet = ZooModel(
        "googlenet", "GoogLeNet in torchvision's form, with batch normalisation, 224×224 images.",
        input: [224, 224, 3], classes: 1000, options: [.auxiliary, .statistics]
    ) { googLeNetLayers(classes: $0.classes, auxiliary: $0.auxiliary) }
}

/// The filters of an Inception module: 1×1; reduction and 3×3; reduction and 5×5; after the pool.
struct InceptionWidths {
    let one: Int
    let three: (reduction: Int, filters: Int)
    let five: (reduction: Int, filters: Int)
    let pool: Int

    init(_ one: Int, _ threeReduction: Int, _ three: Int, _ fiveReduction: Int, _ five: Int, _ pool: Int) {
        self.one = one
        self.three = (threeReduction, three)
        self.five = (fiveReduction, five)
        self.pool = pool
    }

    /// The modules of GoogLeNet by name, in order; Szegedy, Liu, Jia et al., "Going deeper with convolutions", CVPR
    /// 2015, table 1.
    static let googLeNet: [(name: String, widths: InceptionWidths)] = [
        ("inception3a", .init(64, 96, 128, 16, 32, 32)), ("inception3b", .init(128, 128, 192, 32, 96, 64)),
        ("inception4a", .init(192, 96, 208, 16, 48, 64)), ("inception4b", .init(160, 112, 224, 24, 64, 64)),
        ("inception4c", .init(128, 128, 256, 24, 64, 64)), ("inception4d", .init(112, 144, 288, 32, 64, 64)),
        ("inception4e", .init(256, 160, 320, 32, 128, 128)), ("inception5a", .init(256, 160, 320, 32, 128, 128)),
        ("inception5b", .init(384, 192, 384, 48, 128, 128)),
    ]
}

/// Normal with deviation 0.01: torchvision cuts it off at ±2, two hundred deviations away, which changes no number.
private let initializer = LayerInitializer.normal(0.01)

private func unit(_ filters: Int, _ kernel: Int, stride: Int = 1) -> LayerSpecification {
    normalizedConvolution(
        filters, kernel: Size(kernel), stride: stride, padding: Size(kernel / 2), initializer: initializer)
}

/// torchvision's GoogLeNet with its names; 6,624,904 parameters for 1000 classes without the auxiliary heads,
/// 13,004,888 with them.
///
/// It differs from the paper's net, which is `googlenet-2014`: batch normalisation instead of local response
/// normalisation and biases, and 3×3 filters where the paper has 5×5.
private func googLeNetLayers(classes: Int, auxiliary: Bool) -> [LayerSpecification] {
    let pool = LayerSpecification.maxPool(.init(kernel: Size(3), stride: Size(2), ceil: true))
    var layers: [LayerSpecification] = [
        .named("conv1", unit(64, 7, stride: 2)), .named("maxpool1", pool),
        .named("conv2", unit(64, 1)), .named("conv3", unit(192, 3)), .named("maxpool2", pool),
    ]
    for (name, widths) in InceptionWidths.googLeNet {
        layers.append(.named(name, inception(widths)))
        if name == "inception3b" { layers.append(.named("maxpool3", pool)) }
        if name == "inception4e" {
            layers.append(.named("maxpool4", .maxPool(.init(kernel: Size(2), stride: Size(2), ceil: true))))
        }
    }
    if auxiliary {
        for (name, module) in [("aux1", "inception4a"), ("aux2", "inception4d")] {
            layers.append(.named(name, head(classes)).reading(module).auxiliary(weight: 0.3))
        }
    }
    return layers + [
        .named("avgpool", .globalAveragePool), .named("dropout", .dropout(probability: 0.2)),
        .named("fc", .linear(units: classes, initializer: initializer)),
    ]
}

private func inception(_ widths: InceptionWidths) -> LayerSpecification {
    .concatenate(branches: [
        [.named("branch1", unit(widths.one, 1))],
        [unit(widths.three.reduction, 1), unit(widths.three.filters, 3)],
        [unit(widths.five.reduction, 1), unit(widths.five.filters, 3)],
        [
            .maxPool(.init(kernel: Size(3), stride: Size(1), padding: .explicit(Size(1)), ceil: true)),
            unit(widths.pool, 1),
        ],
    ])
}

/// The auxiliary classifier of section 5 with dropout of 0.7.
private func head(_ classes: Int) -> LayerSpecification {
    .sequence([
        .averagePool(.init(kernel: Size(5), stride: Size(3))), .named("conv", unit(128, 1)), .flatten,
        .named("fc1", .linear(units: 1024, initializer: initializer)), .relu, .dropout(probability: 0.7),
        .named("fc2", .linear(units: classes, initializer: initializer)),
    ])
}
