import Foundation
import Reporting
import Testing
import Training

struct RunReporterTests {
    private func run(in directory: String, resumedFromStep: Int? = nil) -> RunDescription {
        var run = Samples.run
        run.runDirectory = directory
        run.resumedFromStep = resumedFromStep
        return run
    }

    private func reporter(_ output: any TextOutput) -> RunReporter {
        RunReporter(configuration: "model: lenet5\n", output: output, now: { 0 }, wallTime: { 10 })
    }

    @Test func everyFileOfTheRunDirectoryIsWritten() throws {
        try withTemporaryDirectory { directory in
            let output = RecordingOutput(isTerminal: false)
            let reporter = reporter(output)
            try reporter.began(run(in: directory))
            reporter.progress(
                step: 1, of: 5160, epoch: 0, metrics: Samples.figures(loss: 2, accuracy: 0.1), samplesPerSecond: 100)
            try reporter.logged(Samples.interval(430))
            try reporter.validated(Samples.validation(430))
            #expect(try textOfFile(directory + "/report.html").contains(" data-live>running</span>"))
            try reporter.decided(Samples.decision(430, .decay))
            try reporter.saved(CheckpointRecord(step: 430, path: "checkpoints/step-00000430.safetensors", seconds: 0.1))
            try reporter.finished(Samples.final)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            #expect(files.count == 4)
            #expect(files[0] == "decisions.jsonl" && files[1].hasPrefix("events.out.tfevents.10.alpha."))
            #expect(files[2...] == ["metrics.jsonl", "report.html"])
            let report = try textOfFile(directory + "/report.html")
            #expect(
                report.contains(">finished</span>") && report.contains("step-00000430")
                    && report.contains("no better since"))
            #expect(output.text.hasSuffix("\n" + FinalLine.text(Samples.final) + "\n"))
        }
    }

    private func figure(_ step: Int, height: Double) -> FigureRecord {
        FigureRecord(
            step: step, title: "Gradient norm over steps", horizontal: "step of the sequence", isLogarithmic: true,
            showsFirst: true,
            curves: [
                .init(name: "rnn", x: [1, 2, 3], y: [height, height / 10, height / 100]),
                .init(name: "lstm", x: [1, 2, 3], y: [height, .nan, height]),
            ])
    }

    @Test func figuresAreLoggedDrawnAndGoOnInAResumedRun() throws {
        try withTemporaryDirectory { directory in
            let first = reporter(RecordingOutput(isTerminal: false))
            try first.began(run(in: directory))
            for step in [430, 860, 1290] { try first.figured(figure(step, height: Double(step))) }
            let second = reporter(RecordingOutput(isTerminal: false))
            try second.began(run(in: directory, resumedFromStep: 900))
            let kept = try textOfFile(directory + "/figures.jsonl").split(separator: "\n")
            #expect(kept.count == 2 && kept.allSatisfy { $0.contains("\"x\":[1,2,3]") && $0.contains("\"NaN\"") })
            try second.figured(figure(1720, height: 5))
            try second.runDirectoryIsNew()
            #expect(try textOfFile(directory + "/figures.jsonl").split(separator: "\n").count == 3)
            try second.finished(Samples.final)
            let report = try textOfFile(directory + "/report.html")
            for name in ["rnn, step 430", "lstm, step 430", "rnn, step 1,720", "lstm, step 1,720"] {
                #expect(report.contains(">\(name)</span>"), "\(name)")
            }
            #expect(!report.contains("step 860") && report.contains(">step of the sequence</span>"))
            let third = reporter(RecordingOutput(isTerminal: false))
            try third.began(run(in: directory))
            #expect(try textOfFile(directory + "/figures.jsonl").isEmpty)
        }
    }

    @Test func forecastsWithoutAModelStandBesideTheResult() throws {
        try withTemporaryDirectory { directory in
            let output = RecordingOutput(isTerminal: false)
            let reporter = reporter(output)
            var run = run(in: directory)
            run.baselines = [
                BaselineFigures(name: "last value", metrics: Samples.figures(loss: 0.5, accuracy: 0.25)),
                BaselineFigures(name: "mean", metrics: Samples.figures(loss: 0.75, accuracy: nil)),
            ]
            try reporter.began(run)
            try reporter.validated(Samples.validation(430))
            try reporter.finished(Samples.final)
            #expect(
                output.text.hasSuffix(
                    "\nwithout a model, last value: valLoss=0.5 valAccuracy=0.25\n"
                        + "without a model, mean: valLoss=0.75\n" + FinalLine.text(Samples.final) + "\n"))
            let report = try textOfFile(directory + "/report.html")
            let rows = report.components(separatedBy: "<tr><th scope=\"row\">").filter {
                $0.hasPrefix("this model") || $0.hasPrefix("without")
            }
            #expect(rows.count == 3 && rows[0].contains("98.12 %") && rows[1].contains("25 %"))
            #expect(rows[2].contains(">–<"))
        }
    }

    @Test func reportIsNotWrittenAgainWithinAHundredTimesWhatItTook() throws {
        try withTemporaryDirectory { directory in
            let clock = ManualClock()
            // Every reading of the clock takes a second, so that a report takes one.
            let reporter = RunReporter(
                configuration: "", output: RecordingOutput(isTerminal: false),
                now: {
                    clock.seconds += 1
                    return clock.seconds
                }, wallTime: { 10 })
            let isShown = { (_ epoch: Int) in
                try textOfFile(directory + "/report.html").contains("<b>\(epoch)</b><span>of 12 epochs")
            }
            try reporter.began(run(in: directory))
            try reporter.validated(Samples.validation(430))
            clock.seconds += 50
            try reporter.validated(Samples.validation(860))
            #expect(try isShown(1) && !isShown(2))
            clock.seconds += 50
            try reporter.validated(Samples.validation(1290))
            #expect(try isShown(3))
            try reporter.validated(Samples.validation(1720))
            #expect(try isShown(3))
            try reporter.finished(Samples.final)
            #expect(try isShown(12))
        }
    }

    @Test func aLongEpochIsShownWithinItEveryTenSeconds() throws {
        try withTemporaryDirectory { directory in
            let clock = ManualClock()
            let reporter = RunReporter(
                configuration: "", output: RecordingOutput(isTerminal: false), now: { clock.seconds },
                wallTime: { 1_790_000_000 })
            try reporter.began(run(in: directory))
            try reporter.logged(Samples.interval(43))
            let shown = { (epoch: String) in
                try textOfFile(directory + "/report.html").contains("<b>\(epoch)</b><span>of 12 epochs")
            }
            #expect(try shown("0.1"))
            clock.seconds = 9
            try reporter.logged(Samples.interval(86))
            #expect(try !shown("0.2"))
            clock.seconds = 10
            try reporter.logged(Samples.interval(129))
            #expect(try shown("0.3"))
            #expect(try textOfFile(directory + "/report.html").contains("<time datetime=\"2026-09-21T14:13:20Z\">"))
        }
    }

    @Test func resumedRunShowsTheWholeCurveAndSaysWhatWasDamaged() throws {
        try withTemporaryDirectory { directory in
            try writeFile(directory + "/metrics.jsonl", Samples.validation(430).jsonLine + "\nbroken\n")
            let output = RecordingOutput(isTerminal: false)
            let reporter = reporter(output)
            try reporter.began(run(in: directory, resumedFromStep: 430))
            try reporter.validated(Samples.validation(860))
            #expect(output.text.contains("note: left out 1 damaged line of the logs in \(directory)"))
            let report = try textOfFile(directory + "/report.html")
            #expect(report.contains("data-name=\"validation\" data-x=\"1 2\" data-y=\"0.0611 0.0611\""))
        }
    }

    @Test func recordBeforeTheRunBeganIsRefused() {
        #expect(throws: ReportingError.notBegun(record: "an interval")) {
            try reporter(RecordingOutput(isTerminal: false)).logged(Samples.interval(1))
        }
    }

    @Test func logThatCannotBeReplacedEndsTheRun() throws {
        try withTemporaryDirectory { directory in
            let reporter = reporter(RecordingOutput(isTerminal: false))
            try reporter.began(run(in: directory))
            // A directory of the report's name cannot be replaced by a file.
            try FileManager.default.createDirectory(
                atPath: directory + "/report.html", withIntermediateDirectories: false)
            let error = ReportingError.file(
                operation: "replace", path: directory + "/report.html", reason: "Is a directory")
            #expect(throws: error) { try reporter.validated(Samples.validation(430)) }
            #expect(!FileManager.default.fileExists(atPath: directory + "/.report.html.tmp-\(getpid())"))
        }
    }

    @Test func runThatGoesOnWithoutItsStorageNotesTheGapOnceAndCloses() throws {
        try withTemporaryDirectory { directory in
            let output = RecordingOutput(isTerminal: false)
            let reporter = RunReporter(
                configuration: "model: lenet5\n", goesOnWithoutStorage: true, output: output, now: { 0 },
                wallTime: { 10 })
            #expect(throws: ReportingError.self) { try reporter.began(run(in: "/nowhere")) }
            try reporter.began(run(in: directory))
            try FileManager.default.createDirectory(
                atPath: directory + "/report.html", withIntermediateDirectories: false)
            try reporter.validated(Samples.validation(430))
            try reporter.finished(Samples.final)
            #expect(
                output.text.components(separatedBy: "its log has a gap: cannot replace \(directory)/report.html").count
                    == 2)
            #expect(output.text.hasSuffix("\n" + FinalLine.text(Samples.final) + "\n"))
            #expect(try textOfFile(directory + "/metrics.jsonl").contains("valLoss"))
        }
    }

    @Test func closedPipeDoesNotEndTheProcess() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        let output = StandardOutput(descriptor: ends[1], environment: [:])
        #expect(!output.isTerminal && !output.usesColor)
        output.write("nobody reads this\n")
        output.write("nor this\n")
        close(ends[1])
    }

}
