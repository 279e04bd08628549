import Foundation
import NeuralNetwork
import Reporting
import Testing
import Training

struct JSONLineTests {
    @Test func keepsTheOrderOfKeysAndLeavesAbsentValuesOut() {
        #expect(
            Samples.interval(430, accuracy: nil).jsonLine
                == #"{"step":430,"epoch":1.0,"samples":55040,"learningRate":0.1,"trainLoss":0.0712,"#
                + #""samplesPerSecond":58214.3,"compute":0.91,"wait":0.03,"reduce":0.02,"data":0.004,"save":0.0}"#
        )
        #expect(
            Samples.validation(430).jsonLine
                == #"{"step":430,"epoch":1.0,"learningRate":0.1,"valLoss":0.0611,"valAccuracy":0.9812,"best":true}"#)
        #expect(
            Samples.decision(860, .decay).jsonLine
                == #"{"step":860,"kind":"decay","reason":"no better since step 430","numbers":{"from":0.1,"to":0.05}}"#)
    }

    @Test func nonFiniteNumbersAreStrings() throws {
        var line = JSONLine()
        line.add("a", Double.nan)
        line.add("b", -Double.infinity)
        line.add("c", Double.infinity)
        #expect(line.text == #"{"a":"NaN","b":"-Infinity","c":"Infinity"}"#)
    }

    @Test func anyStringSurvivesAParser() throws {
        let strange = "quote \" backslash \\ newline \n tab \t bell \u{7} null \u{0} é 😀 \u{2028}"
        var line = JSONLine()
        line.add("reason", strange)
        #expect(!line.text.contains("\n"))
        let parsed = try JSONDecoder().decode([String: String].self, from: Data(line.text.utf8))
        #expect(parsed == ["reason": strange])
    }

    @Test(arguments: [0.1, 1e-7, 6.02e23, -0.0, 1.0 / 3])
    func numbersReadBackExactly(value: Double) throws {
        var line = JSONLine()
        line.add("x", value)
        let parsed = try JSONDecoder().decode([String: Double].self, from: Data(line.text.utf8))
        #expect(parsed["x"]?.bitPattern == value.bitPattern)
    }
}

struct MetricsLogTests {
    private func fill(_ directory: String) throws {
        let log = try MetricsLog(directory: directory, resumingFromStep: nil, metrics: Samples.run.metrics)
        for step in [100, 200, 300, 400] { try log.append(Samples.interval(step)) }
        try log.append(Samples.validation(430))
        try log.append(Samples.decision(200, .decay))
        try log.append(Samples.decision(430, .rollback))
        try log.append(Samples.decision(430, .stopSignal))
    }

    @Test func everyLineIsAnObject() throws {
        try withTemporaryDirectory { directory in
            try fill(directory)
            for name in ["metrics.jsonl", "decisions.jsonl"] {
                let text = try textOfFile(directory + "/" + name)
                #expect(text.hasSuffix("\n"))
                let lines = text.split(separator: "\n")
                #expect(lines.count == (name == "metrics.jsonl" ? 5 : 3))
                for line in lines {
                    _ = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                }
            }
        }
    }

    @Test func resumeCutsLinesBeyondTheCheckpoint() throws {
        try withTemporaryDirectory { directory in
            try fill(directory)
            let log = try MetricsLog(directory: directory, resumingFromStep: 200, metrics: Samples.run.metrics)
            try log.append(Samples.interval(300, loss: 0.5))
            let steps = try textOfFile(directory + "/metrics.jsonl").split(separator: "\n").map { $0.prefix(11) }
            #expect(steps == [#"{"step":100"#, #"{"step":200"#, #"{"step":300"#])
            #expect(log.history.intervals == [100, 200].map { Samples.interval($0) }.map(roundedAsLogged))
            #expect(log.history.validations.isEmpty)
        }
    }

    @Test func resumeKeepsWhatHappenedToEarlierJobs() throws {
        try withTemporaryDirectory { directory in
            try fill(directory)
            let log = try MetricsLog(directory: directory, resumingFromStep: 200, metrics: Samples.run.metrics)
            #expect(log.history.decisions == [Samples.decision(200, .decay), Samples.decision(430, .stopSignal)])
        }
    }

    @Test func `an interval whose steps were all skipped has no metrics, and is read back`() throws {
        try withTemporaryDirectory { directory in
            var skipped = Samples.interval(100)
            skipped.metrics = []
            let first = try MetricsLog(directory: directory, resumingFromStep: nil, metrics: Samples.run.metrics)
            try first.append(skipped)
            let log = try MetricsLog(directory: directory, resumingFromStep: 100, metrics: Samples.run.metrics)
            #expect(log.damagedLines == 0)
            #expect(log.history.intervals.map(\.step) == [100])
        }
    }

    @Test func runFromTheStartBeginsNewLogs() throws {
        try withTemporaryDirectory { directory in
            try fill(directory)
            let log = try MetricsLog(directory: directory, resumingFromStep: nil, metrics: Samples.run.metrics)
            #expect(log.history == RunHistory())
            #expect(try textOfFile(directory + "/metrics.jsonl").isEmpty)
            #expect(try textOfFile(directory + "/decisions.jsonl").isEmpty)
        }
    }

    @Test func tornLastLineIsLeftOutAndCounted() throws {
        try withTemporaryDirectory { directory in
            let whole = Samples.interval(100).jsonLine + "\n"
            try writeFile(directory + "/metrics.jsonl", whole + #"{"step":200,"epo"#)
            let log = try MetricsLog(directory: directory, resumingFromStep: 900, metrics: Samples.run.metrics)
            #expect(log.damagedLines == 1)
            try log.append(Samples.interval(1000))
            #expect(try textOfFile(directory + "/metrics.jsonl") == whole + Samples.interval(1000).jsonLine + "\n")
        }
    }

    @Test func nonFiniteFiguresAreReadBack() throws {
        try withTemporaryDirectory { directory in
            let first = try MetricsLog(directory: directory, resumingFromStep: nil, metrics: Samples.run.metrics)
            try first.append(Samples.interval(1, loss: .nan))
            try first.append(Samples.interval(2, loss: .infinity))
            let log = try MetricsLog(directory: directory, resumingFromStep: 9, metrics: Samples.run.metrics)
            #expect(log.damagedLines == 0)
            #expect(log.history.intervals.map { $0.metrics.loss.description } == ["nan", "inf"])
        }
    }

    @Test func everyMetricIsReadBackInTheOrderOfTheRun() throws {
        let known = [MetricDescription.loss, TopKError(k: 5).description, Samples.rmse]
        try withTemporaryDirectory { directory in
            var record = Samples.validation(430)
            record.metrics = zip(known, [0.25, 0.0125, 3.5]).map { MetricValue($0, $1) }
            #expect(
                record.jsonLine
                    == #"{"step":430,"epoch":1.0,"learningRate":0.1,"valLoss":0.25,"valTop5Error":0.0125,"#
                    + #""valRmse":3.5,"best":true}"#
            )
            try MetricsLog(directory: directory, resumingFromStep: nil, metrics: known).append(record)
            let log = try MetricsLog(directory: directory, resumingFromStep: 430, metrics: known)
            #expect(log.history.validations == [record])
        }
    }

    @Test func metricThatTheRunNoLongerHasIsReadBackAsANumber() throws {
        try withTemporaryDirectory { directory in
            try writeFile(
                directory + "/metrics.jsonl",
                #"{"step":50,"epoch":0.5,"samples":1,"learningRate":0.1,"trainLoss":2,"trainOld":"NaN","#
                    + #""samplesPerSecond":1}"# + "\n"
                    + #"{"step":50,"epoch":0.5,"learningRate":0.1,"valLoss":1,"valAccuracy":0.5}"# + "\n")
            let log = try MetricsLog(directory: directory, resumingFromStep: 430, metrics: Samples.run.metrics)
            let interval = try #require(log.history.intervals.first)
            #expect(interval.metrics.map(\.name) == ["loss", "old"] && interval.metrics["old"]?.isNaN == true)
            #expect(log.history.validations.map(\.metrics) == [Samples.figures(loss: 1, accuracy: 0.5)])
        }
    }

    @Test func missingDirectoryIsNamedWithARemedy() throws {
        let error = #expect(throws: ReportingError.self) {
            try MetricsLog(directory: "/nowhere/run", resumingFromStep: nil, metrics: Samples.run.metrics)
        }
        #expect(
            error == .file(operation: "open", path: "/nowhere/run/metrics.jsonl", reason: "No such file or directory"))
        #expect(error?.description.contains("--run") == true)
    }

    @Test func fullDiskIsAnErrorThatNamesTheFile() throws {
        let file = try AppendingFile(path: "/dev/full")
        let error = ReportingError.file(operation: "append to", path: "/dev/full", reason: "No space left on device")
        #expect(throws: error) { try file.append(Array("{}\n".utf8)) }
    }

    private func roundedAsLogged(_ record: IntervalRecord) -> IntervalRecord {
        var rounded = record
        rounded.epoch = (record.epoch * 1e6).rounded() / 1e6
        return rounded
    }
}
