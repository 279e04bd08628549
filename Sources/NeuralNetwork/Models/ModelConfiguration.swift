import Autograd
import ConfigurationReading
import TensorCore

/// Which model is trained: one of the zoo, or a list of layers.
package enum ModelConfiguration: Equatable, Sendable {
    /// - Parameter classes: number of outputs; nil for the number of classes of the data set.
    case zoo(name: String, ZooOptions, classes: Int?)
    /// - Parameter inputs: what the layers read; the list's first layer reads the first one.
    case layers([LayerSpecification], inputs: [ModelInput])

    /// What the model is built from.
    ///
    /// - Parameters:
    ///   - name: of a list of layers, and of a model of the zoo that `isNamed` otherwise than in the zoo.
    ///   - input: what the data give, which models of the zoo take; nil for the size that the model was published for.
    ///   - classes: of the data set.
    /// - Throws: ``UnknownModel``.
    package func description(
        name: String, input: ModelInput?, classes: Int, isNamed: Bool = false
    ) throws(UnknownModel) -> ModelDescription {
        switch self {
        case .zoo(let zoo, var options, let chosen):
            options.classes = chosen ?? classes
            let made = try ZooModel.named(zoo).description(options, input: input)
            return isNamed ? made.named(name) : made
        case .layers(let layers, let inputs):
            return ModelDescription(name: name, inputs: inputs, layers: layers)
        }
    }
}

extension ModelConfiguration: ConfigurationSection {
    package static var title: String { "model" }
    package static var shortForm: ConfigurationShortForm { .value(of: "name") }

    package init(from reader: ConfigurationReader) {
        let zoo = ZooModel.all.map { model in
            ConfigurationVariant.named(model.name, model.documentation) { reader in
                let classes = reader.optional(
                    "classes", .integer(in: 1...), "Number of outputs; the data's classes if absent.")
                return Self.zoo(name: model.name, ZooOptions(of: model, from: reader), classes: classes)
            }
        }
        let list = ConfigurationVariant.named(
            "layers", "A list of layers; the name may be left out.", impliedBy: "layers", Self.list)
        self = reader.tagged(by: "name", zoo + [list], "Which model; `lenet5` stands for `{name: lenet5}`.")
    }

    private static func list(from reader: ConfigurationReader) -> ModelConfiguration {
        let layers: [LayerSpecification] = reader.required(
            "layers", .list(of: .section(), atLeast: 1), "The layers from input to output.")
        let shape = ConfigurationType<[Int]>.list(of: .integer(in: 1...), atLeast: 1)
        let single = reader.optional("input", shape, "Shape of a sample: [height, width, channels].")
        let several = reader.optional(
            "inputs", .dictionary(of: shape),
            "Instead of `input`: several inputs with their shapes, `{image: [28, 28, 1], slant: [1]}`; "
                + "each takes the field of that name.")
        reader.excludeEachOther("input", "inputs")
        if let several, !several.isEmpty {
            return .layers(
                layers, inputs: several.map { ModelInput(name: $0.key.name, shape: Shape($0.value), place: $0.key) })
        }
        guard let single else {
            reader.require("input", shape)
            return .layers(layers, inputs: [ModelInput(shape: [1])])
        }
        return .layers(layers, inputs: [ModelInput(shape: Shape(single), place: reader.placed("input"))])
    }
}

extension ZooOptions {
    fileprivate init(of model: ZooModel, from reader: ConfigurationReader) {
        self.init(hidden: [])
        if model.options.contains(.hidden) {
            hidden = reader.value(
                "hidden", .list(of: .integer(in: 1...)), default: [512, 512], "Units of each hidden layer.")
        }
        if model.options.contains(.dropout) {
            dropout = reader.value(
                "dropout", .number(in: 0..<1), default: 0, "Probability of dropout after each hidden linear layer.")
        }
        if model.options.contains(.auxiliary) {
            auxiliary = reader.value(
                "aux", .flag, default: true,
                "Whether the model has its auxiliary heads, whose losses help in training; evaluation leaves them out.")
        }
        if model.options.contains(.statistics) {
            statistics = reader.value(
                "statistics", .choice(of: NormalizationStatistics.self), default: "grain",
                "Over which samples its batch normalisations take mean and variance in training, as of `batchNorm`.")
        }
        if model.options.contains(.waveNet) { waveNet = WaveNetOptions(from: reader) }
    }
}
