import ArgumentParser
import Foundation
import JobHealth
import Training

/// Prints what the data of a configuration hold and what may be wrong with them.
struct SurveyData: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Look at a configuration's data: counts, classes, ranges, copies across parts, damaged samples.",
        discussion: """
            Reads every sample of training, validation and test as a run would have them, before augmentation and \
            scaling. Copies are samples with the same input. Warnings stand at the end, each with what to do.
            """)

    @Argument(help: "The configuration, a YAML file.")
    var config: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Change a key of the configuration, for example data.limit=1000.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: "The folder that holds the data sets (instead of TRAINER_DATA).")
    var data: String?

    @Option(parsing: .unconditional, help: "Threads that read (default: all cores).")
    var threads: Int?

    @Flag(help: "Everything as one line of JSON.")
    var json = false

    func validate() throws { try CommandLine.check(threads: threads, np: nil) }

    func run() throws {
        // All samples of a large set are one piece of work.
        try Job.run("data", deadlineSeconds: 1e9) { ranks, _ in
            var environment = ProcessInfo.processInfo.environment
            if let data { environment["TRAINER_DATA"] = data }
            let configuration = try ranks.together {
                try RunConfiguration(file: config, overrides: overrides, environment: environment)
            }
            Activity.enter(.evaluation)
            if let survey = try DataSurvey.make(configuration, ranks, threads: threads) {
                try print(json ? survey.json() : survey.text, terminator: "")
            }
            return ExitCode.done.rawValue
        }
    }
}
