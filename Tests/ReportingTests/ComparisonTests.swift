import Foundation
import NeuralNetwork
import Reporting
import Testing
import Training

struct ComparisonTests {
    /// Makes a run directory with a log of two intervals and a validation, and no final weights.
    private func run(
        _ path: String, rate: Double = 0.1, seed: Int = 1, losses: [Double] = [2, 1], accuracy: Double? = 0.5
    ) throws -> Comparison.Member {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let configuration = """
            model: {input: [2], layers: [ {linear: 4}, tanh, {linear: 1} ]}
            data: {name: truthTable, function: xor, validation: 0}
            loss: logLoss
            batch: all
            epochs: 10
            optimizer: {name: sgd, learningRate: \(rate)}
            checkpoint: {everyEpochs: \(seed + 1)}
            seed: \(seed)

            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: path + "/config.yaml"))
        var lines = losses.enumerated().map { index, loss in
            IntervalRecord(
                step: 10 * (index + 1), epoch: Double(index + 1), samples: 40 * (index + 1), learningRate: rate,
                metrics: Samples.figures(loss: loss, accuracy: 0.25), samplesPerSecond: 20, shares: Samples.shares
            ).jsonLine
        }
        if let accuracy {
            lines.append(
                ValidationRecord(
                    step: 20, epoch: 2, metrics: Samples.figures(loss: 0.75, accuracy: accuracy), learningRate: rate,
                    isBest: true
                ).jsonLine)
        }
        lines.append("{\"step\":2")  // just being written
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path + "/metrics.jsonl"))
        return Comparison.Member(try RecordedRun(path))
    }

    @Test func runsThatDifferBySeedAloneAreOneLine() throws {
        try withTemporaryDirectory { folder in
            let members = try [
                run(folder + "/a", rate: 0.1, seed: 1, losses: [2, 1]), run(folder + "/b", rate: 0.5, losses: [3, 2]),
                run(folder + "/c", rate: 0.1, seed: 2, losses: [2, 4]),
            ]
            let comparison = try Comparison(members, title: "rates")
            #expect(comparison.settings.map(\.name) == ["learningRate=0.1", "learningRate=0.5"])
            let table = ComparisonTable(comparison)
            #expect(
                table.header == [
                    "setting", "runs", "steps", "trainLoss", "valLoss", "valAccuracy", "seconds", "digest",
                ])
            // 1 and 4: the mean 2.5, the deviation √4.5; 80 samples at 20 a second.
            #expect(
                table.rows == [
                    [
                        "learningRate=0.1", "0 of 2", "20", "2.5 ± 2.1", "0.75 ± 0", "0.5 ± 0", "4 ± 0", "–",
                    ], ["learningRate=0.5", "0 of 1", "20", "2", "0.75", "0.5", "4", "–"],
                ])
            let text = table.text
            #expect(text.contains("a: unfinished, at step 20") && text.contains("1 damaged line of \(folder)/a/"))
            #expect(table.csv.hasPrefix("setting,run,seed,ranks,threads,steps,trainLoss,valLoss,"))
            #expect(table.csv.contains("\nlearningRate=0.1,c,2,,,20,4,0.75,0.5,4,,\"unfinished, at step 20\""))
            let json = try #require(try JSONSerialization.jsonObject(with: Data(table.json.utf8)) as? [String: Any])
            let settings = try #require(json["settings"] as? [[String: Any]])
            #expect((settings[0]["mean"] as? [String: Double])?["trainLoss"] == 2.5)
            #expect((settings[0]["runs"] as? [[String: Any]])?[1]["trainLoss"] as? Double == 4)
        }
    }

    @Test func settingsThatDifferInMuchAreNamedByTheirDirectories() throws {
        try withTemporaryDirectory { folder in
            let one = try run(folder + "/x/run")
            let other = try run(folder + "/y/run", rate: 0.2, accuracy: nil)
            let path = folder + "/y/run/config.yaml"
            let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
            try Data(text.replacing("{linear: 4}, tanh", with: "{linear: 5}, relu, {linear: 3}, relu").utf8)
                .write(to: URL(fileURLWithPath: path))
            let comparison = try Comparison([one, Comparison.Member(RecordedRun(other.path))], title: "x and y")
            #expect(comparison.settings.map(\.name) == [folder + "/x/run", folder + "/y/run"])
            #expect(ComparisonTable(comparison).rows[1][5] == "–")
        }
    }

    @Test func metricsAreChosenByTheirNames() throws {
        try withTemporaryDirectory { folder in
            let members = [try run(folder + "/a")]
            func header(_ metric: String) throws -> [String] {
                ComparisonTable(try Comparison(members, title: "", metric: metric)).header
            }
            #expect(try header("accuracy").dropFirst(3).dropLast(2) == ["trainAccuracy", "valAccuracy"])
            #expect(try header("valLoss").dropFirst(3).dropLast(2) == ["valLoss"])
            let error = try Comparison(members, title: "", metric: "error")
            #expect(ComparisonTable(error).rows[0].dropFirst(3).prefix(2) == ["0.75", "0.5"])
            #expect {
                try header("acuracy")
            } throws: {
                "\($0)"
                    == "--metric acuracy: none of these runs measures it (did you mean 'accuracy'?); measured here: "
                    + "loss, accuracy, error"
            }
        }
    }

    @Test func partsInWhichNothingWasMeasuredCannotBeChosen() throws {
        try withTemporaryDirectory { folder in
            let members = [try run(folder + "/a", accuracy: nil)]
            let problem = #expect(throws: ComparisonError.self) {
                try Comparison(members, title: "", metric: "valLoss")
            }
            #expect("\(problem.map { "\($0)" } ?? "")".hasPrefix("--metric valLoss: none of these runs measures it"))
            let loss = try Comparison(members, title: "", metric: "loss")
            #expect(ComparisonTable(loss).header.dropFirst(3).dropLast(2) == ["trainLoss"])
        }
    }

    @Test func settingsOfOneNameAreToldApartByTheirSweeps() throws {
        try withTemporaryDirectory { folder in
            let members = try ["x", "y"].map { sweep in
                let path = "\(folder)/\(sweep)/rate"
                _ = try run(path)
                return Comparison.Member(
                    name: "rate", path: path, setting: "learningRate=0.1", seed: 1, run: try RecordedRun(path))
            }
            #expect(
                try Comparison(members, title: "").settings.map(\.name)
                    == ["x/learningRate=0.1", "y/learningRate=0.1"])
        }
    }

    @Test func whatIsNoRunOrIsGivenTwiceIsRefused() throws {
        try withTemporaryDirectory { folder in
            #expect(throws: ComparisonError.noRun(path: folder)) { try RecordedRun(folder) }
            let member = try run(folder + "/a")
            _ = try run(folder + "/b")
            #expect(throws: ComparisonError.sameRun(path: folder + "/a")) {
                try Comparison([member, member], title: "")
            }
            let same = Comparison.Member(try RecordedRun(folder + "/b/../a"))
            #expect(throws: ComparisonError.sameRun(path: same.path)) { try Comparison([member, same], title: "") }
        }
    }

    @Test func aPageAndAPictureNeedNoOtherFile() throws {
        try withTemporaryDirectory { folder in
            let members = try [
                run(folder + "/a<b>", seed: 1), run(folder + "/b", seed: 2, losses: [1, 3]),
                run(folder + "/c", rate: 0.3),
            ]
            let files = ComparisonFiles(folder: folder + "/")
            try files.prepare()
            try files.write(Comparison(members, title: "<i>rates</i>"), writtenAt: 0)
            let page = String(decoding: try Data(contentsOf: URL(fileURLWithPath: files.page)), as: UTF8.self)
            for word in ["http:", "https:", "src=", "url(", "@import", "<i>", "a<b>"] { #expect(!page.contains(word)) }
            // The mean of the losses 2 and 1, then of 1 and 3, within what lies from the lowest to the highest.
            #expect(
                page.contains(
                    "data-name=\"learningRate=0.1\" data-x=\"1 2\" data-y=\"1.5 2\"><polygon class=\"spread\""))
            #expect(page.contains("href=\"./a%3Cb%3E/report.html\"") && page.contains(">a&lt;b&gt;</a>"))
            #expect(page.contains("optimizer.learningRate") && page.contains("unfinished, at step 20"))
            let picture = try Data(contentsOf: URL(fileURLWithPath: files.picture))
            #expect(picture.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]) && picture.count < 200_000)
        }
    }
}
