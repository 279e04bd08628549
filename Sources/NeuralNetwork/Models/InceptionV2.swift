import Autograd

extension ZooModel {
    static let inceptionV2 = ZooModel(
        "inception-v2", "Batch-normalised Inception, 224×224 images (Ioffe and Szegedy 2015).",
        input: [224, 224, 3], classes: 1000, options: [.statistics]
    ) { inceptionV2Layers(classes: $0.classes) }
}

/// A row of figure 5 of the paper: an Inception module whose 5×5 filters have become two layers of 3×3.
private struct DoubledModule {
    let name: String
    /// Filters of the 1×1 path; none in a module that halves the grid.
    let one: Int?
    let three: (reduction: Int, filters: Int)
    let double: (reduction: Int, filters: Int)
    let pool: Pool

    enum Pool {
        case mean(Int)
        case max(Int)
        /// The larger values of the input itself, in a module that halves the grid.
        case pass
    }

    init(_ name: String, _ one: Int?, _ three: (Int, Int), _ double: (Int, Int), _ pool: Pool) {
        self.name = name
        self.one = one
        self.three = three
        self.double = double
        self.pool = pool
    }

    static let all = [
        DoubledModule("inception3a", 64, (64, 64), (64, 96), .mean(32)),
        DoubledModule("inception3b", 64, (64, 96), (64, 96), .mean(64)),
        DoubledModule("inception3c", nil, (128, 160), (64, 96), .pass),
        DoubledModule("inception4a", 224, (64, 96), (96, 128), .mean(128)),
        DoubledModule("inception4b", 192, (96, 128), (96, 128), .mean(128)),
        DoubledModule("inception4c", 160, (128, 160), (128, 160), .mean(96)),
        DoubledModule("inception4d", 96, (128, 192), (160, 192), .mean(96)),
        DoubledModule("inception4e", nil, (128, 192), (192, 256), .pass),
        DoubledModule("inception5a", 352, (192, 320), (160, 224), .mean(128)),
        DoubledModule("inception5b", 352, (192, 320), (192, 224), .max(128)),
    ]

    var layer: LayerSpecification {
        let stride = one == nil ? 2 : 1
        var branches: [[LayerSpecification]] = []
        if let one { branches.append([.named("branch1", unit(one, 1))]) }
        branches.append([
            .named("branch2", .sequence([unit(three.reduction, 1), unit(three.filters, 3, stride: stride)]))
        ])
        branches.append([
            .named(
                "branch3",
                .sequence([
                    unit(double.reduction, 1), unit(double.filters, 3), unit(double.filters, 3, stride: stride),
                ]))
        ])
        let window = Pooling(kernel: Size(3), stride: Size(stride), padding: .explicit(Size(1)))
        let path: [LayerSpecification] =
            switch pool {
            case .mean(let filters): [.averagePool(window), unit(filters, 1)]
            case .max(let filters): [.maxPool(window), unit(filters, 1)]
            case .pass: [.maxPool(window)]
            }
        branches.append([.named("branch4", .sequence(path))])
        return .named(name, .concatenate(branches: branches))
    }
}

private func unit(_ filters: Int, _ kernel: Int, stride: Int = 1) -> LayerSpecification {
    normalizedConvolution(
        filters, kernel: Size(kernel), stride: stride, padding: Size(kernel / 2), initializer: .heNormal)
}

/// The network of Ioffe and Szegedy, "Batch normalization", ICML 2015, appendix, figure 5: 11,188,288 parameters for
/// 1000 classes.
///
/// The first convolution is separable, with eight filters for each colour, as the paper's footnote says: 7×7 for each
/// channel by itself, then 1×1 over all.
private func inceptionV2Layers(classes: Int) -> [LayerSpecification] {
    let pool = LayerSpecification.maxPool(.init(kernel: Size(3), stride: Size(2), padding: .explicit(Size(1))))
    let depthwise = LayerSpecification.convolution(
        .init(
            filters: 24, kernel: Size(7), stride: Size(2), padding: .explicit(Size(3)), groups: 3, bias: false,
            initializer: .heNormal))
    return [
        .named("depthwise", depthwise), .named("conv1", unit(64, 1)), pool, .named("conv2", unit(64, 1)),
        .named("conv3", unit(192, 3)), pool,
    ] + DoubledModule.all.map(\.layer) + [.globalAveragePool, .named("fc", .linear(units: classes))]
}
