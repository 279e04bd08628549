import Foundation
import NeuralNetwork
import System
import TensorCore

extension ModelSummary {
    /// The tables and what they come to, a line a layer or block.
    package func text(columns: [SummaryColumn] = SummaryColumn.usual) -> String {
        models.map { text(of: $0, columns) }.joined(separator: "\n")
    }

    private func text(of model: Model, _ columns: [SummaryColumn]) -> String {
        let lines = self.lines(of: model)
        let header = ["layer", "kind"] + columns.map(\.title)
        let rows = lines.map { line in [line.name, line.kindText] + columns.map { $0.cell(line) } }
        var totals = [["total", ""] + columns.map { $0.total(lines, model) }]
        if !model.auxiliaryHeads.isEmpty {
            let inferred = lines.filter { !$0.isAuxiliary }
            totals.append(["without heads", ""] + columns.map { $0.total(inferred, model, inferred: true) })
        }
        let isText = [true, true] + columns.map { $0 == .output }
        let inputs = model.inputs.map { model.inputs.count > 1 ? "\($0.name) \($0.shape)" : "\($0.shape)" }
        let title = "\(model.name), input \(inputs.joined(separator: ", ")), per sample"
        return title + "\n" + TextTable(header: header, rows: rows, last: totals, isText: isText).text
            + remarks(on: model).map { $0 + "\n" }.joined() + (normalization?.text(of: model) ?? "")
    }

    /// What the columns come to, in words.
    private func remarks(on model: Model) -> [String] {
        let (parameters, operations) = (model.totalParameters, model.inferenceRows.totalOperations)
        let frozen = model.parameters.filter { self.frozen.contains($0.index) }.reduce(0) { $0 + $1.shape.count }
        var trained = "\(parameters.trained.grouped) parameters: \(parameters.weights.grouped) weights and "
        trained += "\(parameters.biases.grouped) biases"
        trained += frozen == 0 ? ", all trained" : ", \(frozen.grouped) of them frozen"
        if parameters.untrained > 0 { trained += "; besides \(parameters.untrained.grouped) that no gradient changes" }
        let depth = model.weightLayers(inferred: true)
        let each = model.inputValues + model.inferenceRows.reduce(0) { $0 + $1.outputShape.count }
        var result = [
            trained + heads(of: model),
            "\((operations.multiplications + operations.additions).grouped) operations: "
                + "\(operations.multiplications.grouped) multiplications and "
                + "\(operations.additions.grouped) additions; "
                + "\(depth) layer\(depth == 1 ? "" : "s") with weights on the longest path",
            "activations: \(memory(model.distinctActivations)) where layers work in place as they can, "
                + "\(memory(each)) with every layer's own",
        ]
        if let held = HeldActivations.floats(of: model) {
            result.append("held in training for the backward pass: \(memory(held)), measured")
        }
        if packedBytes > 0 {
            result.append(
                "mixed precision: \(memory(packedBytes / 4)) of rounded factors in each thread besides")
        }
        return result + shares(of: model)
    }

    /// What auxiliary heads have of a model's parameters; nothing for a model without.
    private func heads(of model: Model) -> String {
        if model.auxiliaryHeads.isEmpty { return "" }
        let without = model.inferenceRows.totalParameters.trained
        return "; \(without.grouped) without the auxiliary heads, which training alone computes"
    }

    /// Where the parameters and the activations are; nothing for a model that is all of one kind.
    private func shares(of model: Model) -> [String] {
        var parts: [String] = []
        let rows = model.inferenceRows
        let all = rows.totalParameters.trained
        let linear = rows.filter { $0.kind == "linear" && !$0.counts.areShared }.reduce(0) { $0 + $1.parameters }
        if linear > 0, linear < all {
            parts.append(String(format: "linear layers have %.1f %% of the parameters", share(linear, all)))
        }
        let pools = rows.indices.filter { rows[$0].kind.hasSuffix("Pool") && !rows[$0].kind.hasPrefix("global") }
        if pools.count > 1 {
            let before = model.inputValues + rows[..<pools[1]].distinctActivations
            parts.append(
                String(
                    format: "what stands before the second pooling %.1f %% of the activations",
                    share(before, model.distinctActivations)))
        }
        return parts.isEmpty ? [] : [parts.joined(separator: ", ")]
    }

    private func share(_ part: Int, _ all: Int) -> Double { 100 * Double(part) / Double(max(all, 1)) }

    private func memory(_ floats: Int) -> String {
        let bytes = 4 * Double(floats)
        let size = bytes < 1e6 ? String(format: "%.1f kB", bytes / 1e3) : String(format: "%.1f MB", bytes / 1e6)
        return "\(floats.grouped) floats (\(size))"
    }
}
