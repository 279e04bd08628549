import TensorCore

/// What a configuration may say about a ready-made model.
package struct ZooOptions: Equatable, Sendable {
    /// Values the model gives out: the classes of its data set.
    package var classes: Int
    /// Widths of an MLP's hidden layers.
    package var hidden: [Int]
    /// Probability of dropout after hidden linear layers, of `mlp` and `lenet5`.
    package var dropout: Double

    package init(classes: Int = 10, hidden: [Int] = [512, 512], dropout: Double = 0) {
        self.classes = classes
        self.hidden = hidden
        self.dropout = dropout
    }
}

extension ZooModel {
    /// The shape of one sample that the model was published for.
    package var inputShape: Shape {
        switch self {
        case .mlp, .lenet5: [28, 28, 1]
        case .resnet20, .resnet32, .resnet44, .resnet56, .resnet110, .resnet18CIFAR, .vgg11CIFAR: [32, 32, 3]
        case .alexnet, .vgg11, .vgg13, .vgg16, .vgg19, .resnet18, .resnet34, .resnet50, .resnet101, .resnet152:
            [224, 224, 3]
        }
    }

    /// The classes of the data set that the model was published for.
    package var usualClasses: Int { inputShape[0] == 224 ? 1000 : 10 }

    /// The model's layers.
    package func layers(_ options: ZooOptions = ZooOptions()) -> [LayerSpecification] {
        switch self {
        case .mlp: multilayerPerceptron(hidden: options.hidden, classes: options.classes, dropout: options.dropout)
        case .lenet5: leNet5(classes: options.classes, dropout: options.dropout)
        case .resnet20: resNetCIFAR(depth: 20, classes: options.classes)
        case .resnet32: resNetCIFAR(depth: 32, classes: options.classes)
        case .resnet44: resNetCIFAR(depth: 44, classes: options.classes)
        case .resnet56: resNetCIFAR(depth: 56, classes: options.classes)
        case .resnet110: resNetCIFAR(depth: 110, classes: options.classes)
        case .resnet18CIFAR: resNet18CIFAR(classes: options.classes)
        case .vgg11CIFAR: vgg11BatchNormCIFAR(classes: options.classes)
        case .alexnet: alexNet(classes: options.classes)
        case .vgg11: vgg(depth: 11, classes: options.classes)
        case .vgg13: vgg(depth: 13, classes: options.classes)
        case .vgg16: vgg(depth: 16, classes: options.classes)
        case .vgg19: vgg(depth: 19, classes: options.classes)
        case .resnet18: resNet(depth: 18, classes: options.classes)
        case .resnet34: resNet(depth: 34, classes: options.classes)
        case .resnet50: resNet(depth: 50, classes: options.classes)
        case .resnet101: resNet(depth: 101, classes: options.classes)
        case .resnet152: resNet(depth: 152, classes: options.classes)
        }
    }
}
