import Autograd
import ConfigurationReading
import System
import TensorCore

/// A ready-made model that a configuration can name.
///
/// A new one is a file in this folder with its layers, and a line in ``all``.
package struct ZooModel: Sendable {
    /// The name in configurations.
    package let name: String
    /// One sentence for the reference.
    let documentation: String
    /// The shape of one sample that the model was published for, channels last.
    package let inputShape: Shape
    /// How many tokens the data set has that the model was published for; nil of a model that reads no tokens.
    package let usualVocabulary: Int?
    /// The classes of the data set that the model was published for.
    package let usualClasses: Int
    /// What may be chosen beside the number of classes.
    let options: Set<Option>
    private let make: @Sendable (ZooOptions, Shape) -> [LayerSpecification]

    /// A choice that some models have.
    enum Option: Sendable { case hidden, dropout, auxiliary, statistics, waveNet }

    init(
        _ name: String, _ documentation: String, input: Shape, vocabulary: Int? = nil, classes: Int,
        options: Set<Option> = [], layers: @escaping @Sendable (ZooOptions) -> [LayerSpecification]
    ) {
        self.init(
            name, documentation, input: input, vocabulary: vocabulary, classes: classes, options: options,
            layersFor: { options, _ in layers(options) })
    }

    /// - Parameter layersFor: the layers for an input of a given shape, of a model that is not the same for all.
    init(
        _ name: String, _ documentation: String, input: Shape, vocabulary: Int? = nil, classes: Int,
        options: Set<Option> = [],
        layersFor: @escaping @Sendable (ZooOptions, Shape) -> [LayerSpecification]
    ) {
        self.name = name
        self.documentation = documentation
        inputShape = input
        usualVocabulary = vocabulary
        usualClasses = classes
        self.options = options
        make = layersFor
    }

    /// Every ready-made model, in the order of the reference.
    package static let all: [ZooModel] =
        [mlp, lenet5, leNet1, leNet5Of1998] + residualNetsCIFAR + [resNet18CIFAR, vgg11CIFAR, alexNet]
        + alexNets2012 + [zfNet] + vggs + normalizedVGGs + [vggWithResponse, vggC]
        + [googLeNet, googLeNet2014, inceptionV2, inceptionV3] + residualNets + plainNets + characterModels + [waveNet]

    /// The model's layers for the input that it was published for.
    package func layers(_ options: ZooOptions = ZooOptions()) -> [LayerSpecification] { make(options, inputShape) }

    /// What the model is built from.
    package func description(_ options: ZooOptions, input: ModelInput? = nil) -> ModelDescription {
        var input = input ?? ModelInput(shape: inputShape)
        if let usualVocabulary, input.vocabulary == nil { input = input.with(vocabulary: usualVocabulary) }
        let conditions = options.waveNet.conditions.map { ModelInput(name: $0, shape: []) }
        return ModelDescription(
            name: name, inputs: [input] + conditions, layers: make(options, input.shape),
            statistics: options.statistics)
    }

    /// The model for the classes that it was published for, alone in its memory.
    ///
    /// - Parameter auxiliary: whether it has its auxiliary heads.
    package func build(auxiliary: Bool = true) throws -> Model {
        try Network([description(ZooOptions(classes: usualClasses, auxiliary: auxiliary))]).models[0]
    }

    /// The ready-made model of that name. Throws ``UnknownModel``.
    package static func named(_ name: String) throws(UnknownModel) -> ZooModel {
        if let model = all.first(where: { $0.name == name }) { return model }
        throw UnknownModel(name: name, nearest: nearestName(to: name, among: all.map(\.name)))
    }
}

/// What a configuration may say about a ready-made model.
package struct ZooOptions: Equatable, Sendable {
    /// Values the model gives out: the classes of its data set.
    package var classes: Int
    /// Widths of an MLP's hidden layers.
    package var hidden: [Int]
    /// Probability of dropout after hidden linear layers, of `mlp` and `lenet5`.
    package var dropout: Double
    /// Over which samples batch normalisations take their statistics.
    package var statistics: NormalizationStatistics

    /// Whether a model that was published with auxiliary heads has them.
    package var auxiliary: Bool

    /// Of `wavenet`.
    package var waveNet = WaveNetOptions()

    package init(
        classes: Int = 10, hidden: [Int] = [512, 512], dropout: Double = 0, auxiliary: Bool = true,
        statistics: NormalizationStatistics = .grain
    ) {
        self.statistics = statistics
        self.classes = classes
        self.hidden = hidden
        self.dropout = dropout
        self.auxiliary = auxiliary
    }
}

/// A name that no ready-made model has.
package struct UnknownModel: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let nearest: String?

    package var description: String {
        let hint = nearest.map { "did you mean '\($0)'? There are" } ?? "there are"
        return "no model is named '\(name)'; \(hint): \(ZooModel.all.map(\.name).joined(separator: ", "))"
    }
}
