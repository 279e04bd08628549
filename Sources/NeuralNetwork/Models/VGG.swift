extension ZooModel {
    static let vgg11CIFAR = ZooModel(
        "vgg11-cifar", "VGG-11 for 32×32 images.", input: [32, 32, 3], classes: 10
    ) { vgg11BatchNormCIFAR(classes: $0.classes) }

    static let vggs = [11, 13, 16, 19].map { depth in
        ZooModel(
            "vgg\(depth)", "VGG for 224×224 images (Simonyan and Zisserman 2014).", input: [224, 224, 3], classes: 1000
        ) { vgg(depth: depth, classes: $0.classes) }
    }
}

/// VGG configuration A with batch normalisation for 32×32 images, Simonyan and Zisserman 2014; torchvision's names.
///
/// One linear layer on the 1×1×512 features; 9,231,114 parameters for ten classes, with the convolutions' biases.
private func vgg11BatchNormCIFAR(classes: Int) -> [LayerSpecification] {
    var features: [LayerSpecification] = []
    for block in [[64], [128], [256, 256], [512, 512], [512, 512]] {
        for filters in block {
            features += [
                .convolution(
                    .init(filters: filters, kernel: .init(3), padding: .explicit(.init(1)), initializer: .heNormal)),
                .batchNorm(), .relu,
            ]
        }
        features.append(.maxPool(.init(kernel: .init(2))))
    }
    return [.named("features", .sequence(features)), .flatten, .named("classifier", .linear(units: classes))]
}

/// VGG configurations A, B, D and E for 224×224 images, Simonyan and Zisserman 2014, table 1; torchvision's names.
///
/// - Parameter depth: 11, 13, 16 or 19 layers with weights; VGG-16 has 138,357,544 parameters for 1000 classes.
private func vgg(depth: Int, classes: Int) -> [LayerSpecification] {
    let deep = [11: 0, 13: 0, 16: 1, 19: 2][depth] ?? 0
    let first = depth == 11 ? 1 : 2
    let blocks = [(64, first), (128, first), (256, 2 + deep), (512, 2 + deep), (512, 2 + deep)]
    var features: [LayerSpecification] = []
    for (filters, count) in blocks {
        for _ in 0..<count {
            features += [
                .convolution(
                    .init(filters: filters, kernel: .init(3), padding: .explicit(.init(1)), initializer: .heNormal)),
                .relu,
            ]
        }
        features.append(.maxPool(.init(kernel: .init(2))))
    }
    return [
        .named("features", .sequence(features)), .flatten,
        .named("classifier", .sequence(wideClassifier(classes: classes, dropoutFirst: false))),
    ]
}
