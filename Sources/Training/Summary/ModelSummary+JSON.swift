import Foundation
import NeuralNetwork
import TensorCore

extension ModelSummary {
    /// The same in JSON: `{"models": [{"name", "inputs", "output", "layers": […], "total": {…}, "evaluation": {…}}]}`
    /// and more, where `total` has all layers, and `evaluation` leaves auxiliary heads out.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = try encoder.encode(["models": models.map { ModelJSON($0, lines(of: $0), frozen) }])
        return String(decoding: text, as: UTF8.self) + "\n"
    }
}

private struct ModelJSON: Encodable {
    let name: String
    let inputs: [String: [Int]]
    let output: [Int]
    let layers: [LineJSON]
    let total: TotalJSON
    let evaluation: CostJSON
    let convolutions: [FormsJSON]

    init(_ model: Model, _ lines: [SummaryLine], _ frozen: Set<Int>) {
        name = model.name
        inputs = Dictionary(uniqueKeysWithValues: model.inputs.map { ($0.name, $0.shape.dimensions) })
        output = model.outputShape.dimensions
        layers = lines.dropFirst(model.inputs.count).map(LineJSON.init)
        total = TotalJSON(model, frozen)
        evaluation = CostJSON(model, inferred: true)
        convolutions = model.matrixForms.map(FormsJSON.init)
    }
}

private struct LineJSON: Encodable {
    let name: String
    let kind: String
    let output: [Int]
    let weights, biases, untrained, multiplyAdds, multiplications, additions, depth, activations: Int
    /// Pixels along each axis; null where there are none, or where it is everything.
    let receptiveField: [Int]?
    let step: [Double]?
    let seesEverything: Bool
    /// Whether it is part of an auxiliary head, which evaluation does not compute.
    let auxiliary: Bool

    init(_ line: SummaryLine) {
        name = line.name
        kind = line.kind
        output = line.output.dimensions
        (weights, biases, untrained) = (line.parameters.weights, line.parameters.biases, line.parameters.untrained)
        multiplyAdds = line.operations.multiplyAdds
        (multiplications, additions) = (line.operations.multiplications, line.operations.additions)
        depth = line.weightLayers
        activations = line.activations
        receptiveField = line.field.isWhole ? nil : line.fieldSizes
        step = line.steps
        seesEverything = line.field.isWhole
        auxiliary = line.isAuxiliary
    }
}

/// What layers come to.
private struct CostJSON: Encodable {
    let parameters, weights, biases, untrained, multiplyAdds, multiplications, additions, depth, activations: Int

    /// - Parameter inferred: whether auxiliary heads are left out.
    init(_ model: Model, inferred: Bool) {
        let rows = inferred ? model.inferenceRows : model.rows
        let counts = rows.totalParameters
        (parameters, weights, biases, untrained) = (counts.trained, counts.weights, counts.biases, counts.untrained)
        let operations = rows.totalOperations
        multiplyAdds = operations.multiplyAdds
        (multiplications, additions) = (operations.multiplications, operations.additions)
        depth = model.weightLayers(inferred: inferred)
        activations = model.inputValues + rows.distinctActivations
    }
}

/// What all layers come to, and what training makes of them.
private struct TotalJSON: Encodable {
    let cost: CostJSON
    let frozen: Int
    /// Floats that a training pass keeps; null where the model is too large to try.
    let heldActivations: Int?

    private enum CodingKeys: CodingKey { case frozen, heldActivations }

    init(_ model: Model, _ frozen: Set<Int>) {
        cost = CostJSON(model, inferred: false)
        self.frozen = model.parameters.filter { frozen.contains($0.index) }.reduce(0) { $0 + $1.shape.count }
        heldActivations = HeldActivations.floats(of: model)
    }

    func encode(to encoder: any Encoder) throws {
        try cost.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(frozen, forKey: .frozen)
        try container.encode(heldActivations, forKey: .heldActivations)
    }
}

private struct FormsJSON: Encodable {
    let layer: String
    let convolution, dense, sparse: FormJSON

    init(_ forms: MatrixForms) {
        layer = forms.layer
        convolution = FormJSON(forms.convolution)
        dense = FormJSON(forms.dense)
        sparse = FormJSON(forms.sparse)
    }
}

private struct FormJSON: Encodable {
    let storedFloats, multiplications, additions, operations: Int

    init(_ form: MatrixForms.Form) {
        storedFloats = form.storedFloats
        (multiplications, additions, operations) = (form.multiplications, form.additions, form.operations)
    }
}
