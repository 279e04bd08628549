extension ZooModel {
    static let alexNet = ZooModel(
        "alexnet", "AlexNet in torchvision's form, 224×224 images.", input: [224, 224, 3], classes: 1000
    ) { alexNetLayers(classes: $0.classes) }
}

/// AlexNet in torchvision's one-column form, Krizhevsky, "One weird trick for parallelizing convolutional neural
/// networks", 2014; 61,100,840 parameters for 1000 classes, 224×224 images.
private func alexNetLayers(classes: Int) -> [LayerSpecification] {
    func convolution(_ filters: Int, _ kernel: Int, stride: Int = 1, padding: Int) -> [LayerSpecification] {
        [
            .convolution(
                .init(
                    filters: filters, kernel: .init(kernel), stride: .init(stride),
                    padding: .explicit(.init(padding)))),
            .relu,
        ]
    }
    let pool = LayerSpecification.maxPool(.init(kernel: .init(3), stride: .init(2)))
    let features =
        convolution(64, 11, stride: 4, padding: 2) + [pool] + convolution(192, 5, padding: 2) + [pool]
        + convolution(384, 3, padding: 1) + convolution(256, 3, padding: 1) + convolution(256, 3, padding: 1) + [pool]
    return [
        .named("features", .sequence(features)), .flatten,
        .named("classifier", .sequence(wideClassifier(classes: classes, dropoutFirst: true))),
    ]
}

/// Two linear layers of 4096 with ReLU and dropout, then the classes; torchvision numbers AlexNet's from its dropouts.
func wideClassifier(classes: Int, dropoutFirst: Bool) -> [LayerSpecification] {
    let drop = LayerSpecification.dropout(probability: 0.5)
    let hidden: [LayerSpecification] = [.linear(units: 4096), .relu]
    return dropoutFirst
        ? [drop] + hidden + [drop] + hidden + [.linear(units: classes)]
        : hidden + [drop] + hidden + [drop] + [.linear(units: classes)]
}
