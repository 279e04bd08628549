import ConfigurationReading
import TensorCore

/// A kind of training as a configuration describes it; it becomes an objective once models and data are there.
///
/// A new one is a file with this and its ``Objective``, and a line in ``objectiveCatalogue``.
package protocol ObjectiveSpecification: Equatable, Sendable {
    /// The objective, checked against models and data.
    ///
    /// - Throws: `ConfigurationError` with the place and the names that exist.
    func make(_ setup: ObjectiveSetup) throws -> any Objective

    /// The fields of which it must know how many training samples have each class; nil stands for the usual target.
    var balancedTargets: [String?] { get }

    /// The models that it uses as they are, so that their weights must be given.
    var givenModels: [PlacedName] { get }
}

extension ObjectiveSpecification {
    package func isEqual(to other: any ObjectiveSpecification) -> Bool { (other as? Self) == self }
    package var balancedTargets: [String?] { [] }
    package var givenModels: [PlacedName] { [] }
}

/// What objectives are made for.
package struct ObjectiveSetup: Sendable {
    package let network: Network
    /// What a sample of the data consists of.
    package let fields: [FieldDescription]
    /// The field that a model usually takes.
    package let defaultInput: String
    /// The field that is usually to be predicted; nil where there is none.
    package let defaultTarget: String?
    /// How many training samples have each class, of the fields that objectives ask for
    /// (``ObjectiveSpecification/balancedTargets``).
    package let classCounts: [String: [Int]]
    /// Into how many grains a batch is cut.
    package let grainsPerStep: Int
    /// Whether samples for training are mixed with each other, so that classes become shares of two.
    package let mixesSamples: Bool

    package init(
        network: Network, fields: [FieldDescription], defaultInput: String, defaultTarget: String?,
        classCounts: [String: [Int]] = [:], grainsPerStep: Int = 1, mixesSamples: Bool = false
    ) {
        self.grainsPerStep = grainsPerStep
        self.mixesSamples = mixesSamples
        self.classCounts = classCounts
        self.network = network
        self.fields = fields
        self.defaultInput = defaultInput
        self.defaultTarget = defaultTarget
    }

    /// The model of that name, or the only one. Throws `ConfigurationError`.
    ///
    /// - Parameter key: what names the model in the section at `place`.
    package func model(_ name: PlacedName?, from place: PlacedName, key: String = "model") throws -> Model {
        guard let name else {
            guard network.models.count == 1 else {
                throw place.refused(
                    because: "it says not which model; add `\(key)`, one of "
                        + "\(network.models.map(\.name).joined(separator: ", ")).")
            }
            return network.models[0]
        }
        guard let model = network[name.name] else {
            throw name.unknown("model", known: network.models.map(\.name))
        }
        return model
    }

    /// The field of that name, or the usual target. Throws `ConfigurationError`.
    package func target(_ name: PlacedName?, from place: PlacedName) throws -> FieldDescription {
        if let name { return try field(name) }
        guard let usual = defaultTarget, let field = fields.first(where: { $0.name == usual }) else {
            throw place.refused(
                because: "the data have no usual target; name a field in `target`: "
                    + "\(fields.map(\.name).joined(separator: ", ")).")
        }
        return field
    }

    /// The field of that name. Throws `ConfigurationError`.
    package func field(_ name: PlacedName) throws -> FieldDescription {
        guard let field = fields.first(where: { $0.name == name.name }) else {
            throw name.unknown("field", known: fields.map(\.name))
        }
        return field
    }

    /// The fields that a model's inputs take: each that of its name, a sole `input` the usual one.
    ///
    /// - Throws: `ConfigurationError` when there is no such field, or one of another shape.
    package func bindings(of model: Model) throws -> [(input: ModelInput, field: String)] {
        try model.inputs.map { input in
            let name = input.name == ModelInput.usualName ? defaultInput : input.name
            let place = input.place ?? PlacedName(name)
            guard let field = fields.first(where: { $0.name == name }) else {
                throw place.unknown("field", known: fields.map(\.name))
            }
            let takesVectors = input.shape.rank == 1 && field.variableAxis == nil
            guard input.shape == field.shape || (takesVectors && input.shape.count == field.shape.count) else {
                let vector =
                    field.shape.rank == 1 || field.variableAxis != nil ? "" : ", or [\(field.shape.count)] for vectors"
                let expected = field.shape.rank == 0 ? "[1]" : "\(field.shape)\(vector)"
                throw place.refused(
                    because: "\(input.shape) is not the shape of '\(name)'; give \(expected).")
            }
            return (input, name)
        }
    }
}

package typealias ObjectiveEntry = CatalogueEntry<any ObjectiveSpecification>

/// Every kind of training beside learning from losses on outputs, a line each.
let objectiveCatalogue: [ObjectiveEntry] = [
    GANDiscriminator.entry,
    GANGenerator.entry,
    Denoising.entry,
    EncoderDecoder.entry,
    ContrastiveDivergence.entry,
    Competitive.entry,
]

/// `{ganGenerator: {…}}`: a value of `objective`.
package struct ObjectiveChoice: ConfigurationSection {
    package static let title = "objective"
    package static let shortForm = ConfigurationShortForm.key
    package let specification: any ObjectiveSpecification

    package init(from reader: ConfigurationReader) {
        specification = reader.oneOf(
            objectiveCatalogue.map { entry in
                ConfigurationVariant<any ObjectiveSpecification>.key(entry.name, entry.documentation) {
                    entry.read($0)
                }
            })
    }
}
