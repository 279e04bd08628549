import ArgumentParser
import Foundation
import JobHealth
import NeuralNetwork
import Reporting

/// Shows an activation function or a loss by itself.
struct BrickCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "brick",
        abstract: "An activation function or a loss by itself: forward, backward and numerical derivative at values.",
        discussion: """
            Without a name it lists them. 'forward' and 'backward' are computed by the operations that training uses. \
            'numerical' is the derivative by central differences of forward, extrapolated to a distance of 0, and \
            '±' how far that may be off. Within ε of a kink or a jump it says so. Where the first output depends on \
            several values, as of softmax, the value is the first of them and --beside the others.
            """)

    @Argument(help: "An activation function or a loss, such as sigmoid or hinge; all are listed if absent.")
    var name: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Values, such as -10,0,10 (default: \(BrickCommand.usual)).", valueName: "x,…"))
    var at: String?

    @Option(
        parsing: .unconditional,
        help: "Of a loss: the number, or the class counted from 0, that it compares with.")
    var target: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Values beside the first, where a brick reads several.", valueName: "x,…"))
    var beside = "0,0"

    @Option(parsing: .unconditional, help: "ε: how near a kink or a jump is told.")
    var epsilon: Float = 1e-3

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("One of its keys, such as slope=0.2 or margin=2.", valueName: "key=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("A picture of both curves, a .png file.", valueName: "file"))
    var out: String?

    private static let usual = "-10,-2,-1,0,1,2,10"

    func validate() throws {
        _ = try values("--at", at ?? BrickCommand.usual)
        _ = try values("--beside", beside)
        _ = try targetValue()
        guard epsilon.isFinite, epsilon > 0 else {
            throw ValidationError("--epsilon \(epsilon): give a finite number above 0, such as 1e-3")
        }
        if let out, !out.hasSuffix(".png") {
            throw ValidationError("--out \(out): give a name that ends in .png")
        }
        if name == nil {
            let given = [("--at", at != nil), ("--target", target != nil), ("--set", !settings.isEmpty)]
            if let option = given.first(where: \.1) ?? (out == nil ? nil : ("--out", true)) {
                throw ValidationError("\(option.0): give the name of a brick too; 'trainer brick' lists them")
            }
        }
    }

    func run() throws {
        guard Job.announcedRank == 0 else { return }
        guard let name else { return try list() }
        let beside = try values("--beside", beside)
        let brick: Brick
        do {
            brick = try Brick(name, .init(beside: beside, target: try targetValue(), settings: settings))
        } catch let error as BrickError {
            throw ErrorReport(text: error.description, code: .usage)
        }
        let rows = try values("--at", at ?? BrickCommand.usual).map {
            BrickRow(brick, at: $0, beside, within: epsilon)
        }
        let page = BrickPage(brick, rows, beside: beside, epsilon: epsilon)
        if let out { try page.picture.write(to: out) }
        try print(page.text + (out.map { "\n\($0)" } ?? ""))
        let wrong = rows.filter(\.differs)
        if !wrong.isEmpty {
            throw ErrorReport(
                text: "\(name): backward differs from the numerical derivative at "
                    + wrong.map { "\($0.x)" }.joined(separator: ", ") + "; correct its pullback", code: .data)
        }
    }

    private func list() throws {
        let width = Brick.all.map(\.name.count).max() ?? 0
        for kind in Brick.Kind.allCases {
            try print(kind == .activation ? "activation functions" : "\nlosses")
            for brick in Brick.all where brick.kind == kind {
                try print(
                    "  \(brick.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(brick.documentation)")
            }
        }
    }

    private func targetValue() throws -> Float? {
        guard let target else { return nil }
        guard let value = Float(target), value.isFinite else {
            throw ValidationError("--target \(target): give a finite number, or the number of a class")
        }
        return value
    }

    private func values(_ option: String, _ text: String) throws -> [Float] {
        let values = text.split(separator: ",", omittingEmptySubsequences: false).map {
            Float($0.trimmingCharacters(in: .whitespaces)) ?? .nan
        }
        guard values.count <= 1000, values.allSatisfy(\.isFinite) else {
            throw ValidationError("\(option) \(text): give one to 1000 finite numbers, such as -10,0,10")
        }
        return values
    }
}
