import Foundation
import Sweeping
import Testing

struct SweepJournalTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/trainer-sweeping-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func header(_ rates: String, seeds: String = "2") throws -> SweepHeader {
        let axes = [try SweepAxis(vary: "optimizer.learningRate=\(rates)"), try SweepAxis(seeds: seeds)]
        return SweepHeader(try SweepPlanTests.plan(axes[0], axes[1]), options: axes.map(\.option))
    }

    @Test func theLastEventOfARunCountsWhateverTheCrash() throws {
        try withFolder { folder in
            let header = try header("0.1,0.01")
            let journal = try SweepJournal(in: folder, header)
            try journal.append(SweepEvent(run: "a", event: .begun))
            try journal.append(SweepEvent(run: "a", event: .failed, code: 70, cause: "no luck", seconds: 1.5))
            let path = folder + "/sweep.jsonl"
            // A crash in the middle of a line.
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data("{\"run\":\"a\",\"eve".utf8))
            try file.close()
            let again = try SweepJournal(in: folder, header)
            #expect(again.last["a"]?.event == .failed && again.last["a"]?.cause == "no luck")
            try again.append(SweepEvent(run: "a", event: .finished))
            #expect(try SweepJournal.read(folder)?.last["a"]?.event == .finished)
        }
    }

    @Test func anotherSweepIsRefusedWithWhatDiffers() throws {
        try withFolder { folder in
            _ = try SweepJournal(in: folder, header("0.1,0.01"))
            #expect { try SweepJournal(in: folder, header("0.1,0.02")) } throws: {
                "\($0)".contains(
                    "it has '--vary optimizer.learningRate=0.1,0.01', and this command "
                        + "'--vary optimizer.learningRate=0.1,0.02'")
            }
            #expect { try SweepJournal(in: folder, header("0.1,0.01", seeds: "3")) } throws: {
                "\($0)".contains("it has '--seeds 1,2', and this command '--seeds 1,2,3'")
            }
            var changed = try header("0.1,0.01")
            changed.configuration = changed.configuration.replacing("epochs: 10", with: "epochs: 20")
            #expect { try SweepJournal(in: folder, changed) } throws: { "\($0)".contains("epochs: 10 → 20") }
        }
    }

    @Test func noRunIsTakenForASweepAndNoRubbishForAJournal() throws {
        try withFolder { folder in
            let path = folder + "/config.yaml"
            try Data("name: x\n".utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: SweepError.runDirectory(path: folder)) { try SweepJournal(in: folder, header("1,2")) }
            try FileManager.default.removeItem(atPath: path)
            try Data("rubbish\n".utf8).write(to: URL(fileURLWithPath: folder + "/sweep.jsonl"))
            #expect(throws: SweepError.damagedJournal(path: folder + "/sweep.jsonl")) {
                try SweepJournal(in: folder, header("1,2"))
            }
        }
    }
}
