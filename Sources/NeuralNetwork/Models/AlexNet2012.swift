import Autograd

extension ZooModel {
    static let alexNets2012 = [
        ZooModel(
            "alexnet-2012", "AlexNet as the paper has it, in two columns, 227×227 images (Krizhevsky et al. 2012).",
            input: [227, 227, 3], classes: 1000
        ) { alexNet2012Layers(classes: $0.classes, columns: 2) },
        ZooModel(
            "alexnet-2012-one-column", "The AlexNet of 2012 in one column.", input: [227, 227, 3], classes: 1000
        ) { alexNet2012Layers(classes: $0.classes, columns: 1) },
    ]

    static let zfNet = ZooModel(
        "zfnet",
        "ZFNet, 224×224 images: AlexNet with a finer first layer and wider last ones (Zeiler and Fergus 2014).",
        input: [224, 224, 3], classes: 1000
    ) { zfNetLayers(classes: $0.classes) }
}

/// Local response normalisation with the constants of section 3.3, whose α counts for each of the five neighbours.
let alexNetNormalization = LayerSpecification.localResponseNorm(size: 5, alpha: 5e-4, beta: 0.75, k: 2)

/// Weights of deviation 0.01, as section 5 draws them, and all biases alike.
private func drawn(bias: Float) -> LayerInitializer { LayerInitializer(.normal(0.01), bias: [bias]) }

/// A convolution with ReLU.
private func unit(
    _ name: String, _ filters: Int, _ kernel: Int, stride: Int = 1, padding: Int = 0, columns: Int = 1, bias: Float = 0
) -> [LayerSpecification] {
    [
        .named(
            name,
            .convolution(
                .init(
                    filters: filters, kernel: Size(kernel), stride: Size(stride), padding: .explicit(Size(padding)),
                    groups: columns, initializer: drawn(bias: bias)))),
        .relu,
    ]
}

/// Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012.
///
/// The paper's two graphics processors are two columns: layers two, four and five see only the maps of their own, as
/// groups do. 60,965,224 parameters for 1000 classes; 62,378,344 in one column. The paper says 224×224, from which
/// 11×11 windows in steps of four do not give its own 55×55; 227×227 does.
private func alexNet2012Layers(classes: Int, columns: Int) -> [LayerSpecification] {
    let pool = LayerSpecification.maxPool(.init(kernel: Size(3), stride: Size(2)))
    return unit("conv1", 96, 11, stride: 4) + [alexNetNormalization, pool]
        + unit("conv2", 256, 5, padding: 2, columns: columns, bias: 1) + [alexNetNormalization, pool]
        + unit("conv3", 384, 3, padding: 1) + unit("conv4", 384, 3, padding: 1, columns: columns, bias: 1)
        + unit("conv5", 256, 3, padding: 1, columns: columns, bias: 1) + [pool] + classifier(classes)
}

/// Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, figure 3, with the widths of
/// table 3's last row but one: 512, 1024 and 512 maps in layers three to five; 107,627,624 parameters for 1000 classes.
private func zfNetLayers(classes: Int) -> [LayerSpecification] {
    let pool = LayerSpecification.maxPool(.init(kernel: Size(3), stride: Size(2), padding: .explicit(Size(1))))
    return unit("conv1", 96, 7, stride: 2, padding: 1) + [pool, alexNetNormalization]
        + unit("conv2", 256, 5, stride: 2) + [pool, alexNetNormalization]
        + unit("conv3", 512, 3, padding: 1) + unit("conv4", 1024, 3, padding: 1) + unit("conv5", 512, 3, padding: 1)
        + [.maxPool(.init(kernel: Size(3), stride: Size(2)))] + classifier(classes)
}

/// Two hidden layers of 4096 with dropout, then the classes.
private func classifier(_ classes: Int) -> [LayerSpecification] {
    func linear(_ name: String, _ units: Int, bias: Float) -> LayerSpecification {
        .named(name, .linear(units: units, initializer: drawn(bias: bias)))
    }
    return [
        .flatten, linear("fc6", 4096, bias: 1), .relu, .dropout(probability: 0.5), linear("fc7", 4096, bias: 1), .relu,
        .dropout(probability: 0.5), linear("fc8", classes, bias: 0),
    ]
}
