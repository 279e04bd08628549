// Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015.

extension ZooModel {
    static let vgg11CIFAR = ZooModel(
        "vgg11-cifar", "VGG-11 with batch normalisation for 32×32 images.", input: [32, 32, 3], classes: 10,
        options: [.statistics]
    ) { vggCIFARLayers(classes: $0.classes) }

    /// Configurations A, B, D and E of the paper.
    static let vggs = published.map { configuration in
        ZooModel(
            "vgg\(configuration.depth)", "VGG for 224×224 images (Simonyan and Zisserman 2014).",
            input: [224, 224, 3], classes: 1000
        ) { vgg(configuration, .none, classes: $0.classes) }
    }

    /// The same with batch normalisation, as torchvision has them.
    static let normalizedVGGs = published.map { configuration in
        ZooModel(
            "vgg\(configuration.depth)-bn", "VGG for 224×224 images with batch normalisation.",
            input: [224, 224, 3], classes: 1000, options: [.statistics]
        ) { vgg(configuration, .batch, classes: $0.classes) }
    }

    private static let published: [VGGConfiguration] = [.a, .b, .d, .e]

    /// Configuration A with local response normalisation, A-LRN of the paper.
    static let vggWithResponse = ZooModel(
        "vgg11-lrn", "VGG-11 with local response normalisation after its first layer (Simonyan and Zisserman 2014).",
        input: [224, 224, 3], classes: 1000
    ) { vgg(.a, .response, classes: $0.classes) }

    /// Configuration C of the paper.
    static let vggC = ZooModel(
        "vgg16-c",
        "VGG configuration C, whose last convolution of each deep block is 1×1 (Simonyan and Zisserman 2014).",
        input: [224, 224, 3], classes: 1000
    ) { vgg(.c, .none, classes: $0.classes) }
}

/// The convolutions of a configuration in table 1 of the paper; its ordinary ones are 3×3.
private struct VGGConfiguration {
    /// The number of convolutions in each of the five blocks.
    let blocks: [Int]
    /// Whether the last convolution of the deep blocks is 1×1.
    var endsWith1x1 = false

    /// Layers with weights, the three linear ones included.
    var depth: Int { blocks.reduce(3, +) }

    /// What comes between a convolution and its ReLU.
    enum Normalization { case none, batch, response }

    static let a = VGGConfiguration(blocks: [1, 1, 2, 2, 2])
    static let b = VGGConfiguration(blocks: [2, 2, 2, 2, 2])
    static let c = VGGConfiguration(blocks: [2, 2, 3, 3, 3], endsWith1x1: true)
    static let d = VGGConfiguration(blocks: [2, 2, 3, 3, 3])
    static let e = VGGConfiguration(blocks: [2, 2, 4, 4, 4])

    /// The layers before the classifier, whose numbers in torchvision's list are their names.
    func features(_ normalization: Normalization) -> LayerSpecification {
        var layers: [LayerSpecification] = []
        for (block, (filters, count)) in zip([64, 128, 256, 512, 512], blocks).enumerated() {
            for index in 0..<count {
                let isSmall = endsWith1x1 && block >= 2 && index == count - 1
                layers.append(
                    .convolution(
                        .init(
                            filters: filters, kernel: .init(isSmall ? 1 : 3),
                            padding: .explicit(.init(isSmall ? 0 : 1)), initializer: .heNormal)))
                if normalization == .batch { layers.append(.batchNorm()) }
                layers.append(.relu)
                if normalization == .response, block == 0 { layers.append(alexNetNormalization) }
            }
            layers.append(.maxPool(.init(kernel: .init(2))))
        }
        return .named("features", .sequence(layers))
    }
}

/// Configuration A with batch normalisation for 32×32 images; torchvision's names.
///
/// One linear layer on the 1×1×512 features; 9,231,114 parameters for ten classes, with the convolutions' biases.
private func vggCIFARLayers(classes: Int) -> [LayerSpecification] {
    [VGGConfiguration.a.features(.batch), .flatten, .named("classifier", .linear(units: classes))]
}

/// A configuration for 224×224 images; torchvision's names where it has the net. VGG-16 (D) has 138,357,544 parameters
/// for 1000 classes.
private func vgg(
    _ configuration: VGGConfiguration, _ normalization: VGGConfiguration.Normalization, classes: Int
) -> [LayerSpecification] {
    [
        configuration.features(normalization), .flatten,
        .named("classifier", .sequence(wideClassifier(classes: classes, dropoutFirst: false))),
    ]
}
