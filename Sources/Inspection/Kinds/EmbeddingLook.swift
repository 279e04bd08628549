import ArgumentParser
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// Where samples lie to each other in a layer's eyes.
package struct EmbeddingLook: LookKind {
    package static let name = "embedding"
    package static let abstract =
        "The samples of a data set as points of a plane, by what a layer makes of them: PCA and t-SNE."
    package static let discussion = """
        The plane of the two principal components (Pearson 1901), and the one in which neighbours stay neighbours (van \
        der Maaten and Hinton 2008, exact). A colour for each class.
        """

    @OptionGroup package var run: RunArguments
    @OptionGroup package var walk: WalkArguments

    @Option(help: "The layer; what the scores are computed from if absent.")
    package var node: String?

    @Option(help: "About how many neighbours a point has in t-SNE.")
    package var perplexity: Double = 30

    @Option(help: "Steps of t-SNE; 0 for PCA alone.")
    package var steps: Int = 500

    package init() {}
    package var source: RunArguments? { run }

    /// More points than these take minutes: every pair is looked at in every step.
    private static let mostPoints = 5000

    package func validate() throws {
        if !(1...1000).contains(perplexity) { throw ValidationError("--perplexity \(perplexity): give 1 to 1000") }
        if !(0...100_000).contains(steps) { throw ValidationError("--steps \(steps): give 0 to 100000") }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let subject = try Subject(run, part: walk.part, limit: walk.count, job)
        if steps > 0, let count = subject.dataset?.count, count > Self.mostPoints {
            throw InspectionError.option(
                name: "limit",
                problem: "t-SNE looks at all pairs of \(count) samples; give at most \(Self.mostPoints), or --steps 0")
        }
        let found = try WalkedFeatures(subject, node: node)
        return try job.ranks.together {
            try page(
                found.node, found.values.map(Double.init), found.classes, names: found.names, size: found.size)
        }
    }

    private func page(
        _ node: GraphNode, _ features: [Double], _ classes: [Int], names: [String], size: Int
    ) throws -> LookPage {
        let count = classes.count
        guard let components = Embedding.principal(features, count: count, dimensions: min(size, 50)) else {
            throw InspectionError.option(
                name: "node", problem: "the values of '\(node.name)' have no principal components")
        }
        let plane = (0..<count).map {
            (
                components.points[$0 * components.dimensions],
                components.dimensions > 1 ? components.points[$0 * components.dimensions + 1] : 0
            )
        }
        var page = LookPage(
            "Embedding of \(node.name)",
            lead: "\(count) samples by \(size) values. The two principal components keep "
                + String(format: "%.1f %%", 100 * components.explained) + " of the variance.",
            figures: [
                ("node", node.name), ("samples", "\(count)"),
                ("explained", String(format: "%.4f", components.explained)),
            ])
        var planes = [("pca", "The principal components.", plane)]
        if steps > 0, count > 3 {
            let made = Embedding.neighbours(
                components.points, count: count, dimensions: components.dimensions, perplexity: perplexity, steps: steps
            )
            page.figures.append(("divergence", String(format: "%.4f", made.divergence)))
            planes.insert(("", "t-SNE, perplexity \(perplexity), \(steps) steps.", made.points), at: 0)
        }
        for (name, caption, points) in planes {
            page.parts.append(.pictures(Self.scatter(points, classes).sheet(name, caption: caption)))
            let share = Embedding.nearestShare(points, classes)
            page.figures.append((name.isEmpty ? "tsneNeighbours" : "pcaNeighbours", String(format: "%.4f", share)))
            page.tensors.append(
                LookTensor(
                    name.isEmpty ? "tsne" : name, shape: [2], values: points.flatMap { [Float($0.0), Float($0.1)] }))
        }
        if !names.isEmpty {
            page.parts.append(
                .table(
                    LookTable(
                        "Colours.", head: ["class", "colour", "samples"],
                        rows: names.enumerated().prefix(40).map { index, name in
                            [name, Canvas.color(index).name, "\(classes.count { $0 == index })"]
                        })))
        }
        return page
    }

    private static func scatter(_ points: [(Double, Double)], _ classes: [Int]) -> Canvas {
        let side = 640
        var canvas = Canvas(height: side, width: side)
        let (xs, ys) = (points.map(\.0), points.map(\.1))
        let ((left, right), (low, high)) = ((xs.min() ?? 0, xs.max() ?? 1), (ys.min() ?? 0, ys.max() ?? 1))
        let span = max(right - left, high - low, 1e-12)
        for (point, number) in zip(points, classes) {
            // The middle of the points is that of the canvas.
            let x = Double(side) / 2 + (point.0 - (left + right) / 2) / span * Double(side - 24)
            let y = Double(side) / 2 - (point.1 - (low + high) / 2) / span * Double(side - 24)
            canvas.dot(y, x, radius: 2.5, Canvas.color(max(number, 0)).color)
        }
        return canvas
    }
}
