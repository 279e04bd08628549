import NeuralNetwork
import System
import Optimization
import Testing
import Training

@Suite struct ConfigurationValueTests {
    @Test("Keys that are left out have their documented defaults")
    func defaults() throws {
        let run = try readConfiguration(configurationText(""))
        #expect(run.name == "run")
        #expect(run.grain == 32)
        #expect(run.maxSteps == nil)
        #expect(run.losses == [LossTerm(CrossEntropyLoss())])
        #expect(run.phase.schedule.schedule.isEqual(to: ConstantSchedule()))
        #expect(run.phase.schedule.warmup == nil)
        #expect(run.phase.clipNorm == nil)
        #expect(run.validation == .epochs(1))
        #expect(run.checkpoint.everyEpochs == 1)
        #expect(run.checkpoint.everySteps == nil)
        #expect(run.checkpoint.keep == 3)
        #expect(run.checkpoint.best)
        #expect(run.checkpoint.onFailure == .stop)
        #expect(run.logEverySteps == 50)
        #expect(run.seed == 1)
        #expect(run.onNonFinite == .stop)
        #expect(run.deadlineSeconds == 300)
        #expect(run.data.validation == .fraction(0.1))
        #expect(run.data.preprocessing == .standardize)
    }

    @Test("Keys that are given have their values")
    func given() throws {
        let run = try readConfiguration(
            configurationText(
                """
                name: my-run_2
                grain: 16
                maxSteps: 7
                clipNorm: 5
                validation: {everySteps: 9}
                checkpoint: {everySeconds: 60, keep: 1, best: false, onFailure: continue}
                logEverySteps: 3
                seed: 0
                onNonFinite: skip
                deadlineSeconds: 12.5

                """))
        #expect(run.name == "my-run_2")
        #expect(run.grain == 16)
        #expect(run.maxSteps == 7)
        #expect(run.phase.clipNorm == 5)
        #expect(run.validation == .steps(9))
        #expect(run.checkpoint.everySeconds == 60)
        #expect(run.checkpoint.everyEpochs == nil)
        #expect(run.checkpoint.keep == 1)
        #expect(!run.checkpoint.best)
        #expect(run.checkpoint.onFailure == .continue)
        #expect(run.logEverySteps == 3)
        #expect(run.seed == 0)
        #expect(run.onNonFinite == .skip)
        #expect(run.deadlineSeconds == 12.5)
    }

    @Test("A batch of all samples is counted when the data are there")
    func wholeBatch() throws {
        let run = try readConfiguration(configurationText("batch: all\n"))
        guard case .all = run.batchSize else {
            Issue.record("\(run.batchSize)")
            return
        }
        #expect(run.grain == 32)
        try expectRoundTrip(run)
        #expect(
            configurationProblem(configurationText("batch: 9223372036854775808\n"))
                == "configs/run.yaml:1:8: 'batch' is '9223372036854775808'; give an integer of at least 1, or all.")
    }

    @Test("A grain is never larger than a small batch by default")
    func smallBatch() throws {
        #expect(try readConfiguration(configurationText("batch: 8\n")).grain == 8)
    }

    @Test(
        "A file's name without folder and extension names the run",
        arguments: [
            ("a/b/lenet5-mnist.yaml", "lenet5-mnist"), ("x", "x"), ("my run.yml", "my-run"), ("../.yaml", "yaml"),
        ])
    func name(file: String, expected: String) throws {
        #expect(try RunConfiguration(yaml: configurationText(""), file: file, environment: [:]).name == expected)
    }

    @Test(
        "References to the environment are replaced, also unquoted inside braces",
        arguments: [
            ("{name: mnist, path: ${HOME}/sets}", "/home/me/sets"),
            ("{name: mnist, path: \"${HOME}\"}", "/home/me"),
            ("{name: mnist, path: ${NONE:-data}/mnist}", "data/mnist"),
            ("{name: mnist, path: ${EMPTY:-a, b: c}}", "a, b: c"),
            ("{name: mnist, path: ${HOME:-x}${EMPTY:-}}", "/home/me"),
            ("{name: mnist, path: '$${HOME}'}", "${HOME}"),
            ("{name: mnist, path: a$b$$c}", "a$b$$c"),
            ("{name: mnist, path: größe/${HOME:-x}}", "größe//home/me"),
        ])
    func environment(yaml: String, path: String) throws {
        let run = try RunConfiguration(
            yaml: configurationText("data: \(yaml)\n"), file: "run.yaml",
            environment: ["HOME": "/home/me", "EMPTY": ""])
        #expect(run.data.path == path)
    }

    @Test("A reference does not move the columns of what follows it")
    func columns() {
        #expect(
            configurationProblem(configurationText("data: {path: ${NONE:-é, {}/x, nam: digits}\n"))?
                .contains("configs/run.yaml:1:31: unknown key 'data.nam'") == true)
    }

    @Test(
        "Any text survives the resolved configuration",
        arguments: [
            "plain", "true", "null", "~", "12", "a: b", "- x", "#no", " space ", "say \"hi\"", "back\\slash",
            "new\nline\ttab",
            "${HOME}", "$${HOME}", "$", "{}", "[1, 2]", "*.bias", "&a", "größe ☕", "\u{1}\u{85}", "!tag", "%", "@",
            "a,b", "'", "\u{2028}a\u{2029}", "a\u{FEFF}\u{FFFE}\u{FFFF}",
        ])
    func quoting(text: String) throws {
        let run = try RunConfiguration(
            yaml: configurationText("data: {name: mnist, path: ${TEXT}}\n"), file: "run.yaml",
            environment: ["TEXT": text])
        #expect(run.data.path == text)
        let again = try RunConfiguration(yaml: run.resolvedYAML(), file: "run.yaml", environment: [:])
        #expect(again.data.path == text)
        #expect(again == run)
    }

    @Test("A value loses the byte order marks that it begins with, at once and not only when it is read back")
    func byteOrderMarks() throws {
        let run = try RunConfiguration(
            yaml: configurationText("data: {name: mnist, path: \"\u{FEFF}\u{FEFF}${TEXT}\"}\n"), file: "run.yaml",
            environment: ["TEXT": "\u{FEFF}a\u{FEFF}"])
        #expect(run.data.path == "a\u{FEFF}")
        #expect(try RunConfiguration(yaml: run.resolvedYAML(), file: "run.yaml", environment: [:]) == run)
    }

    @Test("The resolved text writes out every default in the order of the reference")
    func resolved() throws {
        let yaml =
            "optimizer: {learningRate: 5e-4, name: sgd}\nschedule: {cosine: {}, warmup: {steps: 10}}\ndata: {name: "
            + "digits, augment: [ {crop: 2}, flip ]}\n"
        #expect(
            try readConfiguration(configurationText(yaml)).resolvedYAML() == """
                name: run
                model:
                  name: lenet5
                  classes: null
                  dropout: 0.0
                models: null
                data:
                  name: digits
                  path: null
                  validation: 0.1
                  preprocessing: standardize
                  targetPreprocessing: none
                  augment:
                    - crop:
                        padding: 2
                        border: background
                    - flip:
                        alternating: false
                  labels: null
                  exclude: []
                  balance: null
                  limit: null
                  loader:
                    threads: null
                    depth: null
                batch: 64
                grain: 32
                epochs: 2
                maxSteps: null
                phases: null
                order: sequence
                of: null
                loss:
                  crossEntropy:
                    of: null
                    target: null
                    sampleWeights: null
                    labelSmoothing: 0.0
                    fromLogits: null
                    classWeights: null
                  weight: 1.0
                  only: null
                losses: null
                metrics: null
                objective: null
                testTimeAugmentation: null
                train: null
                freeze: null
                optimizer:
                  name: sgd
                  momentum: 0.0
                  nesterov: false
                  form: pytorch
                  learningRate: 0.0005
                  forBatch: null
                  weightDecay: 0.0
                  l1: 0.0
                  maxNorm: null
                  clipWeights: null
                  lookahead: null
                  groups: []
                schedule:
                  warmup:
                    epochs: null
                    steps: 10
                    from: 0.0
                  cosine:
                    minimumRate: 0.0
                clipNorm: null
                clipValue: null
                gradientVariance: false
                gradientOverSteps: null
                start: null
                averaging: null
                earlyStopping: null
                stop: null
                baseline: null
                convolutions: automatic
                validation:
                  everyEpochs: null
                  everySteps: null
                checkpoint:
                  everySteps: null
                  everySeconds: null
                  everyEpochs: null
                  keep: 3
                  best: true
                  onFailure: stop
                replicaCheck:
                  everySteps: 100
                logEverySteps: 50
                seed: 1
                onNonFinite: stop
                precision: float32
                arithmetic: openblas
                communication:
                  wire: float32
                  shardOptimizer: auto
                deadlineSeconds: 300.0

                """)
    }

    @Test(
        "The fingerprint changes with what changes the weights",
        arguments: [
            "seed=2", "grain=16", "batch=128", "batch=all", "optimizer.weightDecay=0.2", "data.limit=9999",
            "model.dropout=0.1",
            "loss=mse", "loss.weight=2", "freeze=c1.*", "schedule=cosine", "data.augment=[flip]",
            "onNonFinite=skip",
            "validation.everySteps=5",
            "communication.wire=bfloat16",
        ])
    func fingerprintChanges(override: String) throws {
        let base = configurationText("")
        #expect(try readConfiguration(base).fingerprint != readConfiguration(base, overrides: [override]).fingerprint)
    }

    @Test(
        "The fingerprint ignores names, folders, checkpoints, logging, deadlines, learning rates, and spelling",
        arguments: [
            "name=other", "data.path=/elsewhere", "checkpoint.keep=9", "checkpoint.onFailure=continue",
            "replicaCheck.everySteps=7", "gradientVariance=true", "gradientOverSteps=a", "logEverySteps=1",
            "deadlineSeconds=5",
            "optimizer.learningRate=0.2", "loss={crossEntropy: {labelSmoothing: 0}}", "seed=01",
        ])
    func fingerprintStays(override: String) throws {
        let base = configurationText("")
        #expect(try readConfiguration(base).fingerprint == readConfiguration(base, overrides: [override]).fingerprint)
    }
}
