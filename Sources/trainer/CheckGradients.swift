import ArgumentParser
import Foundation
import JobHealth
import Training

/// Compares backpropagation with numerical derivatives.
struct CheckGradients: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-gradients",
        abstract: "Backpropagation of a configuration's network beside numerical derivatives of its loss.",
        discussion: """
            Of every parameter some values are moved, one at a time: half of them where the gradient is largest. The \
            loss is that of the first training samples in training's arithmetic, at the first weights, moved a little; \
            nothing is trained. A line for each parameter has the largest difference, relative to the larger of both \
            numbers or to what single precision leaves visible, and how many values lie so near a kink of the loss \
            (of a ReLU or a maximum) that there is no telling. Small networks take seconds. Exit code 65 if one differs.
            """)

    @Argument(help: "The configuration, a YAML file.")
    var config: String

    @Option(parsing: .unconditional, help: "Training samples.")
    var samples = 4

    @Option(parsing: .unconditional, help: "Key of everything random (default: the configuration's).")
    var seed: Int?

    @Option(parsing: .unconditional, help: "Values of each parameter.")
    var perParameter = 4

    @Option(parsing: .unconditional, help: "The largest relative difference that passes.")
    var tolerance = 0.01

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change a key of the configuration, for example data.limit=1000.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: "The folder that holds the data sets (instead of TRAINER_DATA).")
    var data: String?

    func validate() throws {
        for (name, value, most) in [("--samples", samples, 4096), ("--per-parameter", perParameter, 1_000_000)] {
            if !(1...most).contains(value) { throw ValidationError("\(name) \(value): give 1 to \(most)") }
        }
        if let seed, seed < 0 { throw ValidationError("--seed \(seed): give at least 0") }
        guard tolerance > 0, tolerance < 1 else {
            throw ValidationError("--tolerance \(tolerance): give a number between 0 and 1, such as 0.01")
        }
    }

    func run() throws {
        var settings = GradientComparison.Settings()
        settings.samples = samples
        settings.seed = seed.map { UInt64($0) }
        settings.perParameter = perParameter
        settings.tolerance = tolerance
        try Job.run("check-gradients", deadlineSeconds: 1e9) { [settings] ranks, _ in
            var environment = ProcessInfo.processInfo.environment
            if let data { environment["TRAINER_DATA"] = data }
            let configuration = try ranks.together {
                try RunConfiguration(file: config, overrides: overrides, environment: environment)
            }
            Activity.enter(.evaluation)
            let check = try GradientCheck(configuration, settings, ranks)
            if ranks.rank == 0 { try print(check.text) }
            try ranks.together {
                if let problem = check.problem { throw ErrorReport(text: problem, code: .data) }
            }
            return ExitCode.done.rawValue
        }
    }
}
