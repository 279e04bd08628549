// Residual networks, He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016.

extension ZooModel {
    static let residualNetsCIFAR = [20, 32, 44, 56, 110].map { depth in
        ZooModel(
            "resnet\(depth)", "Residual network for 32×32 images (He et al. 2015).", input: [32, 32, 3], classes: 10,
            options: [.statistics]
        ) { resNetCIFAR(depth: depth, classes: $0.classes) }
    }

    package static let resNet18CIFAR = ZooModel(
        "resnet18-cifar", "ResNet-18 with a 3×3 stem for 32×32 images.", input: [32, 32, 3], classes: 10,
        options: [.statistics]
    ) { resNet18CIFARLayers(classes: $0.classes) }

    static let residualNets = [18, 34, 50, 101, 152].map { depth in
        ZooModel(
            "resnet\(depth)", "Residual network for 224×224 images (He et al. 2015).", input: [224, 224, 3],
            classes: 1000, options: [.statistics]
        ) { resNet(depth: depth, classes: $0.classes) }
    }

    /// What the paper compares residual networks with.
    static let plainNets =
        [20, 32, 44, 56].map { depth in
            ZooModel(
                "plain\(depth)", "The residual network of that depth for 32×32 images without its skips.",
                input: [32, 32, 3], classes: 10
            ) { resNetCIFAR(depth: depth, classes: $0.classes, skips: false) }
        }
        + [18, 34].map { depth in
            ZooModel(
                "plain\(depth)", "The residual network of that depth for 224×224 images without its skips.",
                input: [224, 224, 3], classes: 1000
            ) { resNet(depth: depth, classes: $0.classes, skips: false) }
        }
}

/// The ways that lead past a block.
private enum Skip {
    case none, identity, projection
}

/// Two 3×3 convolutions, usually with a skip; torchvision's `BasicBlock` with its names.
private func basicBlock(filters: Int, stride: Int, skip: Skip) -> LayerSpecification {
    let main: [LayerSpecification] = [
        .named("conv1", convolution3x3(filters, stride: stride)), .named("bn1", .batchNorm()), .relu,
        .named("conv2", convolution3x3(filters)), .named("bn2", .batchNorm()),
    ]
    return skip == .none
        ? .sequence(main)
        : .residual(main: main, shortcut: skip == .projection ? [projection(filters, stride: stride)] : [])
}

/// 1×1, 3×3 and 1×1 convolutions with a skip, four times the width at the end; torchvision's `Bottleneck` (stride in
/// the 3×3).
private func bottleneck(filters: Int, stride: Int, projects: Bool) -> LayerSpecification {
    .residual(
        main: [
            .named("conv1", convolution1x1(filters)), .named("bn1", .batchNorm()), .relu,
            .named("conv2", convolution3x3(filters, stride: stride)), .named("bn2", .batchNorm()), .relu,
            .named("conv3", convolution1x1(4 * filters)), .named("bn3", .batchNorm()),
        ],
        shortcut: projects ? [projection(4 * filters, stride: stride)] : [])
}

private func projection(_ filters: Int, stride: Int) -> LayerSpecification {
    .named("downsample", .sequence([convolution1x1(filters, stride: stride), .batchNorm()]))
}

private func convolution1x1(_ filters: Int, stride: Int = 1) -> LayerSpecification {
    .convolution(.init(filters: filters, kernel: .init(1), stride: .init(stride), bias: false, initializer: .heNormal))
}

private func convolution3x3(_ filters: Int, stride: Int = 1) -> LayerSpecification {
    .convolution(
        .init(
            filters: filters, kernel: .init(3), stride: .init(stride), padding: .explicit(.init(1)), bias: false,
            initializer: .heNormal))
}

/// Stages of blocks; every stage but the first halves the image with its first block.
///
/// - Parameters:
///   - expansion: 1 for basic blocks, 4 for bottlenecks.
///   - skips: whether blocks have skips; bottlenecks always do.
private func stages(
    _ blocks: [Int], filters: [Int], input: Int, expansion: Int = 1, skips: Bool = true
) -> [LayerSpecification] {
    var layers: [LayerSpecification] = []
    var channels = input
    for (stage, (count, width)) in zip(blocks, filters).enumerated() {
        var stageLayers: [LayerSpecification] = []
        for block in 0..<count {
            let stride = stage > 0 && block == 0 ? 2 : 1
            let projects = stride != 1 || channels != width * expansion
            let layer =
                expansion == 1
                ? basicBlock(filters: width, stride: stride, skip: !skips ? .none : projects ? .projection : .identity)
                : bottleneck(filters: width, stride: stride, projects: projects)
            // Blocks are numbered without counting the activations between them.
            stageLayers += [.named(String(block), layer), .relu]
            channels = width * expansion
        }
        layers.append(.named("layer\(stage + 1)", .sequence(stageLayers)))
    }
    return layers
}

private func stem(_ filters: Int) -> [LayerSpecification] {
    [.named("conv1", convolution3x3(filters)), .named("bn1", .batchNorm()), .relu]
}

/// ResNet-18 for 32×32 images: a 3×3 stem without pooling, widths 64–512; 11,173,962 parameters for ten classes.
private func resNet18CIFARLayers(classes: Int) -> [LayerSpecification] {
    stem(64) + stages([2, 2, 2, 2], filters: [64, 128, 256, 512], input: 64) + [
        .globalAveragePool, .named("fc", .linear(units: classes)),
    ]
}

/// ResNet-20/32/44/56/110 for CIFAR, section 4.2: depth = 6n + 2, widths 16, 32, 64; projections where the shape
/// changes.
private func resNetCIFAR(depth: Int, classes: Int, skips: Bool = true) -> [LayerSpecification] {
    let n = (depth - 2) / 6
    return stem(16) + stages([n, n, n], filters: [16, 32, 64], input: 16, skips: skips) + [
        .globalAveragePool, .named("fc", .linear(units: classes)),
    ]
}

/// ResNet-18, 34, 50, 101 or 152 for 224×224 images, table 1 of the paper; torchvision's names and parameter counts.
///
/// - Parameter skips: false for the plain net of the depths 18 and 34.
private func resNet(depth: Int, classes: Int, skips: Bool = true) -> [LayerSpecification] {
    let blocks =
        [18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3]][depth] ?? [
            2, 2, 2, 2,
        ]
    let stem: [LayerSpecification] = [
        .named(
            "conv1",
            .convolution(
                .init(
                    filters: 64, kernel: .init(7), stride: .init(2), padding: .explicit(.init(3)), bias: false,
                    initializer: .heNormal))),
        .named("bn1", .batchNorm()), .relu,
        .maxPool(.init(kernel: .init(3), stride: .init(2), padding: .explicit(.init(1)))),
    ]
    return stem
        + stages(blocks, filters: [64, 128, 256, 512], input: 64, expansion: depth >= 50 ? 4 : 1, skips: skips) + [
            .globalAveragePool, .named("fc", .linear(units: classes)),
        ]
}
