import ArgumentParser
import Autograd
import Foundation
import NeuralNetwork
import TensorCore
import Training

/// How large gradients are from layer to layer, and from step to step.
package struct GradientLook: LookKind {
    package static let name = "gradients"
    package static let abstract = "Norms of the loss's gradient by layer, and by time step of a sequence."
    package static let discussion = """
        Of each layer √(Σ ‖∂ lossᵢ / ∂ valueᵢ‖² / n) over the samples i: how strongly one sample's loss depends on the \
        layer's value for it. Of a sequence the same for each step. Of each weight the norm of a mini-batch's mean \
        gradient, averaged over the mini-batches (grains of the run's configuration).
        """

    @OptionGroup package var run: RunArguments
    @OptionGroup package var walk: WalkArguments

    @Option(parsing: .upToNextOption, help: "The layers; all that compute something if absent.")
    package var nodes: [String] = []

    package init() {}
    package var source: RunArguments? { run }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: walk.part, limit: walk.count, job)
        let objective = subject.models.objectives.last { $0.probedModel?.name == subject.model.name }
        guard let objective, let model = objective.probedModel else {
            throw InspectionError.unsuitableModel(
                path: run.run,
                problem: "its loss is none on outputs of model \(subject.model.name); give another --model")
        }
        let probed = try job.ranks.together {
            try nodes.isEmpty
                ? zip(model.nodes, model.isInferredNode).filter { $1 && $0.kind != "dropout" }.map(\.0)
                : nodes.map(subject.node)
        }
        let weights = model.parameters.filter(\.isTrainable)
        let sums = try subject.evaluator(fields: objective.fields, takesText: true).map { context in
            GradientSums(context, objective, probed, weights).numbers
        }.filter { !$0.isEmpty }
        return try job.ranks.together { try page(subject, probed, weights.map(\.name), sums) }
    }

    private func page(
        _ subject: Subject, _ probed: [GraphNode], _ weights: [String], _ sums: [[Double]]
    ) throws -> LookPage {
        let total = GradientSums.total(sums)
        let samples = max(total[0], 1)
        var place = 1
        var (norms, steps): ([Double], [(name: String, norms: [Double])]) = ([], [])
        for node in probed {
            let count = GradientSums.steps(of: node)
            let squares = Array(total[place..<place + count])
            let counts = Array(total[place + count..<place + 2 * count])
            norms.append((squares.reduce(0, +) / samples).squareRoot())
            if count > 1 {
                steps.append((node.name, zip(squares, counts).map { ($0 / max($1, 1)).squareRoot() }))
            }
            place += 2 * count
        }
        let means = weights.indices.map { total[place + $0] / Double(max(sums.count, 1)) }
        func text(_ value: Double) -> String { String(format: "%.4g", value) }
        var page = LookPage(
            "Gradients of \(subject.model.name)",
            lead:
                "Over \(Int(total[0])) samples. Bars are logarithmic, from \(text(Self.foot(of: norms))) on"
                + (nodes.isEmpty ? "; the first is the input's." : "."),
            figures: [
                ("samples", "\(Int(total[0]))"), ("layers", "\(probed.count)"),
                ("largest", text(norms.max() ?? 0)), ("smallest", text(norms.min() ?? 0)),
            ],
            parts: [
                .pictures(Self.bars(norms).sheet("", caption: "By layer, in the order of the table.")),
                .table(
                    LookTable(
                        "By layer.", head: ["layer", "norm"], rows: zip(probed, norms).map { [$0.name, text($1)] })),
                .table(
                    LookTable(
                        "Of weights.", head: ["weight", "norm"], rows: zip(weights, means).map { [$0, text($1)] })),
            ])
        if !steps.isEmpty {
            page.parts.append(.pictures(Self.stepMap(steps)))
            page.parts.append(
                .table(
                    LookTable(
                        "By time step.", head: ["step"] + steps.map(\.name),
                        rows: (0..<(steps.map(\.norms.count).max() ?? 0)).map { step in
                            ["\(step)"] + steps.map { $0.norms.indices.contains(step) ? text($0.norms[step]) : "" }
                        })))
        }
        page.tensors = [LookTensor("norms", shape: [norms.count], values: norms.map { Float($0) })]
        return page
    }

    /// Where a logarithmic scale begins: the power of ten below the smallest norm, at most six below the largest.
    static func foot(of norms: [Double]) -> Double {
        let known = norms.filter { $0 > 0 && $0.isFinite }
        guard let least = known.min(), let most = known.max() else { return 1 }
        return pow(10, max(log10(least).rounded(.up) - 1, log10(most).rounded(.up) - 6))
    }

    /// 0…1 of the scale from its foot to the largest.
    private static func height(_ value: Double, from foot: Double, to largest: Double) -> Double {
        value > foot ? log10(value / foot) / log10(largest / foot) : 0
    }

    private static func bars(_ norms: [Double]) -> Canvas {
        let wide = max(4, min(40, 900 / max(norms.count, 1)))
        var canvas = Canvas(height: 200, width: norms.count * wide + 1)
        let (foot, largest) = (foot(of: norms), norms.max() ?? 1)
        for (index, norm) in norms.enumerated() {
            let top = 200 - max(1, Int(196 * height(norm, from: foot, to: largest)))
            canvas.fill(top..<200, index * wide + 1..<(index + 1) * wide, [0, 114, 178])
        }
        return canvas
    }

    /// A row for each layer, a column for each step.
    private static func stepMap(_ steps: [(name: String, norms: [Double])]) -> PictureSheet {
        let width = steps.map(\.norms.count).max() ?? 1
        let norms = steps.flatMap(\.norms)
        let (foot, largest) = (foot(of: norms), norms.max() ?? 1)
        let values = steps.flatMap { row in
            (0..<width).flatMap { step -> [Float] in
                row.norms.indices.contains(step)
                    ? Shade.heat(Float(height(row.norms[step], from: foot, to: largest))) : [255, 255, 255]
            }
        }
        return PictureSheet(
            "steps",
            caption: "By time step: \(steps.map(\.name).joined(separator: ", ")), from top to bottom. Logarithmic, "
                + "from "
                + String(format: "%.4g in dark blue to %.4g in yellow.", foot, largest),
            values: values, height: steps.count, width: width, channels: 3, columns: 1,
            enlargement: max(1, min(24, 900 / width)))
    }
}

/// What a grain adds to the norms: the number of samples; of each layer Σ of squares and of samples by step; of each
/// weight the norm of the mean gradient.
struct GradientSums {
    let numbers: [Double]

    init(_ context: GrainContext, _ objective: any Objective, _ probed: [GraphNode], _ weights: [Parameter]) {
        let tape = context.tape
        let gradients = Tensor([max(tape.wholeVector.count, 16)], pool: tape.pool)
        tape.begin(
            gradients: gradients.pointer,
            carried: context.batch.lanes.map {
                CarriedLanes(lanes: $0, isStartOfSequence: true, rows: CarriedRows())
            })
        let squares = probed.map { StepSquares(steps: GradientSums.steps(of: $0)) }
        let isSequence = probed.map { GradientSums.steps(of: $0) > 1 }
        let loss = objective.loss(context, probing: probed.map(\.name)) { place, value in
            guard place < squares.count else { return value }
            return Autograd.probed(value) { gradient, lengths in
                if isSequence[place] {
                    squares[place].add(gradient, lengths: lengths)
                } else {
                    squares[place].add(
                        gradient.reshaped([gradient.shape[0], 1, gradient.shape.sample.count]), lengths: nil)
                }
            }
        }
        guard let loss else { preconditionFailure("GradientSums: an objective without a loss that can be followed") }
        tape.backward(from: loss)
        let norms = weights.map { weight -> Double in
            guard let offset = tape.wholeVector.trained.offset(of: weight.index) else { return 0 }
            var sum = 0.0
            for index in 0..<weight.shape.count {
                let value = Double(gradients.pointer[offset + index])
                sum += value * value
            }
            return sum.squareRoot() / Double(max(context.count, 1))
        }
        var numbers = [Double(context.count)]
        for own in squares { numbers += own.squares + own.counts }
        self.numbers = numbers + norms
    }

    /// Time steps of a layer's value; 1 of one that has none.
    static func steps(of node: GraphNode) -> Int { node.shape.rank == 2 ? node.shape[0] : 1 }

    static func total(_ grains: [[Double]]) -> [Double] {
        guard let first = grains.first else { return [0] }
        return grains.dropFirst().reduce(first) { zip($0, $1).map(+) }
    }
}
