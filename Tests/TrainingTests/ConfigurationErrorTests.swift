import ConfigurationReading
import DataPipeline
import System
import Testing
import Training

@Suite struct ConfigurationErrorTests {
    @Test(
        "Every mistake is answered with its place, its key and what to do",
        arguments: [
            // Unknown keys and names
            ("batchSize: 64\n", "1:1: unknown key 'batchSize' (did you mean 'batch'?); allowed here: "),
            (
                "grane: 8\n",
                "1:1: unknown key 'grane' (did you mean 'grain'?); allowed here: name, model, models, data, batch, "
                    + "grain, epochs, maxSteps, phases, order, of, loss, losses, metrics, objective, "
                    + "testTimeAugmentation, train, freeze, optimizer, schedule, clipNorm, clipValue, "
                    + "gradientVariance, gradientOverSteps, start, averaging, earlyStopping, stop, baseline, "
                    + "convolutions, validation, checkpoint, replicaCheck, logEverySteps, seed, onNonFinite, "
                    + "precision, arithmetic, communication, deadlineSeconds."
            ),
            (
                "optimizer:\n  name: sgd\n  learningrate: 0.1\n",
                "3:3: unknown key 'optimizer.learningrate' (did you mean 'learningRate'?); "
                    + "allowed here: name, momentum, nesterov, form, learningRate, forBatch, weightDecay, l1, maxNorm, "
                    + "clipWeights, lookahead, groups."
            ),
            (
                "optimizer: {name: adam, learningRate: 0.1, momentum: 0.9}\n",
                "1:44: unknown key 'optimizer.momentum'; "
                    + "allowed here: name, beta1, beta2, epsilon, learningRate, forBatch, weightDecay, l1, maxNorm, "
                    + "clipWeights, lookahead, groups."
            ),
            (
                "model: lenet\n",
                "1:8: 'model.name' names 'lenet', which does not exist (did you mean 'lenet5'?); allowed here: "
            ),
            (
                "loss: crosEntropy\n",
                "1:7: 'loss' names 'crosEntropy', which does not exist (did you mean 'crossEntropy'?); "
                    + "allowed here: crossEntropy, mse, binaryCrossEntropy, l1, hinge, logLoss, maxMargin, perceptron, "
                    + "adaline, halfSquare, sumSquares, gaussianKL."
            ),
            (
                "loss: {crossEntropy: {smoothing: 0.1}}\n",
                "1:23: unknown key 'loss.crossEntropy.smoothing' (did you mean 'labelSmoothing'?); allowed here: "
                    + "of, target, sampleWeights, labelSmoothing, fromLogits, classWeights."
            ),
            ("loss: {mse: {a: 1}}\n", "1:14: unknown key 'loss.mse.a'; allowed here: of, target, sampleWeights."),
            (
                "onNonFinite: ignore\n",
                "1:14: 'onNonFinite' names 'ignore', which does not exist; allowed here: stop, skip."
            ),
            // Wrong types
            ("batch: many\n", "1:8: 'batch' is 'many'; give an integer of at least 1, or all."),
            ("batch: \"64\"\n", "1:8: 'batch' is the quoted text \"64\"; give an integer of at least 1, or all."),
            ("batch: 64.5\n", "1:8: 'batch' is '64.5'; give an integer of at least 1, or all."),
            ("batch: [64]\n", "1:8: 'batch' is a list; give an integer of at least 1, or all."),
            (
                "data: {name: digits, augment: flip}\n",
                "1:31: 'data.augment' is 'flip'; give a list, each element a map of augmentation keys."
            ),
            ("checkpoint: 5\n", "1:13: 'checkpoint' is '5'; give a map of checkpoint keys."),
            ("checkpoint: {best: yes}\n", "1:20: 'checkpoint.best' is 'yes'; give true or false."),
            ("deadlineSeconds: .inf\n", "1:18: 'deadlineSeconds' is '.inf'; give a number above 0."),
            ("deadlineSeconds: nan\n", "1:18: 'deadlineSeconds' is 'nan'; give a number above 0."),
            ("name: a/b\n", "1:7: 'name' is 'a/b'; give a name of letters, digits, - and _."),
            ("name: ../../x\n", "1:7: 'name' is '../../x'; give a name of letters, digits, - and _."),
            ("name: /etc/x\n", "1:7: 'name' is '/etc/x'; give a name of letters, digits, - and _."),
            ("name: ..\n", "1:7: 'name' is '..'; give a name of letters, digits, - and _."),
            ("name: ${HOME:-/etc}\n", "1:7: 'name' is '/etc'; give a name of letters, digits, - and _."),
            ("? [a, b]\n: 1\n", "1:3: the configuration is a map with a compound key; give keys that are names."),
            // Ranges
            ("batch: 0\n", "1:8: 'batch' is 0, which is out of range; give an integer of at least 1."),
            (
                "batch: 1000000000000\n",
                "1:8: 'batch' is 1000000000000, which is out of range; give an integer of at least 1 and at most "
                    + "2147483647."
            ),
            (
                "model: {name: mlp, hidden: [9223372036854775807]}\n",
                "1:29: 'model.hidden.0' is 9223372036854775807, which is out of range; give an integer of at least 1 "
                    + "and at most 2147483647."
            ),
            (
                "data: {name: digits, augment: [{translate: 65537}]}\n",
                "1:44: 'data.augment.0.translate.pixels' is 65537, which is out of range; give an integer of at "
                    + "least 0 and at most 65536."
            ),
            (
                "batch: 16777216\ngrain: 10\n",
                "2:1: 'grain': a batch of 16777216 has 1677721 grains of 10, more than 1048576; make the grain larger."
            ),
            (
                "optimizer:\n  name: sgd\n  learningRate: 0.1\n  momentum: 1\n",
                "4:13: 'optimizer.momentum' is 1, which is out of range; give a number of at least 0 and below 1."
            ),
            (
                "optimizer: {name: sgd, learningRate: -0.1}\n",
                "1:38: 'optimizer.learningRate' is -0.1, which is out of range; give a number above 0."
            ),
            (
                "data: {name: digits, validation: 1.5}\n",
                "1:34: 'data.validation' is 1.5, which is out of range; "
                    + "give a count of at least 0, or a fraction above 0 and below 1."
            ),
            (
                "model: {input: [28, 28, 1], layers: []}\n",
                "1:37: 'model.layers' is an empty list, which is out of range; "
                    + "give a list that is not empty, each element a map of layer keys."
            ),
            // Missing
            ("optimizer: sgd\n", "1:12: 'optimizer.learningRate' is missing; give a number above 0."),
            ("optimizer: {name: sgd}\n", "1:12: 'optimizer.learningRate' is missing; give a number above 0."),
            ("batch:\n", "1:1: 'batch' is missing; give an integer of at least 1, or all."),
            (
                "loss: {}\n",
                "1:7: 'loss' says nothing; allowed here: crossEntropy, mse, binaryCrossEntropy, l1, hinge, logLoss, "
                    + "maxMargin, perceptron, adaline, halfSquare, sumSquares, gaussianKL."
            ),
            // Contradictions
            (
                "schedule: {cosine: {}, constant: {}}\n",
                "1:24: 'schedule' has 'cosine' and 'constant', which exclude each other; keep one."
            ),
            (
                "validation: {everyEpochs: 1, everySteps: 5}\n",
                "1:30: 'validation' has 'everyEpochs' and 'everySteps', which exclude each other; keep one."
            ),
            ("grain: 128\n", "1:1: 'grain': 128 is more than the batch of 64; make it at most 64."),
            ("data: mnist\n", "1:7: 'data.name': 'mnist' is read from files; add the key 'path' with their folder."),
            (
                "schedule: step\n",
                "1:11: 'schedule.step': it says not when the rate changes; add everyEpochs, everySteps or atEpochs."
            ),
            (
                "schedule: onPlateau\ndata: {name: digits, validation: 0}\n",
                "2:22: 'data.validation': 0 leaves nothing for the schedule onPlateau to go by; "
                    + "set samples aside or choose another schedule."
            ),
            (
                "model:\n  input: [784]\n  layers:\n    - {linear: {units: 5, initializer: zero}}\n",
                "4:40: 'model.layers.0.linear.initializer.zero': with equal weights all units of a layer compute the "
                    + "same thing "
                    + "and get the same gradient, so they never differ; use heNormal, heUniform, xavierNormal, "
                    + "xavierUniform or uniformFanIn, or `constant: 0` where the layer is the output."
            ),
            // Environment
            (
                "data: {name: mnist, path: ${NOWHERE}/mnist}\n",
                "1:27: 'data.path' needs the environment variable NOWHERE, which is not set; "
                    + "set it, or write a default: ${NOWHERE:-value}."
            ),
            (
                "batch: ${NOWHERE}\n",
                "1:8: 'batch' needs the environment variable NOWHERE, which is not set; "
                    + "set it, or write a default: ${NOWHERE:-value}."
            ),
            (
                "data:\n  name: mnist\n  path: ${9}\n",
                "3:9: 'data.path' has '${9}', which is no reference to an environment variable; "
                    + "write ${NAME} or ${NAME:-default}, and $${ for the characters themselves."
            ),
            // YAML itself
            ("seed: 1\nseed: 2\n", "1:1: the key 'seed' appears more than once in one map; keep one."),
            (
                "seed: [1, 2\n",
                "2:6: this is not YAML: while parsing a flow sequence, did not find expected ',' or ']'; "
                    + "correct the text here or just above."
            ),
            (
                "seed: \"1\n",
                "7:1: this is not YAML: while scanning a quoted scalar, found unexpected end of stream; "
                    + "correct the text here or just above."
            ),
            (
                "seed: 1\u{1}\n",
                "1:8: this is not YAML: control characters are not allowed (character code 1); "
                    + "correct the text here or just above."
            ),
        ])
    func mistake(yaml: String, message: String) {
        let problem = configurationProblem(configurationText(yaml))
        if message.hasSuffix(": ") {  // The beginning suffices where the list of keys is long.
            #expect(problem?.hasPrefix("configs/run.yaml:" + message) == true, "\(problem ?? "no error")")
        } else {
            #expect(problem == "configs/run.yaml:" + message)
        }
    }

    @Test("A missing section is named with the place of the file's map")
    func missingSection() {
        #expect(
            throws: ConfigurationError.missingKey(
                .file("configs/run.yaml", line: 1, column: 1), key: "optimizer", expected: "a map of optimizer keys")
        ) {
            try readConfiguration(configurationText("seed: 1\n", without: ["optimizer"]))
        }
        #expect(
            throws: ConfigurationError.refused(
                .file("configs/run.yaml", line: 1, column: 1), key: "",
                reason: "it says not when training ends; add epochs or maxSteps.")
        ) {
            try readConfiguration(configurationText("seed: 1\n", without: ["epochs"]))
        }
    }

    @Test("Errors can be told apart by case")
    func cases() {
        let place = ConfigurationPlace.file("configs/run.yaml", line: 1, column: 8)
        #expect(
            throws: ConfigurationError.wrongType(
                place, key: "batch", expected: "an integer of at least 1, or all", found: "'x'")
        ) {
            try readConfiguration(configurationText("batch: x\n"))
        }
        #expect(
            throws: ConfigurationError.outOfRange(
                place, key: "batch", value: "-3", expected: "an integer of at least 1")
        ) {
            try readConfiguration(configurationText("batch: -3\n"))
        }
    }

    @Test("Lists within lists, up to any depth, end with an error", arguments: [100, 10_000, 200_000])
    func depth(levels: Int) {
        for text in [
            String(repeating: "[", count: levels), String(repeating: "{a: ", count: levels),
            String(repeating: "- ", count: levels),
        ] {
            #expect(configurationProblem(configurationText("seed: \(text)\n")) != nil)
        }
    }

    @Test("Aliases that multiply end with an error before they do")
    func aliases() {
        let uses = (0..<33).map { "b\($0): *a\n" }.joined()
        let text: String = "a: &a [1]\n" + uses
        #expect(configurationProblem(configurationText(text))?.contains("more than 32 aliases (*name)") == true)
    }

    @Test("A seed may be any integer, and a few aliases are no problem")
    func largeSeed() throws {
        #expect(try readConfiguration(configurationText("seed: 9223372036854775807\n")).seed == UInt64(Int.max))
        #expect(try readConfiguration(configurationText("batch: &size 32\ngrain: *size\n")).grain == 32)
    }

    @Test("All problems are reported in the order of the file, ten at most, the rest counted")
    func several() throws {
        let problem = try #require(configurationProblem(configurationText("clipNorm: 0\nsead: 1\nbatch: x\n")))
        let lines = problem.split(separator: "\n").map { $0.prefix(while: { $0 != " " }) }
        #expect(lines == ["configs/run.yaml:1:11:", "configs/run.yaml:2:1:", "configs/run.yaml:3:8:"])

        let many = (1...12).map { "wrong\($0): 1\n" }.joined()
        let truncated = try #require(configurationProblem(configurationText(many))).split(separator: "\n")
        #expect(truncated.count == 11)
        #expect(truncated.last == "… and 2 more.")
    }

    @Test("A value that could not be read does not cause a second report by a cross check")
    func noConsequentialReports() {
        #expect(
            configurationProblem(configurationText("grain: 512\nbatch: x\n"))
                == "configs/run.yaml:2:8: 'batch' is 'x'; give an integer of at least 1, or all.")
    }

    @Test("A text that is no map, an empty text and a missing file are refused")
    func noConfiguration() throws {
        #expect(
            configurationProblem("- 1\n")
                == "configs/run.yaml:1:1: the configuration is a list; give a map of top level keys.")
        #expect(
            configurationProblem("")?.hasPrefix("configs/run.yaml:1:1: 'model' is missing; give a map of model keys.\n")
                == true)
        #expect(throws: ConfigurationError.unreadableFile("no/such.yaml", reason: "No such file or directory")) {
            try RunConfiguration(file: "no/such.yaml")
        }
    }

    @Test(
        "The nearest name is found by slips of the hand, not by force",
        arguments: [
            ("learningrate", "learningRate"), ("momentm", "momentum"), ("lr", nil), ("epcohs", "epochs"), ("xyz", nil),
        ] as [(String, String?)])
    func nearest(name: String, expected: String?) {
        #expect(nearestName(to: name, among: ["learningRate", "momentum", "epochs", "seed"]) == expected)
    }

    @Test(
        "The edit distance counts insertions, deletions, substitutions and swaps",
        arguments: [
            ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("grain", "Grain", 0),
            ("ca", "abc", 3),
        ])
    func distance(a: String, b: String, expected: Int) {
        #expect(editDistance(a, b) == expected)
    }
}
