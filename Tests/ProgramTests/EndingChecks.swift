import TestSupport
import Testing

/// A suite of runs that have a folder of their own and end early, with what must hold of such an end.
protocol EndingChecks {
    var program: Program { get }
    var directory: TemporaryDirectory { get }
}

extension EndingChecks {
    /// Runs the arguments alone and on three ranks and checks how that ends; one rank says the first of `words`.
    func expectRefusal(
        _ arguments: [String], _ exitCode: Int32, _ words: [String], ranks: [Int?] = [nil, 3],
        environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for count in ranks {
            let outcome = try program.run(arguments, ranks: count, environment: environment)
            expectEnd(outcome, exitCode, words, sourceLocation: sourceLocation)
            let told = outcome.errors.split(separator: "\n").count { $0.contains(words.first ?? "") }
            #expect(told == 1, "told \(told) times: \(outcome.account)", sourceLocation: sourceLocation)
        }
    }

    /// Checks exit code and message, and that all is over in time with nothing left.
    func expectEnd(
        _ outcome: Program.Outcome, _ exitCode: Int32, _ words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            outcome.exitCode == exitCode && !outcome.timedOut, "\(outcome.account)", sourceLocation: sourceLocation)
        #expect(outcome.leftovers.isEmpty, "\(outcome.account)", sourceLocation: sourceLocation)
        // Ten seconds after the first cause is known, everything has ended.
        #expect(outcome.secondsFromError ?? 0 < 10, "\(outcome.account)", sourceLocation: sourceLocation)
        for word in words {
            #expect(
                outcome.errors.contains(word), "no '\(word)': \(outcome.account)", sourceLocation: sourceLocation)
        }
    }

    /// The path of LeNet-5's configuration with a change.
    func configuration(_ change: (String) -> String = { $0 }) throws -> String {
        try directory.write(Array(change(Scenario.lenet5.yaml).utf8), to: "config.yaml")
    }

    /// Arguments that train in `run`.
    func train(_ config: String, _ more: [String] = [], steps: Int = 3) -> [String] {
        ["train", config, "--run", directory.file("run"), "--max-steps", "\(steps)"] + more
    }
}
