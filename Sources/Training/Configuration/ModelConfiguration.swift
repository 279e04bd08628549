import ConfigurationReading
import NeuralNetwork

/// Which model is trained: one of the zoo, or a list of layers.
package enum ModelConfiguration: Equatable, Sendable {
    case zoo(ZooModel, Options)
    /// - Parameter input: the shape of one sample, `[height, width, channels]` or `[features]`.
    case layers([LayerSpecification], input: [Int])

    /// What can be changed about a model of the zoo.
    package struct Options: Equatable, Sendable {
        /// Number of outputs; nil for the number of classes of the data set.
        package var classes: Int?
        /// Probability of dropout, where the model has it.
        package var dropout: Double
        /// Units of each hidden layer, for `mlp`.
        package var hidden: [Int]

        package init(classes: Int? = nil, dropout: Double = 0, hidden: [Int] = []) {
            self.classes = classes
            self.dropout = dropout
            self.hidden = hidden
        }
    }
}

extension ModelConfiguration {
    /// The model's layers, for a data set of so many classes.
    package func layers(classes: Int) -> [LayerSpecification] {
        switch self {
        case .zoo(let model, let options):
            model.layers(
                ZooOptions(classes: options.classes ?? classes, hidden: options.hidden, dropout: options.dropout))
        case .layers(let layers, _):
            layers
        }
    }
}

extension ModelConfiguration: ConfigurationSection {
    package static var title: String { "model" }
    package static var shortForm: ConfigurationShortForm { .value(of: "name") }

    package init(from reader: ConfigurationReader) {
        let zoo = ZooModel.allCases.map { model in
            ConfigurationVariant.named(model.rawValue, Self.documentation(of: model)) { reader in
                Self.zoo(model, Options(of: model, from: reader))
            }
        }
        let list = ConfigurationVariant.named(
            "layers", "A list of layers; the name may be left out.", impliedBy: "layers"
        ) {
            reader in
            Self.layers(
                reader.required("layers", .list(of: .section(), atLeast: 1), "The layers from input to output."),
                input: reader.required(
                    "input", .list(of: .integer(in: 1...), atLeast: 1), "Shape of a sample: [height, width, channels].")
            )
        }
        self = reader.tagged(by: "name", zoo + [list], "Which model; `lenet5` stands for `{name: lenet5}`.")
    }

    private static func documentation(of model: ZooModel) -> String {
        switch model {
        case .mlp: "Multilayer perceptron with ReLU."
        case .lenet5: "LeNet-5 (LeCun et al. 1998) with ReLU and max pooling."
        case .resnet20, .resnet32, .resnet44, .resnet56, .resnet110:
            "Residual network for 32×32 images (He et al. 2015)."
        case .resnet18CIFAR: "ResNet-18 with a 3×3 stem for 32×32 images."
        case .vgg11CIFAR: "VGG-11 for 32×32 images."
        case .alexnet: "AlexNet in torchvision's form, 224×224 images."
        case .vgg11, .vgg13, .vgg16, .vgg19: "VGG for 224×224 images (Simonyan and Zisserman 2014)."
        case .resnet18, .resnet34, .resnet50, .resnet101, .resnet152:
            "Residual network for 224×224 images (He et al. 2015)."
        }
    }
}

extension ModelConfiguration.Options {
    fileprivate init(of model: ZooModel, from reader: ConfigurationReader) {
        self.init(
            classes: reader.optional("classes", .integer(in: 1...), "Number of outputs; the data's classes if absent."))
        switch model {
        case .mlp:
            hidden = reader.value(
                "hidden", .list(of: .integer(in: 1...)), default: [512, 512], "Units of each hidden layer.")
            dropout = Self.dropout(from: reader, after: "each hidden layer")
        case .lenet5:
            dropout = Self.dropout(from: reader, after: "the hidden linear layers")
        case .resnet20, .resnet32, .resnet44, .resnet56, .resnet110, .resnet18CIFAR, .vgg11CIFAR, .alexnet, .vgg11,
            .vgg13,
            .vgg16, .vgg19, .resnet18, .resnet34, .resnet50, .resnet101, .resnet152:
            break
        }
    }

    private static func dropout(from reader: ConfigurationReader, after layers: String) -> Double {
        reader.value("dropout", .number(in: 0..<1), default: 0, "Probability of dropout after \(layers).")
    }
}
