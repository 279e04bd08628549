import Autograd
import ConfigurationReading
import TensorCore

/// The value of a layer for samples, which is compared with nothing: what `trainer features` writes.
package struct NodeValues: Objective {
    /// The layer, with its model's name before it where there are several models.
    package let name: String
    /// Of one sample.
    package let shape: Shape
    private let model: Model
    private let bindings: [(input: ModelInput, field: String)]
    private let plan: GraphPlan

    package let metrics = [MetricDefinition.loss]
    package let sumCount = 1
    package let weightPerSample = 1.0
    package var fields: [String] { inputFields }
    package var inputFields: [String] { bindings.map(\.field) }
    package var models: [String] { [model.name] }

    /// - Parameter name: of several models' layers `model.layer`.
    /// - Throws: `ModelError.unknownLayer` with the names that there are; `ConfigurationError` where the data lack what
    ///   the model reads.
    package init(_ name: String, _ setup: ObjectiveSetup) throws {
        let models = setup.network.models
        let isOnly = models.count == 1
        let found = models.first { isOnly || name.hasPrefix($0.name + ".") }
        guard let model = found else {
            throw ModelError.unknownLayer(
                model: "the run", name: name,
                known: models.flatMap { model in model.names.map { "\(model.name).\($0)" } }
            )
        }
        let node = isOnly ? name : String(name.dropFirst(model.name.count + 1))
        plan = try model.plan(outputs: [node])
        shape = model.shape(of: node) ?? []
        bindings = try setup.bindings(of: model)
        self.model = model
        self.name = name
    }

    /// Nothing is learned from it.
    package func callAsFunction(_ context: GrainContext) -> GrainResult {
        GrainResult(loss: nil, weight: Double(context.count), sums: [0])
    }

    package var predictions: [Prediction] {
        let values = FieldDescription(name: name, elementType: .float32, shape: shape, meaning: .real(names: []))
        return [Prediction(output: name, target: values)]
    }

    package func predict(_ context: GrainContext) -> [Variable] {
        plan(bindings.map { context.input($0.input, of: model, from: $0.field) }, mode: .evaluation)
    }
}
