import TensorCore

/// What a configuration may say about a ready-made model.
public struct ZooOptions: Equatable, Sendable {
    /// Values the model gives out: the classes of its data set.
    public var classes: Int
    /// Widths of an MLP's hidden layers.
    public var hidden: [Int]
    /// Probability of dropout after hidden linear layers, of `mlp` and `lenet5`.
    public var dropout: Double

    public init(classes: Int = 10, hidden: [Int] = [512, 512], dropout: Double = 0) {
        self.classes = classes
        self.hidden = hidden
        self.dropout = dropout
    }
}

extension ZooModel {
    /// The shape of one sample that the model was published for.
    public var inputShape: Shape {
        switch self {
        case .mlp, .lenet5: [28, 28, 1]
        case .resnet20, .resnet32, .resnet44, .resnet56, .resnet110, .resnet18CIFAR, .vgg11CIFAR: [32, 32, 3]
        }
    }

    /// The model's layers.
    public func layers(_ options: ZooOptions = ZooOptions()) -> [LayerSpecification] {
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
        }
    }
}
