import ArgumentParser
import Foundation
import JobHealth
import Reporting
import Sweeping
import Training

/// Shows runs side by side.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare runs: a table, a page and a picture of their curves, with mean and spread over seeds.",
        discussion: """
            Runs of one configuration that differ by seed alone are one line: the mean of their last values with the \
            standard deviation, a curve of means, and an area from the lowest to the highest. A run that others have \
            finished beside counts once it has, too. All figures are those of the runs' metrics.jsonl; 'seconds' are \
            what their steps took. The page is compare.html, which needs no other file, the picture compare.png.
            """)

    @Argument(help: "Run directories; that of a sweep stands for its runs.")
    var runs: [String]

    @Option(
        help: "Compare by this metric alone: loss, accuracy, …; valAccuracy for validation, trainLoss for training.")
    var metric: String?

    @Option(
        help: ArgumentHelp(
            "The folder for page and picture (default: the sweep's, or else this one).", valueName: "directory"))
    var out: String?

    @Flag(help: "Print a line of comma-separated values for each run instead of the table.")
    var csv = false

    @Flag(help: "Print the settings and their runs as one line of JSON instead of the table.")
    var json = false

    func validate() throws {
        if csv && json { throw ValidationError("--csv and --json exclude each other; give one of them") }
        if out?.isEmpty ?? false { throw ValidationError("--out is empty; give a folder") }
    }

    func run() throws {
        guard Job.announcedRank == 0 else { return }
        var members: [Comparison.Member] = []
        for path in runs {
            members += try SweepResults.members(in: path) ?? [Comparison.Member(RecordedRun(path))]
        }
        let sweep = runs.count == 1 && members.first?.setting != nil ? RunDirectory(runs[0]).path : nil
        let comparison = try Comparison(
            members, title: sweep.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? "Comparison",
            metric: metric)
        if comparison.metrics.isEmpty { throw ComparisonError.nothingMeasured }
        let files = ComparisonFiles(folder: out ?? sweep ?? ".")
        try files.prepare()
        try files.write(comparison, writtenAt: Date().timeIntervalSince1970)
        let table = ComparisonTable(comparison)
        try print(csv ? table.csv : json ? table.json : table.text + "\n" + files.page)
    }
}
