import Foundation
import Kernels
import TestSupport
import Testing

/// Where the real data sets are, or nil; tests that need them are skipped then.
let dataFolder = ProcessInfo.processInfo.environment["TRAINER_DATA"]

let needsData: Comment = "needs TRAINER_DATA, the folder with mnist and cifar10"

/// Whether this machine has Python, in which some scripts of tests are written; such tests are skipped without it.
let hasPython = system("python3 -c '' >/dev/null 2>&1") == 0

let needsPython: Comment = "needs python3; .ci/run installs it, by hand: apt-get install python3"

/// A small training job that meets everything that could depend on ranks and threads: batches that do not divide the
/// data, grains with fewer samples or none, the end of an epoch, validation in between, decay with rollback.
struct Scenario: CustomTestStringConvertible, Sendable {
    var name: String
    var yaml: String
    var steps: Int

    var testDescription: String { name }

    /// Convolutions, dropout and translation; 195 training samples, so that the last batch has 3 for 4 grains.
    static let lenet5 = Scenario(
        name: "lenet5",
        yaml: """
            model: {name: lenet5, dropout: 0.2}
            data: {name: digits, limit: 250, validation: 55, augment: [ {translate: 2} ]}
            batch: 64
            grain: 16
            epochs: 5
            optimizer: {name: sgd, learningRate: 0.2, momentum: 0.9, weightDecay: 5e-4}
            schedule: {onPlateau: {factor: 0.5, patience: 1, rollback: true, monitor: valError}}
            validation: {everySteps: 3}
            checkpoint: {everySteps: 4, keep: 3}
            logEverySteps: 5
            seed: 5

            """, steps: 18)

    /// Dropout and a batch that the grain does not divide: 50 = 13 + 13 + 12 + 12.
    static let mlp = Scenario(
        name: "mlp",
        yaml: """
            model: {name: mlp, hidden: [64, 33], dropout: 0.3}
            data: {name: digits, limit: 240, validation: 37}
            batch: 50
            grain: 15
            epochs: 6
            optimizer: {name: adam, learningRate: 0.02}
            schedule: {onPlateau: {factor: 0.3, patience: 1, rollback: true, monitor: valLoss}}
            validation: {everySteps: 3}
            checkpoint: {everyEpochs: 1}
            clipNorm: 1
            seed: 5

            """, steps: 23)

    /// More than two million weights, whose sums travel in many buckets.
    static let wide = Scenario(
        name: "wide",
        yaml: mlp.yaml.replacingOccurrences(of: "[64, 33]", with: "[1100, 1000]").replacingOccurrences(
            of: "clipNorm: 1\n", with: ""),
        steps: 9)

    /// Products of rounded factors: convolutions of 1×1 and by im2col, and linear layers; or an LSTM.
    static func mixed(recurrent: Bool) -> Scenario {
        let model =
            recurrent
            ? """
            model: {input: [9], layers: [{embedding: 8}, {lstm: {units: 20, layers: 2, returns: last}}, {linear: 4}]}
            data: {name: recall, lag: 8, classes: 4, training: 200, validation: 40}
            """
            : """
            model:
              input: [28, 28, 1]
              layers: [ {conv: {filters: 20, kernel: 5, stride: 2}}, relu, {conv: {filters: 64, kernel: 1}}, batchNorm,
                        relu, {conv: {filters: 64, kernel: 3, padding: 1}}, relu, {maxPool: 2}, flatten, {linear: 37},
                        relu, {linear: 10} ]
            data: {name: digits, limit: 250, validation: 50, augment: [ {translate: 2} ]}
            """
        return Scenario(
            name: recurrent ? "mixed-lstm" : "mixed-convnet",
            yaml: model + """

                precision: mixed
                batch: 50
                grain: 13
                epochs: 4
                optimizer: {name: adam, learningRate: 0.01}
                checkpoint: {everySteps: 4, keep: 2}
                seed: 5

                """, steps: 16)
    }

    /// An optimizer with several slots, the best state among what is remembered, and an average of the weights.
    static func sharded(lamb: Bool) -> Scenario {
        let optimizer =
            lamb
            ? "{name: lamb, learningRate: 0.02}"
            : "{name: adamw, learningRate: 0.01, lookahead: {steps: 4}, groups: [{match: 1.weight, maxNorm: 2}]}"
        return Scenario(
            name: lamb ? "sharded-lamb" : "sharded-adamw",
            yaml: mlp.yaml.replacingOccurrences(of: "[64, 33]", with: "[260, 250]")
                .replacingOccurrences(of: "{name: adam, learningRate: 0.02}", with: optimizer)
                .replacingOccurrences(of: "checkpoint: {everyEpochs: 1}", with: "checkpoint: {everySteps: 4, keep: 3}")
                .replacingOccurrences(of: "clipNorm: 1\n", with: lamb ? "averaging: 0.9\n" : "clipNorm: 1\n"),
            steps: 18)
    }

    /// Long enough to be killed at any point; a line of the log after every second step.
    static let lenet5Kill = Scenario(
        name: "lenet5-kill",
        yaml: lenet5.yaml.replacingOccurrences(of: "logEverySteps: 5", with: "logEverySteps: 2")
            .replacingOccurrences(of: "epochs: 5", with: "epochs: 30"), steps: 118)

    /// The same, and with validations that are the best so far but not by enough.
    static let mlpKill = Scenario(
        name: "mlp-kill",
        yaml: mlp.yaml.replacingOccurrences(of: "epochs: 6", with: "epochs: 30\nlogEverySteps: 2").replacingOccurrences(
            of: "patience: 1", with: "patience: 2"
        )
        .replacingOccurrences(of: "rollback: true", with: "rollback: true, minDelta: 0.05")
        .replacingOccurrences(of: "validation: {everySteps: 3}", with: "validation: {everySteps: 2}")
        .replacingOccurrences(of: "checkpoint: {everyEpochs: 1}", with: "checkpoint: {everySteps: 7, keep: 1}"),
        steps: 140)

    /// Running statistics instead of dropout, and a rate that changes with every step.
    static let batchNormalizationKill = Scenario(
        name: "batch-normalization-kill",
        yaml: """
            model:
              input: [28, 28, 1]
              layers: [ {conv: {filters: 8, kernel: 3, padding: same, bias: false}}, batchNorm, relu, {maxPool: 4},
                        flatten, {linear: 10} ]
            data: {name: digits, limit: 250, validation: 30}
            batch: 64
            grain: 16
            epochs: 60
            optimizer: {name: momentum, learningRate: 0.1}
            schedule: cosine
            checkpoint: {everySteps: 5}
            logEverySteps: 2
            seed: 2

            """, steps: 238)

    /// Ends early, because no validation improves on another by so much; with every metric of a classifier, an L1
    /// penalty and gradients clipped by value.
    static let earlyStop = Scenario(
        name: "early-stop",
        yaml: lenet5.yaml.replacingOccurrences(of: "weightDecay: 5e-4}", with: "l1: 1e-5}")
            .replacingOccurrences(
                of: "schedule: {onPlateau: {factor: 0.5, patience: 1, rollback: true, monitor: valError}}",
                with: """
                    metrics: [accuracy, top5Error, perplexity, bitsPerCharacter]
                    clipValue: 0.01
                    earlyStopping: {patience: 2, minDelta: 0.9, monitor: valAccuracy}
                    """), steps: 18)

    /// Runs for seconds, for signals that come in the middle.
    static let long = Scenario(
        name: "long",
        yaml: lenet5.yaml.replacingOccurrences(of: "epochs: 5", with: "epochs: 1000")
            .replacingOccurrences(of: "validation: {everySteps: 3}", with: "validation: {everySteps: 400}")
            .replacingOccurrences(of: "checkpoint: {everySteps: 4", with: "checkpoint: {everySteps: 300"), steps: 700)

    /// For tests that end it themselves.
    static let endless = Scenario(
        name: "endless", yaml: long.yaml.replacingOccurrences(of: "epochs: 1000", with: "epochs: 1000000"),
        steps: 1_000_000)

    /// Two steps, a validation that takes much longer, and the same again.
    static let slowValidation = Scenario(
        name: "slow-validation",
        yaml: lenet5.yaml.replacingOccurrences(
            of: "limit: 250, validation: 55", with: "limit: 19000, validation: 18900"
        )
        .replacingOccurrences(of: "validation: {everySteps: 3}", with: "validation: {everySteps: 2}")
        .replacingOccurrences(of: "logEverySteps: 5", with: "logEverySteps: 2"), steps: 4)

    /// Batch normalisation, whose statistics travel with the gradients, and two kinds of augmentation.
    static func resnet20(data: String) -> Scenario {
        Scenario(
            name: "resnet20",
            yaml: """
                model: resnet20
                data: {name: cifar10, path: \(data), limit: 100, validation: 20,
                       augment: [ {crop: {padding: 4}}, flip ]}
                batch: 37
                grain: 10
                epochs: 5
                optimizer: {name: sgd, learningRate: 0.1, momentum: 0.9, nesterov: true}
                schedule: {onPlateau: {factor: 0.5, patience: 1, rollback: true, monitor: valError}}
                validation: {everySteps: 2}
                checkpoint: {everySteps: 3}
                seed: 3

                """, steps: 7)
    }

    /// Convolutions that every algorithm computes at least one of: 3×3 (Winograd, direct), 4×4 (Fourier tiles, direct).
    static func convolutions(_ preference: ConvolutionPreference) -> Scenario {
        Scenario(
            name: "convolutions-\(preference)",
            yaml: """
                model:
                  input: [28, 28, 1]
                  layers:
                    - conv: {filters: 16, kernel: 5, stride: 2, padding: 2}
                    - relu
                    - conv: {filters: 16, kernel: 3, padding: same}
                    - relu
                    - conv: {filters: 16, kernel: 4}
                    - relu
                    - {maxPool: 2}
                    - flatten
                    - {linear: 10}
                data: {name: digits, limit: 150, validation: 30, augment: [ {translate: 2} ]}
                batch: 40
                grain: 11
                epochs: 20
                convolutions: \(preference)
                optimizer: {name: sgd, learningRate: 0.05, momentum: 0.9}
                validation: {everySteps: 30}
                checkpoint: {everySteps: 7, keep: 2}
                logEverySteps: 2
                seed: 5

                """, steps: 60)
    }

    /// Arguments that train it in `directory/run`, the configuration written beside it.
    func arguments(in directory: TemporaryDirectory, run: String = "run", threads: Int? = nil) throws -> [String] {
        let config = try directory.write(Array(yaml.utf8), to: "\(name).yaml")
        return ["train", config, "--run", directory.file(run), "--max-steps", "\(steps)"]
            + (threads.map { ["--threads", "\($0)"] } ?? [])
    }
}

/// The lines of a JSON-lines file, each read as an object.
func jsonLines(_ path: String) throws -> [[String: Any]] {
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    return try text.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(path): \(line)")
    }
}

/// What a file holds, as one value: of two collections that differ a failed expectation would look for the shortest
/// edit, which takes hours for weights.
struct FileContent: Equatable, CustomStringConvertible {
    let bytes: Data

    init(_ path: String) throws { bytes = try Data(contentsOf: URL(fileURLWithPath: path)) }

    var description: String { "\(bytes.count) bytes" }
}

/// The first CIFAR-10 batches, unpacked once into a folder of their own.
func unpackedCIFAR10() throws -> TemporaryDirectory {
    let source = try #require(dataFolder) + "/cifar10"
    let folder = try TemporaryDirectory(inMemory: true)
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        let target = folder.file("\(name).bin")
        if FileManager.default.fileExists(atPath: "\(source)/\(name).bin") {
            try FileManager.default.createSymbolicLink(atPath: target, withDestinationPath: "\(source)/\(name).bin")
        } else {
            let unpacking = try RunningProgram(
                ["sh", "-c", "xz -dc \"$1\" > \"$2\"", "sh", "\(source)/\(name).bin.xz", target],
                environment: ProcessInfo.processInfo.environment, directory: nil
            ).wait()
            try #require(unpacking.exitCode == 0, "xz: \(unpacking.errors)")
        }
    }
    let labels = "\(source)/batches.meta.txt"
    if FileManager.default.fileExists(atPath: labels) {
        try FileManager.default.copyItem(atPath: labels, toPath: folder.file("batches.meta.txt"))
    }
    return folder
}
