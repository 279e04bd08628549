import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// `--trace`: one file of what all ranks did in some steps, for which nothing else changes.
    @Suite struct Trace {
        private let program: Program
        private let directory: TemporaryDirectory

        init() throws {
            program = try Program()
            directory = try TemporaryDirectory(inMemory: true)
        }

        private func train(
            _ options: [String] = [], run: String = "run", ranks: Int? = nil, hosts: String? = nil, threads: Int = 1
        ) throws -> Program.Outcome {
            var environment: [String: String] = [:]
            environment["TRAINER_TEST_HOSTS"] = hosts
            return try program.run(
                Scenario.lenet5.arguments(in: directory, run: run, threads: threads) + options, ranks: ranks,
                environment: environment)
        }

        /// A trace file's events, checked for what every event must have.
        private func events(_ name: String) throws -> [TraceEvent] {
            let object = try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: directory.file(name))))
            let all = try #require((object as? [String: Any])?["traceEvents"] as? [[String: Any]])
            return try all.map { try #require(TraceEvent($0), "\($0)") }
        }

        @Test(arguments: [nil, "0,1", "0,0,1", "0,1,2"])
        func `the file holds every rank and every grain of the steps, and the weights are the same`(hosts: String?)
            throws
        {
            let ranks = hosts.map { $0.split(separator: ",").count } ?? 2
            let plain = try train(run: "plain", ranks: ranks, hosts: hosts)
            let traced = try train(["--trace", "5-9"], ranks: ranks, hosts: hosts)
            try #require(plain.exitCode == 0 && traced.exitCode == 0, "\(traced.account)")
            #expect(plain.lastLine == traced.lastLine)
            #expect(
                try FileContent(directory.file("plain/final.safetensors"))
                    == FileContent(directory.file("run/final.safetensors")))
            #expect(traced.output.contains("run/trace-5-9.json") && !plain.output.contains("trace"))
            let events = try events("run/trace-5-9.json")
            #expect(events.filter { $0.name == "process_name" }.map(\.process) == Array(0..<ranks))
            for step in 5...9 {
                let own = events.filter { $0.phase == "X" && $0.step == step }
                let grains = own.filter { $0.category == "grain" }
                #expect(grains.compactMap(\.grain).sorted() == [0, 1, 2, 3], "step \(step)")  // 64 = 4 × 16
                #expect(Set(grains.map(\.process)) == Set(0..<ranks))
                for kind in ["step", "data", "update", "sums", "add"] {
                    // LeNet's vector goes whole between two hosts, by the first rank of each; rank 1 has one grain.
                    let all = kind == "add" && hosts == "0,0,1" ? [0, 2] : Set(0..<ranks)
                    #expect(Set(own.filter { $0.category == kind }.map(\.process)) == all, "\(kind)")
                }
                let ready = events.filter { $0.category == "ready" && $0.step == step }
                #expect(Set(ready.map(\.process)) == Set(0..<ranks) && ready.allSatisfy { $0.phase == "i" })
            }
            // Every third step ends with a validation and every fourth with a checkpoint, which rank 0 writes.
            #expect(Set(events.filter { $0.category == "validation" }.map(\.step)) == [6, 9])
            #expect(Set(events.filter { $0.category == "saving" }.map(\.process)).contains(0))
            #expect(Set(events.filter { $0.category == "exchange" }.map(\.process)).isEmpty == (hosts == nil))
            try requireNested(events)
            let report = try String(contentsOfFile: directory.file("run/report.html"), encoding: .utf8)
            #expect(report.contains("Time of steps 5 to 9") && report.contains("waiting for ranks"))
            let line = try #require(traced.output.split(separator: "\n").dropLast().last)
            #expect(line.hasPrefix("slowest: "), "\(line)")
        }

        @Test func `threads have tracks, and several threads change nothing`() throws {
            let one = try train(run: "one")
            let traced = try train(["--trace", "2-4"], threads: 2)
            try #require(traced.exitCode == 0, "\(traced.account)")
            #expect(one.lastLine == traced.lastLine)
            let events = try events("run/trace-2-4.json")
            let names = Set(events.filter { $0.name == "thread_name" }.compactMap(\.title))
            #expect(names.isSuperset(of: ["main", "worker-1"]), "\(names)")
            try requireNested(events)
            #expect(traced.output.contains("\ntime: the one rank "), "\(traced.account)")
        }

        /// Spans of a track lie in each other or follow each other.
        private func requireNested(_ events: [TraceEvent]) throws {
            let tracks = Dictionary(grouping: events.filter { $0.phase == "X" }) { [$0.process, $0.thread] }
            for (track, spans) in tracks {
                var open: [Int] = []
                for span in spans.sorted(by: { ($0.start, -$0.duration) < ($1.start, -$1.duration) }) {
                    while let last = open.last, last <= span.start { open.removeLast() }
                    #expect(open.last.map { span.start + span.duration <= $0 } ?? true, "\(track): \(span)")
                    open.append(span.start + span.duration)
                }
            }
        }

        @Test(arguments: [
            ("abc", "give a step, as 100, or a range"), ("9-5", "give 5-9"), ("0-3", "from 1 up"),
            ("17-19", "the run ends after step 18; give steps up to 18"),
        ])
        func `steps that the run does not have are refused before it begins`(steps: String, remedy: String) throws {
            for ranks in [nil, 2] {
                let outcome = try train(["--trace", steps], ranks: ranks)
                #expect(outcome.exitCode == 64 && outcome.output.isEmpty, "\(outcome.account)")
                #expect(outcome.errors.contains("--trace \(steps): ") && outcome.errors.contains(remedy))
                #expect(!FileManager.default.fileExists(atPath: directory.file("run")))
            }
        }

        @Test func `a trace that cannot be written is said and costs nothing else`() throws {
            let plain = try train(run: "plain")
            try FileManager.default.createDirectory(
                atPath: directory.file("run/trace-3-4.json/in-the-way"), withIntermediateDirectories: true)
            let outcome = try train(["--trace", "3-4"], ranks: 2)
            #expect(outcome.exitCode == 0 && outcome.lastLine == plain.lastLine, "\(outcome.account)")
            #expect(outcome.output.contains("the trace of steps 3 to 4 was not written, training goes on: "))
            #expect(
                outcome.output.contains("run/trace-3-4.json: replace: ") && outcome.output.contains("check the path"))
            let kinds = try jsonLines(directory.file("run/decisions.jsonl")).compactMap { $0["kind"] as? String }
            #expect(kinds.contains("traceFailed") && !kinds.contains("traced"))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.file("run")).allSatisfy {
                    !$0.contains("tmp")
                })
        }

        @Test func `a run that stops or goes on within the steps writes what it has`() throws {
            let config = Scenario.long
            let arguments = try config.arguments(in: directory) + ["--trace", "3-\(config.steps)"]
            let running = try program.start(arguments, ranks: 2)
            #expect(
                try running.wait(until: { _ in
                    let log = directory.file("run/metrics.jsonl")
                    return try FileManager.default.fileExists(atPath: log) && jsonLines(log).count > 3
                }))
            running.signal(SIGUSR1)
            let stopped = running.wait(timeoutSeconds: 60)
            try #require(stopped.exitCode == 75, "\(stopped.account)")
            let first = try #require(
                try FileManager.default.contentsOfDirectory(atPath: directory.file("run")).first {
                    $0.hasPrefix("trace-3-")
                })
            #expect(first != "trace-3-\(config.steps).json")
            let last = try #require(try events("run/" + first).map(\.step).max())
            #expect(first == "trace-3-\(last).json")
            let resumed = try program.run(arguments, ranks: 2)
            try #require(resumed.exitCode == 0, "\(resumed.account)")
            let rest = try events("run/trace-\(last + 1)-\(config.steps).json")
            #expect(rest.filter { $0.category == "step" }.map(\.step).min() == last + 1)
            // The steps have been trained: nothing is left to trace.
            let more = config.steps + 5
            let further = try program.run(
                try config.arguments(in: directory) + ["--max-steps", "\(more)", "--trace", "3-4"])
            #expect(further.exitCode == 0, "\(further.account)")
            #expect(
                further.output.contains(
                    "steps 3 to 4 were not traced: this part of the run trained steps \(config.steps + 1) to \(more)"),
                "\(further.account)")
        }

        /// A rank that stands still for a while is who the others wait for.
        @Test func `the slow rank is named with what it did`() throws {
            let slow = try directory.write(
                Array(
                    """
                    #!/bin/sh
                    # Rank 1 computes with half of its time.
                    if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
                        "$@" & child=$!
                        while kill -0 $child 2>/dev/null; do
                            kill -STOP $child 2>/dev/null; sleep 0.02; kill -CONT $child 2>/dev/null; sleep 0.02
                        done
                        wait $child
                    else
                        exec "$@"
                    fi

                    """.utf8), to: "slow")
            chmod(slow, 0o755)
            let arguments = try Scenario.long.arguments(in: directory, threads: 1) + ["--trace", "2-400"]
            let outcome = try program.run(arguments, ranks: 2, through: slow)
            try #require(outcome.exitCode == 0, "\(outcome.account)")
            let line = try #require(outcome.output.split(separator: "\n").last { $0.hasPrefix("slowest: ") })
            #expect(line.hasPrefix("slowest: rank 1 on "), "\(outcome.account)")
        }
    }
}

/// One event of a trace file, in nanoseconds.
private struct TraceEvent {
    let name: String
    let category: String
    let phase: String
    let process: Int
    let thread: Int
    let start: Int
    let duration: Int
    let step: Int
    let grain: Int?
    /// The name that metadata give.
    let title: String?

    /// Nil where something is missing that the format asks for.
    init?(_ object: [String: Any]) {
        guard let name = object["name"] as? String, let phase = object["ph"] as? String,
            let time = object["ts"] as? Double, let process = object["pid"] as? Int, let thread = object["tid"] as? Int,
            ["M", "X", "i"].contains(phase), time >= 0
        else { return nil }
        let duration = object["dur"] as? Double
        if phase == "X", duration.map({ $0 < 0 }) ?? true { return nil }
        let arguments = object["args"] as? [String: Any]
        (self.name, self.phase, self.process, self.thread) = (name, phase, process, thread)
        category = object["cat"] as? String ?? ""
        start = Int((time * 1000).rounded())
        self.duration = Int(((duration ?? 0) * 1000).rounded())
        step = arguments?["step"] as? Int ?? -1
        grain = arguments?["grain"] as? Int
        title = arguments?["name"] as? String
    }
}
