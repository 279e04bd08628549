import ConfigurationReading
import DataPipeline
import NeuralNetwork
import Optimization
import Testing
import Training

@Suite struct ConfigurationOverrideTests {
    private let base = configurationText("data: {name: digits, augment: [ {translate: 2}, flip ]}\nschedule: cosine\n")

    @Test("An override replaces a value, creates maps and goes into lists and short forms")
    func applied() throws {
        let run = try readConfiguration(
            base,
            overrides: [
                "optimizer.learningRate=0.05", "checkpoint.keep=7", "data.augment.0.translate=3", "model.dropout=0.25",
                "schedule.cosine.minimumRate=0.001", "schedule.warmup.steps=10",
                "loss={crossEntropy: {labelSmoothing: 0.2}}",
            ])
        #expect(run.phase.optimizer.learningRate == 0.05)
        #expect(run.checkpoint.keep == 7)
        #expect(run.data.augment == [.translate(pixels: 3), .flipHorizontal])
        #expect(run.model == .zoo(name: "lenet5", ZooOptions(hidden: [], dropout: 0.25), classes: nil))
        #expect(run.phase.schedule.schedule.isEqual(to: CosineSchedule(minimumRate: 0.001)))
        #expect(run.phase.schedule.warmup?.length == .steps(10))
        #expect(run.losses == [LossTerm(CrossEntropyLoss(labelSmoothing: 0.2))])
    }

    @Test("A path that an option gives is text, whatever its characters mean to YAML")
    func paths() throws {
        let text = configurationText("data: {name: mnist, path: here}\n")
        for path in [
            "a: b", "my data #1", "[1]", "{a: 1}", "true", "null", "1e3", "quo\"te", "${HOME}", "*x", "é\u{301}",
        ] {
            let run = try RunConfiguration(yaml: text, file: "c.yaml", paths: [("data.path", path)], environment: [:])
            #expect(run.data.path == path)
            let stored = try run.storedYAML(startedIn: "/somewhere")
            let again = try RunConfiguration(yaml: stored, file: "c.yaml", environment: [:])
            #expect(again.data.path == "/somewhere/" + path && again.fingerprint == run.fingerprint)
        }
    }

    @Test("Quotes around a name change nothing, around a number they make a text")
    func quotes() throws {
        let plain = try readConfiguration(base)
        let quoted = configurationText(
            "data: {\"name\": \"digits\", 'augment': [ {\"translate\": 2}, \"flip\" ]}\nschedule: \"cosine\"\n")
        #expect(try readConfiguration(quoted).resolvedYAML() == plain.resolvedYAML())
        #expect(throws: ConfigurationError.self) { try readConfiguration(base, overrides: ["seed='3'"]) }
    }

    @Test("The end of training counts for the weights only where a schedule depends on it")
    func ends() throws {
        func fingerprint(_ schedule: String, _ overrides: [String]) throws -> UInt64 {
            try readConfiguration(
                configurationText("data: digits\nschedule: \(schedule)\n"), overrides: overrides
            ).fingerprint
        }
        for schedule in ["constant", "onPlateau", "{step: {everySteps: 3}}"] {
            #expect(try fingerprint(schedule, ["epochs=5"]) == fingerprint(schedule, ["epochs=9", "maxSteps=700"]))
        }
        for schedule in ["cosine", "oneCycle"] {
            #expect(try fingerprint(schedule, ["epochs=5"]) != fingerprint(schedule, ["epochs=9"]))
        }
    }

    @Test("The last override of a key holds, and null takes a key away")
    func order() throws {
        #expect(try readConfiguration(base, overrides: ["seed=3", "seed=4"]).seed == 4)
        let run = try readConfiguration(base, overrides: ["epochs=null", "maxSteps=9"])
        #expect(run.epochs == nil)
        #expect(run.maxSteps == 9)
    }

    @Test("An override's value may refer to the environment")
    func environment() throws {
        #expect(try readConfiguration(base, overrides: ["epochs=${DEPTH}"]).epochs == 3)
    }

    @Test(
        "Mistakes in overrides are answered with the override's text",
        arguments: [
            ("seed", "this has no '='; write key.path=value, for example optimizer.learningRate=0.05."),
            ("a..b=1", "a key before the '=' is empty; write key.path=value, for example optimizer.learningRate=0.05."),
            ("data.augment.2=flip", "'data.augment' is a list of 2, which has no '2'; give an index from 0 to 1."),
            (
                "data.augment.first=flip",
                "'data.augment' is a list of 2, which has no 'first'; give an index from 0 to 1."
            ),
            ("batch=x", "'batch' is 'x'; give an integer of at least 1, or all."),
            ("batch.size=3", "'batch' is a map; give an integer of at least 1, or all."),
            (
                "optimizer.momentun=0.5",
                "unknown key 'optimizer.momentun' (did you mean 'momentum'?); "
                    + "allowed here: name, momentum, nesterov, form, learningRate, forBatch, weightDecay, l1, maxNorm, "
                    + "clipWeights, lookahead, groups."
            ),
            (
                "data.augment.1.flip.angle=5",
                "unknown key 'data.augment.1.flip.angle'; allowed here: alternating."
            ),
            ("grain=100", "'grain': 100 is more than the batch of 64; make it at most 64."),
            (
                "seed=[1",
                "this is not YAML: while parsing a flow sequence, did not find expected ',' or ']'; "
                    + "correct the text here or just above."
            ),
            (
                "data.path=${NOWHERE}",
                "'data.path' needs the environment variable NOWHERE, which is not set; set it, or write a default: "
                    + "${NOWHERE:-value}."
            ),
        ])
    func mistake(override: String, message: String) {
        let problem = configurationProblem(base, overrides: [override])
        let place = "--set \(override): "
        #expect(problem == place + message)
    }
}
