import Foundation
import TestSupport
import Testing

extension ProgramTests {
    /// One configuration gives one result, whatever the ranks and threads.
    @Suite struct SameBits {
        private static let runs = [1, 2, 3, 4].flatMap { ranks in [1, 2].map { (ranks: ranks, threads: $0) } }

        @Test(arguments: [Scenario.lenet5, .mlp])
        func `final weights are byte-identical for every number of ranks and threads`(scenario: Scenario) throws {
            try check(scenario)
        }

        /// A convnet, of which one convolution is Winograd's, and an LSTM, whose products round their factors; one run
        /// computes them without the instruction, and one goes on where another was killed.
        @Test(arguments: [Scenario.mixed(recurrent: false), .mixed(recurrent: true)])
        func `so they are in mixed precision, with the instruction and without`(scenario: Scenario) throws {
            let program = try Program()
            let directory = try TemporaryDirectory(inMemory: true)
            let alone = try program.run(scenario.arguments(in: directory, run: "alone", threads: 1))
            try #require(alone.exitCode == 0 && alone.output.contains("mixed precision"), "\(alone.account)")
            let exact = try program.run(
                scenario.arguments(in: directory, run: "float32", threads: 1) + ["--set", "precision=float32"])
            #expect(exact.exitCode == 0 && exact.lastLine != alone.lastLine)
            let killed = try program.run(
                scenario.arguments(in: directory, run: "2×2", threads: 1), ranks: 2,
                environment: ["TRAINER_TEST_FAULT": "kill:training:1:7"])
            #expect(killed.exitCode == 128 + SIGKILL, "\(killed.account)")
            for (ranks, threads, emulates) in [(1, 1, true), (1, 2, false), (2, 2, false), (3, 1, false)] {
                let outcome = try program.run(
                    scenario.arguments(in: directory, run: "\(ranks)×\(threads)", threads: threads),
                    ranks: ranks == 1 ? nil : ranks,
                    environment: emulates ? ["TRAINER_TEST_EMULATES_BFLOAT16": "1"] : [:])
                try #require(outcome.exitCode == 0, "\(outcome.account)")
                #expect(outcome.output.contains("no instruction") == emulates || !emulates)
                #expect(outcome.output.contains("resumed from step") == (ranks == 2), "\(outcome.account)")
                #expect(outcome.lastLine == alone.lastLine)
                #expect(
                    try FileContent(directory.file("\(ranks)×\(threads)/final.safetensors"))
                        == FileContent(directory.file("alone/final.safetensors")))
            }
        }

        /// Our own kernels for float32, each of those that processors choose from.
        @Test(arguments: [Scenario.lenet5, .mixed(recurrent: false), .mixed(recurrent: true)])
        func `so they are in portable arithmetic, with the kernels of other processors`(scenario: Scenario) throws {
            let program = try Program()
            let directory = try TemporaryDirectory(inMemory: true)
            let options = ["--set", "arithmetic=portable", "--set", "precision=float32"]
            let alone = try program.run(scenario.arguments(in: directory, run: "alone", threads: 1) + options)
            try #require(alone.exitCode == 0 && alone.output.contains("portable arithmetic"), "\(alone.account)")
            let others: [(String, Int?, String?)] = [
                ("narrow", nil, "Haswell"), ("plain", nil, "SkylakeX"), ("fastest", 2, nil),
            ]
            for (kernels, ranks, core) in others {
                var environment = ["TRAINER_TEST_PORTABLE_KERNELS": kernels]
                environment["OPENBLAS_CORETYPE"] = core
                let outcome = try program.run(
                    scenario.arguments(in: directory, run: kernels, threads: 2) + options, ranks: ranks,
                    environment: environment)
                try #require(outcome.exitCode == 0, "\(outcome.account)")
                #expect(outcome.lastLine == alone.lastLine)
                #expect(
                    try FileContent(directory.file("\(kernels)/final.safetensors"))
                        == FileContent(directory.file("alone/final.safetensors")))
            }
        }

        @Test(.enabled(if: dataFolder != nil, needsData))
        func `so they are with batch normalisation, crops and flips on CIFAR-10`() throws {
            let data = try unpackedCIFAR10()
            try check(.resnet20(data: data.path))
        }

        /// As between hosts: weights change while the next forward pass runs, unless clipping needs all gradients
        /// first.
        @Test(arguments: [Scenario.lenet5, .mlp, .wide])
        func `so they are where gradients travel in messages`(scenario: Scenario) throws {
            let program = try Program()
            let directory = try TemporaryDirectory(inMemory: true)
            let alone = try program.run(scenario.arguments(in: directory, run: "alone", threads: 1))
            try #require(alone.exitCode == 0, "\(alone.account)")
            let messages = ["TRAINER_SHARED_MEMORY": "0"]
            let rounded = try program.run(
                scenario.arguments(in: directory, run: "rounded", threads: 1) + [
                    "--set", "communication.wire=bfloat16",
                ], ranks: 2,
                environment: messages)
            try #require(rounded.output.contains("leaves the bit contract"), "no messages: \(rounded.account)")
            for (ranks, threads) in [(2, 1), (2, 2), (3, 1)] {
                let run = "np\(ranks)-threads\(threads)"
                let outcome = try program.run(
                    scenario.arguments(in: directory, run: run, threads: threads), ranks: ranks,
                    environment: messages)
                try #require(outcome.exitCode == 0, "\(run): \(outcome.account)")
                #expect(outcome.lastLine == alone.lastLine)
                #expect(
                    try FileContent(directory.file(run + "/final.safetensors"))
                        == FileContent(directory.file("alone/final.safetensors")))
            }
        }

        /// Ranks of a host add in shared memory, and hosts exchange, whoever got which number.
        @Test(arguments: [Scenario.lenet5, .mlp, .wide])
        func `so they are over hosts with several ranks each`(scenario: Scenario) throws {
            let program = try Program()
            let directory = try TemporaryDirectory(inMemory: true)
            let alone = try program.run(scenario.arguments(in: directory, run: "alone", threads: 1))
            try #require(alone.exitCode == 0, "\(alone.account)")
            func start(_ run: String, _ hosts: String, fault: String? = nil) throws -> Program.Outcome {
                var environment = ["TRAINER_TEST_HOSTS": hosts]
                environment["TRAINER_TEST_FAULT"] = fault
                return try program.run(
                    scenario.arguments(in: directory, run: run, threads: 1), ranks: hosts.split(separator: ",").count,
                    environment: environment)
            }
            // The third job goes on where this one is killed.
            let killed = try start("hosts-0,1,1", "0,1,0,1", fault: "kill:training:2:7")
            #expect(killed.exitCode == 128 + SIGKILL && killed.leftovers.isEmpty, "\(killed.account)")
            for hosts in ["0,0,1,1", "0,1,0,1", "0,1,1", "1,0,2,0"] {
                let run = "hosts-\(hosts)"
                let outcome = try start(run, hosts)
                try #require(outcome.exitCode == 0, "\(run): \(outcome.account)")
                #expect(outcome.output.contains("resumed from step") == (hosts == "0,1,1"), "\(outcome.account)")
                #expect(outcome.lastLine == alone.lastLine)
                #expect(
                    try FileContent(directory.file(run + "/final.safetensors"))
                        == FileContent(directory.file("alone/final.safetensors")))
            }
        }

        /// Each rank has a part of the optimizer's state; a run goes on with other ranks, which have other parts.
        @Test(arguments: [Scenario.sharded(lamb: false), .sharded(lamb: true)])
        func `so are weights and checkpoints where ranks share the update`(scenario: Scenario) throws {
            let program = try Program()
            let directory = try TemporaryDirectory(inMemory: true)
            let never = ["--set", "communication.shardOptimizer=never"]
            let always = ["--set", "communication.shardOptimizer=always"]
            let alone = try program.run(scenario.arguments(in: directory, run: "alone", threads: 1) + never)
            try #require(alone.exitCode == 0, "\(alone.account)")
            func run(_ run: String, _ hosts: String, _ more: [String], fault: String? = nil) throws -> Program.Outcome {
                var environment = ["TRAINER_TEST_HOSTS": hosts]
                environment["TRAINER_TEST_FAULT"] = fault
                return try program.run(
                    scenario.arguments(in: directory, run: run, threads: 2) + more,
                    ranks: hosts.split(separator: ",").count, environment: environment)
            }
            for hosts in ["0,0,0", "0,1", "0,1,0,1", "2,0,1,0"] {
                let first = try run(hosts, hosts, always, fault: "kill:training:1:7")
                #expect(first.exitCode == 128 + SIGKILL && first.leftovers.isEmpty, "\(first.account)")
                let second = try run(hosts, "0,0", hosts == "0,1" ? never : always, fault: "kill:training:0:12")
                #expect(second.exitCode == 128 + SIGKILL && second.leftovers.isEmpty, "\(second.account)")
                #expect(second.output.contains("each rank has a part") == (hosts != "0,1"), "\(second.account)")
                let outcome = try run(hosts, hosts, always)
                try #require(outcome.exitCode == 0, "\(outcome.account)")
                #expect(outcome.output.contains("each rank has a part"), "\(outcome.account)")
                #expect(outcome.lastLine == alone.lastLine)
                for file in ["final.safetensors", "checkpoints/step-00000016.safetensors"] {
                    #expect(
                        try FileContent(directory.file("\(hosts)/\(file)"))
                            == FileContent(directory.file("alone/\(file)")))
                }
            }
        }

        private func check(_ scenario: Scenario) throws {
            let program = try Program()
            let directory = try TemporaryDirectory(inMemory: true)
            var expected: (weights: FileContent, line: String)?
            for (ranks, threads) in Self.runs {
                let run = "np\(ranks)-threads\(threads)"
                // One rank runs without a launcher once and under mpirun once.
                let outcome = try program.run(
                    scenario.arguments(in: directory, run: run, threads: threads),
                    ranks: (ranks, threads) == (1, 1) ? nil : ranks)
                try #require(outcome.exitCode == 0, "\(run): \(outcome.account)")
                #expect(outcome.leftovers.isEmpty)
                let weights = try FileContent(directory.file(run + "/final.safetensors"))
                if let expected {
                    #expect(weights == expected.weights, "\(scenario.name): \(run) gives other weights")
                    #expect(outcome.lastLine == expected.line)
                } else {
                    expected = (weights, outcome.lastLine)
                    let kinds = try jsonLines(directory.file(run + "/decisions.jsonl")).compactMap {
                        $0["kind"] as? String
                    }
                    #expect(kinds.contains("rollback"), "the scenario no longer meets a rollback: \(outcome.output)")
                }
            }
        }
    }
}
