import Autograd

extension ZooModel {
    static let inceptionV3 = ZooModel(
        "inception-v3", "Inception v3 in torchvision's form, 299×299 images (Szegedy et al. 2016).",
        input: [299, 299, 3], classes: 1000, options: [.auxiliary, .statistics]
    ) { inceptionV3Layers(classes: $0.classes, auxiliary: $0.auxiliary) }
}

/// Normal with deviation 0.1: torchvision cuts it off at ±2, twenty deviations away, which changes no number.
private let initializer = LayerInitializer.normal(0.1)

/// A unit of that name with torchvision's filters, `kernel` high and wide.
///
/// - Parameter isPadded: whether the result has the extents of the image, for a stride of 1.
private func unit(
    _ name: String, _ filters: Int, _ kernel: Size = Size(1), stride: Int = 1, isPadded: Bool = true
) -> LayerSpecification {
    let padding = isPadded ? Size(height: kernel.height / 2, width: kernel.width / 2) : Size(0)
    return .named(
        name,
        normalizedConvolution(filters, kernel: kernel, stride: stride, padding: padding, initializer: initializer))
}

/// 1×7 and 7×1, into which the paper takes a 7×7 apart; 1×3 and 3×1 likewise.
private func row(_ extent: Int) -> Size { Size(height: 1, width: extent) }
private func column(_ extent: Int) -> Size { Size(height: extent, width: 1) }

/// Inception v3, Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception architecture for computer
/// vision", CVPR 2016, in torchvision's form with its names; 23,834,568 parameters for 1000 classes without the
/// auxiliary head, 27,161,264 with it.
private func inceptionV3Layers(classes: Int, auxiliary: Bool) -> [LayerSpecification] {
    let pool = LayerSpecification.maxPool(.init(kernel: Size(3), stride: Size(2)))
    var layers: [LayerSpecification] = [
        unit("Conv2d_1a_3x3", 32, Size(3), stride: 2, isPadded: false),
        unit("Conv2d_2a_3x3", 32, Size(3), isPadded: false), unit("Conv2d_2b_3x3", 64, Size(3)),
        .named("maxpool1", pool), unit("Conv2d_3b_1x1", 80), unit("Conv2d_4a_3x3", 192, Size(3), isPadded: false),
        .named("maxpool2", pool),
        inceptionA("Mixed_5b", from: "maxpool2", pool: 32), inceptionA("Mixed_5c", from: "Mixed_5b", pool: 64),
        inceptionA("Mixed_5d", from: "Mixed_5c", pool: 64), inceptionB("Mixed_6a", from: "Mixed_5d"),
        inceptionC("Mixed_6b", from: "Mixed_6a", width: 128), inceptionC("Mixed_6c", from: "Mixed_6b", width: 160),
        inceptionC("Mixed_6d", from: "Mixed_6c", width: 160), inceptionC("Mixed_6e", from: "Mixed_6d", width: 192),
    ]
    if auxiliary { layers.append(.named("AuxLogits", head(classes)).auxiliary(weight: 0.3)) }
    return layers + [
        inceptionD("Mixed_7a", from: "Mixed_6e"), inceptionE("Mixed_7b", from: "Mixed_7a"),
        inceptionE("Mixed_7c", from: "Mixed_7b"), .named("avgpool", .globalAveragePool),
        .named("dropout", .dropout(probability: 0.5)),
        .named("fc", .linear(units: classes, initializer: initializer)),
    ]
}

/// A module whose paths all begin at `input` and are joined at the end.
///
/// - Parameter ends: the layers that are joined, in order.
private func module(
    _ name: String, from input: String, _ paths: [[LayerSpecification]], ends: [String]
) -> LayerSpecification {
    var layers: [LayerSpecification] = []
    for path in paths {
        var path = path
        path[0].from = [input]
        layers += path
    }
    var joined = LayerSpecification.concatenate
    joined.from = ends
    return .named(name, .sequence(layers + [joined]))
}

/// The mean of 3×3 neighbours, padding counted as zeros, and a 1×1 convolution.
private func pooled(_ filters: Int) -> [LayerSpecification] {
    [
        .averagePool(.init(kernel: Size(3), stride: Size(1), padding: .explicit(Size(1)))),
        unit("branch_pool", filters),
    ]
}

private let halvingPool = LayerSpecification.named(
    "branch_pool", .maxPool(.init(kernel: Size(3), stride: Size(2))))

/// 35×35 positions; figure 5 of the paper, with a 5×5 where that has a second pair of 3×3.
private func inceptionA(_ name: String, from input: String, pool: Int) -> LayerSpecification {
    module(
        name, from: input,
        [
            [unit("branch1x1", 64)], [unit("branch5x5_1", 48), unit("branch5x5_2", 64, Size(5))],
            [
                unit("branch3x3dbl_1", 64), unit("branch3x3dbl_2", 96, Size(3)),
                unit("branch3x3dbl_3", 96, Size(3)),
            ],
            pooled(pool),
        ], ends: ["branch1x1", "branch5x5_2", "branch3x3dbl_3", "branch_pool"])
}

/// From 35×35 to 17×17 positions.
private func inceptionB(_ name: String, from input: String) -> LayerSpecification {
    module(
        name, from: input,
        [
            [unit("branch3x3", 384, Size(3), stride: 2, isPadded: false)],
            [
                unit("branch3x3dbl_1", 64), unit("branch3x3dbl_2", 96, Size(3)),
                unit("branch3x3dbl_3", 96, Size(3), stride: 2, isPadded: false),
            ],
            [halvingPool],
        ], ends: ["branch3x3", "branch3x3dbl_3", "branch_pool"])
}

/// 17×17 positions; figure 6 of the paper with n = 7.
private func inceptionC(_ name: String, from input: String, width: Int) -> LayerSpecification {
    module(
        name, from: input,
        [
            [unit("branch1x1", 192)],
            [unit("branch7x7_1", width), unit("branch7x7_2", width, row(7)), unit("branch7x7_3", 192, column(7))],
            [
                unit("branch7x7dbl_1", width), unit("branch7x7dbl_2", width, column(7)),
                unit("branch7x7dbl_3", width, row(7)), unit("branch7x7dbl_4", width, column(7)),
                unit("branch7x7dbl_5", 192, row(7)),
            ],
            pooled(192),
        ], ends: ["branch1x1", "branch7x7_3", "branch7x7dbl_5", "branch_pool"])
}

/// From 17×17 to 8×8 positions.
private func inceptionD(_ name: String, from input: String) -> LayerSpecification {
    module(
        name, from: input,
        [
            [unit("branch3x3_1", 192), unit("branch3x3_2", 320, Size(3), stride: 2, isPadded: false)],
            [
                unit("branch7x7x3_1", 192), unit("branch7x7x3_2", 192, row(7)), unit("branch7x7x3_3", 192, column(7)),
                unit("branch7x7x3_4", 192, Size(3), stride: 2, isPadded: false),
            ],
            [halvingPool],
        ], ends: ["branch3x3_2", "branch7x7x3_4", "branch_pool"])
}

/// 8×8 positions; figure 7 of the paper, where paths part once more.
private func inceptionE(_ name: String, from input: String) -> LayerSpecification {
    module(
        name, from: input,
        [
            [unit("branch1x1", 320)],
            [
                unit("branch3x3_1", 384), unit("branch3x3_2a", 384, row(3)),
                unit("branch3x3_2b", 384, column(3)).reading("branch3x3_1"),
            ],
            [
                unit("branch3x3dbl_1", 448), unit("branch3x3dbl_2", 384, Size(3)),
                unit("branch3x3dbl_3a", 384, row(3)),
                unit("branch3x3dbl_3b", 384, column(3)).reading("branch3x3dbl_2"),
            ],
            pooled(192),
        ],
        ends: ["branch1x1", "branch3x3_2a", "branch3x3_2b", "branch3x3dbl_3a", "branch3x3dbl_3b", "branch_pool"])
}

/// The auxiliary classifier on the 17×17×768 values.
private func head(_ classes: Int) -> LayerSpecification {
    .sequence([
        .averagePool(.init(kernel: Size(5), stride: Size(3))), unit("conv0", 128),
        unit("conv1", 768, Size(5), isPadded: false), .globalAveragePool,
        .named("fc", .linear(units: classes, initializer: .normal(0.001))),
    ])
}
