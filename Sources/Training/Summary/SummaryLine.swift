import Autograd
import NeuralNetwork
import TensorCore

/// A line of the summary: an input, a layer, or the layers of a block together.
struct SummaryLine {
    let name: String
    let kind: String
    /// Of one sample.
    let output: Shape
    var parameters = LayerParameters()
    var operations = LayerOperations()
    let field: ReceptiveField
    /// Layers with weights along the longest path.
    var weightLayers = 0
    /// Values of one sample that take no other's place.
    var activations = 0
    /// Whether an auxiliary head alone needs it, so that evaluation does not compute it.
    var isAuxiliary = false

    init(input node: GraphNode) {
        name = node.name
        kind = "input"
        output = node.shape
        field = node.field
        activations = node.shape.count
    }

    /// The layers `rows` of a model, which follow each other, as one line.
    private init(_ rows: Range<Int>, of model: Model, name: String, depths: [Int]) {
        self.name = name
        let last = model.rows[rows.upperBound - 1]
        kind = rows.count == 1 ? last.kind : "\(rows.count) layers"
        output = last.outputShape
        field = last.field
        isAuxiliary = !model.isInferred[rows.lowerBound]
        for row in model.rows[rows] {
            parameters = parameters + (row.counts.areShared ? LayerParameters() : row.counts)
            operations = operations + row.operations
            activations += row.isInPlace ? 0 : row.outputShape.count
        }
        let first = model.inputs.count + rows.lowerBound
        let nodes = model.nodes[first..<first + rows.count]
        let before = nodes.flatMap(\.inputs).filter { $0 < first }.map { depths[$0] }.max() ?? 0
        weightLayers = max((nodes.indices.map { depths[$0] }.max() ?? 0) - before, 0)
    }

    /// A model's layers in order.
    ///
    /// - Parameter depth: neighbours whose names have so many parts in common are one line, unless an auxiliary head
    ///   begins or ends between them; nil for a line a layer.
    static func lines(of model: Model, depth: Int?) -> [SummaryLine] {
        let depths = model.weightLayerDepths
        func key(_ row: Int) -> String {
            let name = model.rows[row].name
            guard let depth else { return name }
            return name.split(separator: ".").prefix(depth).joined(separator: ".")
        }
        var result: [SummaryLine] = []
        var first = 0
        func isLast(_ row: Int) -> Bool {
            row + 1 == model.rows.count || key(row + 1) != key(row) || depth == nil
                || model.isInferred[row + 1] != model.isInferred[row]
        }
        for row in model.rows.indices where isLast(row) {
            result.append(SummaryLine(first..<row + 1, of: model, name: key(first), depths: depths))
            first = row + 1
        }
        return result
    }
}

extension Model {
    /// Layers with weights along the longest path.
    ///
    /// - Parameter inferred: whether auxiliary heads are left out.
    func weightLayers(inferred: Bool) -> Int {
        let depths = weightLayerDepths.dropFirst(inputs.count)
        return zip(depths, isInferred).lazy.filter { !inferred || $1 }.map(\.0).max() ?? 0
    }

    /// For each node the layers with weights on the longest path to it: those that multiply by them, such as
    /// convolutions, and not normalisations.
    var weightLayerDepths: [Int] {
        var depths = Array(repeating: 0, count: nodes.count)
        for (index, row) in rows.enumerated() {
            let node = inputs.count + index
            let before = nodes[node].inputs.map { depths[$0] }.max() ?? 0
            depths[node] = before + (row.hasWeightedSums ? 1 : 0)
        }
        return depths
    }
}

extension LayerSummary {
    /// Whether it adds up products with weights, as convolutions and linear layers do.
    var hasWeightedSums: Bool { counts.weights > 0 && operations.multiplyAdds > 0 }
}
