import ArgumentParser
import ConfigurationReading
import Foundation
import Optimization
import System

/// Update rules on their way down.
package struct DescentLook: LookKind {
    package static let name = "descent"
    package static let abstract =
        "Update rules on a saddle, a valley and Beale's function: their paths and an animation; no run is needed."
    package static let discussion =
        "The rules are those that training uses, with the hyper-parameters that they have if a configuration says "
        + "nothing. A rule whose rate is not given takes one that is usual for it."

    @Option(help: "The rules, with commas between and a rate behind a colon where it is to be another: sgd,adam:0.05.")
    package var rules: RuleList = RuleList(["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam"])

    @Option(help: "saddle, valley or beale; all if absent.")
    package var function: DescentFunction?

    @Option(help: "Steps of each rule.")
    package var steps: Int = 200

    package init() {}

    package func validate() throws {
        if !(1...100_000).contains(steps) { throw ValidationError("--steps \(steps): give 1 to 100000") }
        let known = updateRuleCatalogue.map(\.name)
        for rule in rules.rules where !known.contains(rule.name) {
            let nearest = nearestName(to: rule.name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
            throw ValidationError(
                "--rules: no rule is named '\(rule.name)'\(nearest); give some of \(known.joined(separator: ", "))")
        }
    }

    package func page(_ job: LookJob) throws -> LookPage {
        let functions = function.map { [$0] } ?? DescentFunction.allCases
        var page = LookPage(
            "Descent",
            lead: "\(steps) steps of each rule. The darker, the lower; lines join points of equal height.",
            figures: [("rules", "\(rules.rules.count)"), ("steps", "\(steps)")])
        for function in functions {
            let walks = rules.rules.enumerated().map { index, rule in
                (rule: rule, rate: rule.rate ?? Self.usualRate(rule.name, on: function), index: index)
            }
            let descents = walks.map { walk in
                Descent(Self.rule(walk.rule.name), on: function, learningRate: walk.rate, steps: steps)
            }
            let map = DescentMap(function)
            page.parts.append(
                .pictures(map.picture(descents.map(\.path)).sheet("\(function)", caption: "\(function): the paths.")))
            page.parts.append(.pictures(map.animation(descents.map(\.path), name: "\(function)-animation")))
            page.parts.append(
                .table(
                    LookTable(
                        "\(function): where each rule is after \(steps) steps.",
                        head: ["rule", "colour", "rate", "x", "y", "height"],
                        rows: zip(walks, descents).map { walk, descent in
                            let end = descent.path[descent.path.count - 1]
                            return [
                                walk.rule.name, Canvas.color(walk.index).name, "\(walk.rate)", Self.text(end.x),
                                Self.text(end.y), Self.text(function.value(end.x, end.y)),
                            ]
                        })))
        }
        return page
    }

    /// The rule of that name, as a configuration that says nothing of it makes it.
    package static func rule(_ name: String) -> any UpdateRule {
        updateRuleCatalogue.first { $0.name == name }?.read(.silent()) ?? SGD()
    }

    /// A rate with which a rule gets on with a function.
    package static func usualRate(_ name: String, on function: DescentFunction) -> Double {
        switch (name, function) {
        // Beale's walls are steep: with more, momentum carries a rule over them.
        case ("momentum", .beale), ("nesterov", .beale): 0.0005
        case ("sgd", .beale): 0.005
        case ("sgd", _), ("momentum", _), ("nesterov", _), ("rprop", _): 0.01
        case ("adadelta", _): 1
        case ("adagrad", _): 0.3
        case ("rmsprop", _): 0.02
        default: 0.05
        }
    }

    private static func text(_ value: Double) -> String { String(format: "%.5g", value) }
}

extension DescentFunction: ExpressibleByArgument {}

/// `sgd,adam:0.05`.
package struct RuleList: ExpressibleByArgument, Sendable {
    package struct Rule: Sendable, Equatable {
        package var name: String
        /// Nil for the usual one.
        package var rate: Double?

        package init(name: String, rate: Double?) {
            self.name = name
            self.rate = rate
        }
    }

    package let rules: [Rule]

    package init(_ names: [String]) { rules = names.map { Rule(name: $0, rate: nil) } }

    package init?(argument: String) {
        var rules: [Rule] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
            guard let name = pieces.first, !name.isEmpty, pieces.count <= 2 else { return nil }
            if pieces.count == 2 {
                guard let rate = Double(pieces[1]), rate > 0, rate.isFinite else { return nil }
                rules.append(Rule(name: String(name), rate: rate))
            } else {
                rules.append(Rule(name: String(name), rate: nil))
            }
        }
        self.rules = rules
    }

    package var defaultValueDescription: String { rules.map(\.name).joined(separator: ",") }
}

/// A map of a function's heights, on which paths are drawn.
struct DescentMap {
    private let function: DescentFunction
    private let ground: Canvas
    private static let side = 320
    /// Frames of an animation, at most.
    private static let frames = 40

    init(_ function: DescentFunction) {
        self.function = function
        let side = Self.side
        let (xs, ys) = function.window
        func height(_ row: Int, _ column: Int) -> Double {
            let x = xs.lowerBound + (xs.upperBound - xs.lowerBound) * Double(column) / Double(side - 1)
            let y = ys.upperBound - (ys.upperBound - ys.lowerBound) * Double(row) / Double(side - 1)
            return log1p(max(function.value(x, y) - function.floor, 0))
        }
        var ground = Canvas(height: side, width: side)
        var heights: [Double] = []
        for row in 0..<side { for column in 0..<side { heights.append(height(row, column)) } }
        let largest = heights.max() ?? 1
        for row in 0..<side {
            for column in 0..<side {
                let value = heights[row * side + column] / max(largest, 1e-12)
                var grey = Float(150 + 100 * value)
                // A line where the height passes one of twenty levels.
                let level = Int(value * 20)
                let right = column + 1 < side ? Int(heights[row * side + column + 1] / largest * 20) : level
                let below = row + 1 < side ? Int(heights[(row + 1) * side + column] / largest * 20) : level
                if right != level || below != level { grey -= 45 }
                ground.paint(row, column, [grey, grey, grey])
            }
        }
        self.ground = ground
    }

    private func place(_ point: (x: Double, y: Double)) -> (y: Double, x: Double) {
        let (xs, ys) = function.window
        return (
            (ys.upperBound - point.y) / (ys.upperBound - ys.lowerBound) * Double(Self.side - 1),
            (point.x - xs.lowerBound) / (xs.upperBound - xs.lowerBound) * Double(Self.side - 1)
        )
    }

    /// The paths up to step `last`, with a dot where each rule is.
    func picture(_ paths: [[(x: Double, y: Double)]], until last: Int? = nil) -> Canvas {
        var canvas = ground
        for (index, path) in paths.enumerated() {
            let color = Canvas.color(index).color
            let shown = path.prefix((last ?? path.count) + 1)
            for (a, b) in zip(shown, shown.dropFirst()) { canvas.line(from: place(a), to: place(b), color) }
            if let end = shown.last.map(place) {
                canvas.dot(end.y, end.x, radius: 5, [0, 0, 0])
                canvas.dot(end.y, end.x, radius: 4, color)
            }
        }
        return canvas
    }

    func animation(_ paths: [[(x: Double, y: Double)]], name: String) -> PictureSheet {
        let steps = (paths.map(\.count).max() ?? 1) - 1
        let count = min(Self.frames, max(steps, 1))
        let values = (0...count).flatMap { frame in picture(paths, until: steps * frame / count).values }
        return PictureSheet(
            name, caption: "\(function): \(steps) steps.", values: values, height: Self.side, width: Self.side,
            channels: 3, columns: 1, enlargement: 1, secondsPerFrame: 0.1)
    }
}
