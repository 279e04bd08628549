import ConfigurationReading
import TensorCore

/// What an output is compared with: a field of the data, or another layer of the model, whose values are taken as they
/// are.
struct ComparedValue: Sendable {
    /// The field, or what the layer's values are as one.
    let field: FieldDescription
    /// The layer's node; nil for a field.
    let node: Int?
}

extension ComparedValue {
    /// What a `target` names: a field of the data, else a layer; the usual field without a name.
    ///
    /// - Throws: `ConfigurationError`.
    init(_ name: PlacedName?, from place: PlacedName, _ setup: ObjectiveSetup, _ model: Model) throws {
        if let name, !setup.fields.contains(where: { $0.name == name.name }),
            let layer = ComparedValue(layer: name.name, of: model)
        {
            self = layer
        } else {
            self.init(field: try setup.target(name, from: place), node: nil)
        }
    }

    /// The values of a model's layer; nil where it has none of that name.
    init?(layer name: String, of model: Model) {
        guard let shape = model.shape(of: name), let end = model.end(of: name) else { return nil }
        self.init(
            field: FieldDescription(name: name, elementType: .float32, shape: shape, meaning: .real(names: [])),
            node: end.node)
    }

    /// Why an output can't be compared with the layer, or its steps not with those of the field; nil where they can.
    ///
    /// - Parameter varies: whether the output's sequences have several lengths.
    func problem(output: String, _ shape: Shape, varies: Bool) -> String? {
        if node == nil {
            if field.variableAxis != nil, !varies {
                return
                    "'\(field.name)' has as many steps as its sample, and the output has lost them; keep the steps up "
                    + "to the output (`returns: sequence`)"
            }
            return field.variableAxis == nil && varies && field.shape.rank > 0
                ? "the output has as many steps as its sample, and '\(field.name)' is always \(field.shape); compare "
                    + "it with a field whose length varies" : nil
        }
        if field.name == output { return "it is compared with itself; name another layer or a field in `target`" }
        return shape == field.shape
            ? nil : "the layer \(field.name) is \(field.shape), but the output is \(shape); give both one shape"
    }
}
