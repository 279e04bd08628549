import Foundation
import NeuralNetwork
import System
import TensorCore

/// A column of the summary, beside the layer's name and kind.
package enum SummaryColumn: String, CaseIterable, Sendable {
    case output, parameters, weights, biases, untrained, multiplyAdds, multiplications, additions, operations, depth
    case field, step, activations, bytes

    /// Those that a terminal has room for.
    package static let usual: [SummaryColumn] = [
        .output, .weights, .biases, .multiplyAdds, .field, .step, .activations,
    ]

    /// All that tell something new.
    package static let wide: [SummaryColumn] = [
        .output, .weights, .biases, .untrained, .multiplyAdds, .multiplications, .additions, .depth, .field, .step,
        .activations, .bytes,
    ]

    /// The columns of a list of names, `output,weights`.
    ///
    /// - Throws: `TrainingError.unknownColumn`.
    package static func list(_ text: String) throws(TrainingError) -> [SummaryColumn] {
        var columns: [SummaryColumn] = []
        for name in text.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            guard let column = SummaryColumn(rawValue: name) else {
                throw .unknownColumn(name: name, known: allCases.map(\.rawValue))
            }
            columns.append(column)
        }
        return columns
    }

    var title: String {
        switch self {
        case .multiplyAdds: "multiply-adds"
        case .field: "sees"
        default: rawValue
        }
    }

    func cell(_ line: SummaryLine) -> String {
        switch self {
        case .output: line.output.description
        case .parameters: line.parameters.trained.grouped
        case .weights: line.parameters.weights.grouped
        case .biases: line.parameters.biases.grouped
        case .untrained: line.parameters.untrained.grouped
        case .multiplyAdds: line.operations.multiplyAdds.grouped
        case .multiplications: line.operations.multiplications.grouped
        case .additions: line.operations.additions.grouped
        case .operations: (line.operations.multiplications + line.operations.additions).grouped
        case .depth: String(line.weightLayers)
        case .field: line.fieldText
        case .step: line.stepText
        case .activations: line.activations.grouped
        case .bytes: (4 * line.activations).grouped
        }
    }

    /// A last line's cell.
    ///
    /// - Parameter inferred: whether `lines` are those without auxiliary heads.
    func total(_ lines: [SummaryLine], _ model: Model, inferred: Bool = false) -> String {
        switch self {
        case .output: return model.outputShape.description
        case .field, .step: return ""
        case .depth: return String(model.weightLayers(inferred: inferred))
        default:
            var sum = lines[0]
            for line in lines.dropFirst() {
                sum.parameters = sum.parameters + line.parameters
                sum.operations = sum.operations + line.operations
                sum.activations += line.activations
            }
            return cell(sum)
        }
    }
}

extension SummaryLine {
    /// The kind, and whether training alone computes it.
    var kindText: String { isAuxiliary ? "\(kind), aux" : kind }

    /// The receptive field along each axis; nil for a vector that has no place in the input.
    var fieldSizes: [Int]? { field.axes.isEmpty ? nil : field.axes.map { Int($0.size.rounded(.up)) } }

    /// Pixels from one position's field to the next one's; nil for a value without positions.
    var steps: [Double]? {
        // A value over a group has an axis more.
        let isPlaced = output.rank == field.axes.count + 1 || output.rank == 4 && field.axes.count == 2
        let hasPositions = !field.axes.isEmpty && (kind == "input" || isPlaced)
        return hasPositions ? field.axes.map(\.step) : nil
    }

    fileprivate var fieldText: String {
        field.isWhole ? "all" : fieldSizes.map { SummaryLine.joined($0.map(String.init)) } ?? "–"
    }

    fileprivate var stepText: String {
        steps.map { SummaryLine.joined($0.map { String(format: "%.4g", $0) }) } ?? "–"
    }

    /// Once where the axes are alike: `3`, `2×5`.
    private static func joined(_ axes: [String]) -> String {
        Set(axes).count == 1 ? axes[0] : axes.joined(separator: "×")
    }
}
