// Residual networks, He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016.

/// Two 3×3 convolutions with a skip; torchvision's `BasicBlock` with its names.
private func basicBlock(filters: Int, stride: Int, projects: Bool) -> LayerSpecification {
    .residual(
        main: [
            .named("conv1", convolution3x3(filters, stride: stride)), .named("bn1", .batchNorm()), .activation(.relu),
            .named("conv2", convolution3x3(filters)), .named("bn2", .batchNorm()),
        ],
        shortcut: projects
            ? [
                .named(
                    "downsample",
                    .sequence([
                        .convolution(
                            .init(filters: filters, kernel: .init(1), stride: .init(stride), bias: false, initializer: .heNormal)),
                        .batchNorm(),
                    ]))
            ] : [])
}

private func convolution3x3(_ filters: Int, stride: Int = 1) -> LayerSpecification {
    .convolution(
        .init(
            filters: filters, kernel: .init(3), stride: .init(stride), padding: .explicit(.init(1)), bias: false,
            initializer: .heNormal))
}

/// Stages of basic blocks; every stage but the first halves the image with its first block.
private func stages(_ blocks: [Int], filters: [Int], input: Int) -> [LayerSpecification] {
    var layers: [LayerSpecification] = []
    var channels = input
    for (stage, (count, width)) in zip(blocks, filters).enumerated() {
        var stageLayers: [LayerSpecification] = []
        for block in 0..<count {
            let stride = stage > 0 && block == 0 ? 2 : 1
            stageLayers += [basicBlock(filters: width, stride: stride, projects: stride != 1 || channels != width), .activation(.relu)]
            channels = width
        }
        // Blocks are numbered without counting the activations between them.
        let named = stageLayers.enumerated().map { index, layer in index % 2 == 0 ? .named(String(index / 2), layer) : layer }
        layers.append(.named("layer\(stage + 1)", .sequence(named)))
    }
    return layers
}

private func stem(_ filters: Int) -> [LayerSpecification] {
    [.named("conv1", convolution3x3(filters)), .named("bn1", .batchNorm()), .activation(.relu)]
}

/// ResNet-18 for 32×32 images: a 3×3 stem without pooling, widths 64–512; 11,173,962 parameters for ten classes.
func resNet18CIFAR(classes: Int) -> [LayerSpecification] {
    stem(64) + stages([2, 2, 2, 2], filters: [64, 128, 256, 512], input: 64) + [.globalAveragePool, .named("fc", .linear(units: classes))]
}

/// ResNet-20/32/44/56/110 for CIFAR, section 4.2: depth = 6n + 2, widths 16, 32, 64; projections where the shape changes.
func resNetCIFAR(depth: Int, classes: Int) -> [LayerSpecification] {
    let n = (depth - 2) / 6
    return stem(16) + stages([n, n, n], filters: [16, 32, 64], input: 16) + [.globalAveragePool, .named("fc", .linear(units: classes))]
}
