import ConfigurationReading
import DataPipeline
import NeuralNetwork
import Optimization
import Testing
import Training

@Suite struct ConfigurationSectionTests {
    @Test(
        "Every layer form is read",
        arguments: [
            ("relu", .activation("relu")),
            ("{relu: {}}", .activation("relu")),
            ("{leakyRelu: 0.2}", .activation("leakyRelu", 0.2)),
            ("leakyRelu", .activation("leakyRelu", 0.01)),
            ("sigmoid", .activation("sigmoid")), ("tanh", .activation("tanh")), ("softmax", .activation("softmax")),
            ("logSoftmax", .activation("logSoftmax")), ("elu", .activation("elu", 1)),
            ("gelu", .activation("gelu")),
            ("silu", .activation("silu")), ("softplus", .activation("softplus")), ("ramp", .activation("ramp")),
            ("flatten", .flatten), ("globalAveragePool", .globalAveragePool),
            ("{dropout: 0.5}", .dropout(probability: 0.5)),
            ("{dropout: {probability: 0.5}}", .dropout(probability: 0.5)),
            ("batchNorm", .batchNorm(momentum: 0.1, epsilon: 1e-5)),
            ("{batchNorm: {momentum: 0.01, epsilon: 1e-3}}", .batchNorm(momentum: 0.01, epsilon: 1e-3)),
            ("{linear: 120}", .linear(units: 120)),
            (
                "{linear: {units: 9, bias: false, initializer: xavierUniform}}",
                .linear(units: 9, bias: false, initializer: .xavierUniform)
            ),
            (
                "{linear: {units: 9, initializer: {uniformFanIn: 2}}}",
                .linear(units: 9, initializer: .uniformFanIn(2))
            ),
            ("{linear: {units: 9, initializer: uniformFanIn}}", .linear(units: 9, initializer: .uniformFanIn(1))),
            (
                "{conv: {filters: 6, kernel: 5, padding: 2}}",
                .convolution(.init(filters: 6, kernel: .init(5), padding: .explicit(.init(2))))
            ),
            (
                "{conv: {filters: 6, kernel: [1, 7], stride: [2, 1], padding: same, dilation: 2, groups: 3, bias: "
                    + "false, initializer: heNormal}}",
                .convolution(
                    .init(
                        filters: 6, kernel: .init(height: 1, width: 7), stride: .init(height: 2, width: 1),
                        padding: .same,
                        dilation: .init(2), groups: 3, bias: false, initializer: .heNormal))
            ),
            ("{maxPool: 2}", .maxPool(.init(kernel: .init(2)))),
            ("{maxPool: [2, 3]}", .maxPool(.init(kernel: .init(height: 2, width: 3)))),
            (
                "{maxPool: {kernel: 3, stride: 2, padding: 1, ceil: true}}",
                .maxPool(.init(kernel: .init(3), stride: .init(2), padding: .explicit(.init(1)), ceil: true))
            ),
            ("{averagePool: 2}", .averagePool(.init(kernel: .init(2)), countIncludePad: true)),
            (
                "{averagePool: {kernel: 2, countIncludePad: false}}",
                .averagePool(.init(kernel: .init(2)), countIncludePad: false)
            ),
            ("{residual: [relu]}", .residual(main: [.activation("relu")], shortcut: [])),
            (
                "{residual: {main: [relu, tanh], shortcut: [flatten]}}",
                .residual(main: [.activation("relu"), .activation("tanh")], shortcut: [.flatten])
            ),
            (
                "{concatenate: [[relu], [tanh], []]}",
                .concatenate(branches: [[.activation("relu")], [.activation("tanh")], []])
            ),
            ("{sequence: [relu, {linear: 3}]}", .sequence([.activation("relu"), .linear(units: 3)])),
            ("{name: head, linear: 10}", .named("head", .linear(units: 10))),
            (
                "{name: block, sequence: [ {name: inner, relu: } ]}",
                .named("block", .sequence([.named("inner", .activation("relu"))]))
            ),
        ] as [(String, LayerSpecification)])
    func layer(yaml: String, expected: LayerSpecification) throws {
        let run = try readConfiguration(configurationText("model: {input: [28, 28, 1], layers: [ \(yaml) ]}\n"))
        #expect(run.model == .layers([expected], inputs: [ModelInput(shape: [28, 28, 1])]))
        try expectRoundTrip(run)
    }

    @Test(
        "A layer needs its required keys, and two layers in one entry are refused",
        arguments: [
            (
                "{conv: {filters: 6}}",
                "1:46: 'model.layers.0.conv.kernel' is missing; give an integer of at least 1, or [height, width] of "
                    + "such."
            ),
            ("linear", "1:39: 'model.layers.0.linear.units' is missing; give an integer of at least 1."),
            ("{relu: , tanh: }", "1:48: 'model.layers.0' has 'relu' and 'tanh', which exclude each other; keep one."),
            (
                "{conv: {filters: 4, kernel: 3, groups: 3}}",
                "1:70: 'model.layers.0.conv.groups': 4 filters cannot be shared out evenly over 3 groups; make "
                    + "filters a multiple."
            ),
            (
                "{maxPool: {kernel: 2, padding: 2}}",
                "1:61: 'model.layers.0.maxPool.padding': more than half the kernel, so that a window could lie in "
                    + "the padding alone; make it smaller."
            ),
            (
                "{conv: {filters: 4, kernel: [3, 3, 3]}}",
                "1:67: 'model.layers.0.conv.kernel' is a list; give an integer of at least 1, or [height, width] of "
                    + "such."
            ),
            (
                "{conv: {filters: 4, kernel: 3, padding: valid}}",
                "1:79: 'model.layers.0.conv.padding' is 'valid'; give an integer of at least 0, or [height, width] "
                    + "of such, or same."
            ),
            ("{name: a.b, relu: }", "1:46: 'model.layers.0.name' is 'a.b'; give a name of letters, digits, - and _."),
            (
                "{dropout: 1}",
                "1:49: 'model.layers.0.dropout.probability' is 1, which is out of range; give a number of at least 0 "
                    + "and below 1."
            ),
        ])
    func layerMistake(yaml: String, message: String) {
        let text = configurationText("model: {input: [28, 28, 1], layers: [ \(yaml) ]}\n")
        #expect(configurationProblem(text) == "configs/run.yaml:" + message)
    }

    @Test(
        "Every model of the zoo is read with its options",
        arguments: [
            ("mlp", .zoo(name: "mlp", .init(hidden: [512, 512]), classes: nil)),
            (
                "{name: mlp, hidden: [30], dropout: 0.2}",
                .zoo(name: "mlp", .init(hidden: [30], dropout: 0.2), classes: nil)
            ),
            ("{name: mlp, hidden: []}", .zoo(name: "mlp", .init(hidden: []), classes: nil)),
            (
                "{name: lenet5, dropout: 0.25, classes: 10}",
                .zoo(name: "lenet5", .init(hidden: [], dropout: 0.25), classes: 10)
            ),
            ("resnet110", .zoo(name: "resnet110", .init(hidden: []), classes: nil)),
            ("resnet18-cifar", .zoo(name: "resnet18-cifar", .init(hidden: []), classes: nil)),
            ("vgg11-cifar", .zoo(name: "vgg11-cifar", .init(hidden: []), classes: nil)),
            ("{name: layers, input: [784], layers: [relu]}", .layers([.relu], inputs: [ModelInput(shape: [784])])),
        ] as [(String, ModelConfiguration)])
    func model(yaml: String, expected: ModelConfiguration) throws {
        let run = try readConfiguration(configurationText("model: \(yaml)\n"))
        #expect(run.model == expected)
        try expectRoundTrip(run)
    }

    @Test(
        "Every optimizer is read with its defaults",
        arguments: [
            ("sgd", SGD()), ("momentum", Momentum(momentum: 0.9)),
            ("nesterov", Momentum(momentum: 0.9, nesterov: true)),
            ("sgd, momentum: 0.5, nesterov: true", Momentum(momentum: 0.5, nesterov: true)),
            ("adam", Adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)),
            ("adamw, beta1: 0.8", Adam(beta1: 0.8, beta2: 0.999, epsilon: 1e-8, decouplesWeightDecay: true)),
            ("rmsprop", RMSprop(decay: 0.99, epsilon: 1e-8, momentum: 0)), ("adagrad", Adagrad(epsilon: 1e-10)),
            ("adadelta", Adadelta(decay: 0.9, epsilon: 1e-6)),
            ("rprop", Rprop(decrease: 0.5, increase: 1.2, minimumStep: 1e-6, maximumStep: 50)),
        ] as [(String, any UpdateRule)])
    func optimizer(yaml: String, expected: any UpdateRule) throws {
        let run = try readConfiguration(configurationText("optimizer: {learningRate: 1e-3, name: \(yaml)}\n"))
        #expect(run.phase.optimizer.rule.isEqual(to: expected))
        #expect(run.phase.optimizer.learningRate == 1e-3)
        try expectRoundTrip(run)
    }

    @Test("Parameter groups match names by shell patterns")
    func groups() throws {
        let run = try readConfiguration(
            configurationText(
                """
                optimizer:
                  {name: sgd, learningRate: 0.1, groups: [ {match: "*.bias", weightDecay: 0, learningRateFactor: 2},
                    {match: [fc?.weight, "*norm*"]} ]}

                """))
        let groups = run.phase.optimizer.groups
        #expect(groups.map(\.match) == [["*.bias"], ["fc?.weight", "*norm*"]])
        #expect(groups.map(\.weightDecay) == [0, nil])
        #expect(groups.map(\.learningRateFactor) == [2, 1])
        try expectRoundTrip(run)
    }

    @Test(
        "Every schedule is read",
        arguments: [
            ("constant", ConstantSchedule()), ("{constant: }", ConstantSchedule()),
            ("{warmup: {steps: 5}}", ConstantSchedule()),
            ("{step: {everyEpochs: 3}}", StepSchedule(.every(.epochs(3)), factor: 0.1)),
            ("{step: {everySteps: 300, factor: 0.5}}", StepSchedule(.every(.steps(300)), factor: 0.5)),
            ("{step: {atEpochs: [80, 120]}}", StepSchedule(.atEpochs([80, 120]), factor: 0.1)),
            ("cosine", CosineSchedule(minimumRate: 0)),
            ("{warmup: {epochs: 1, from: 0.1}, cosine: {minimumRate: 1e-5}}", CosineSchedule(minimumRate: 1e-5)),
            ("{polynomial: {power: 2}}", PolynomialSchedule(power: 2, minimumRate: 0)),
            ("oneCycle", OneCycleSchedule(rise: 0.3, initialFactor: 0.04, finalFactor: 4e-6)),
        ] as [(String, any Schedule)])
    func schedule(yaml: String, expected: any Schedule) throws {
        let run = try readConfiguration(configurationText("schedule: \(yaml)\n"))
        #expect(run.phase.schedule.schedule.isEqual(to: expected))
        try expectRoundTrip(run)
    }

    @Test("The plateau rule's defaults are halving with patience 1 and rollback; all can be changed")
    func plateau() throws {
        func plateau(_ yaml: String) throws -> ScheduleConfiguration.Plateau? {
            guard
                case .onPlateau(let plateau) = try readConfiguration(configurationText("schedule: \(yaml)\n")).phase
                    .schedule.rule
            else { return nil }
            return plateau
        }
        let first = try #require(try plateau("onPlateau"))
        #expect(first.factor == 0.5 && first.patience == 1 && first.cooldown == 0 && first.minDelta == 0)
        #expect(first.minimumRate == 0 && first.rollback && first.monitor == nil)
        let second = try #require(
            try plateau(
                "{onPlateau: {factor: 0.1, patience: 3, cooldown: 2, minDelta: 0.001, minimumRate: 1e-4, rollback: "
                    + "false, monitor: valLoss}}"
            ))
        #expect(second.factor == 0.1 && second.patience == 3 && second.cooldown == 2 && second.minDelta == 0.001)
        #expect(second.minimumRate == 1e-4 && !second.rollback && second.monitor == "valLoss")
    }

    @Test(
        "Schedules that contradict themselves are refused",
        arguments: [
            ("{warmup: {}}", "1:20: 'schedule.warmup': it says not how long the rise lasts; add epochs or steps."),
            (
                "{warmup: {epochs: 1, steps: 2}}",
                "1:32: 'schedule.warmup' has 'epochs' and 'steps', which exclude each other; keep one."
            ),
            (
                "{oneCycle: , warmup: {epochs: 1}}",
                "1:24: 'schedule.warmup': oneCycle has a rise of its own; remove one of them."
            ),
            (
                "{step: {atEpochs: [3, 3]}}",
                "1:19: 'schedule.step.atEpochs': the epochs do not rise; sort them and name each once."
            ),
            (
                "{step: {atEpochs: [3], everySteps: 2}}",
                "1:34: 'schedule.step' has 'atEpochs' and 'everySteps', which exclude each other; keep one."
            ),
        ])
    func scheduleMistake(yaml: String, message: String) {
        #expect(configurationProblem(configurationText("schedule: \(yaml)\n")) == "configs/run.yaml:" + message)
    }

    @Test(
        "Every loss is read",
        arguments: [
            ("crossEntropy", LossTerm(CrossEntropyLoss())),
            ("{crossEntropy: {labelSmoothing: 0.1}}", LossTerm(CrossEntropyLoss(labelSmoothing: 0.1))),
            ("mse", LossTerm(MeanSquaredErrorLoss())),
            ("binaryCrossEntropy", LossTerm(BinaryCrossEntropyLoss(fromLogits: true))),
            ("{binaryCrossEntropy: {fromLogits: false}}", LossTerm(BinaryCrossEntropyLoss(fromLogits: false))),
            (
                "{mse: {of: slant, target: angle}, weight: 10, only: training}",
                LossTerm(
                    MeanSquaredErrorLoss(), output: "slant", target: "angle", weight: 10, isForTrainingOnly: true)
            ),
        ] as [(String, LossTerm)])
    func loss(yaml: String, expected: LossTerm) throws {
        let run = try readConfiguration(configurationText("loss: \(yaml)\n"))
        #expect(run.losses == [expected])
        try expectRoundTrip(run)
    }

    @Test("Data, augmentation and the validation split are read")
    func data() throws {
        let run = try readConfiguration(
            configurationText(
                """
                data:
                  name: cifar10
                  path: /data/cifar
                  validation: 0.25
                  preprocessing: meanSubtraction
                  limit: 1000
                  augment: [ {translate: {pixels: 1}}, flip, crop, {crop: 2}, {crop: {padding: 3}} ]

                """))
        #expect(run.data.name == "cifar10")
        #expect(run.data.path == "/data/cifar")
        #expect(run.data.validation == .fraction(0.25))
        #expect(run.data.preprocessing == .meanSubtraction)
        #expect(run.data.limit == 1000)
        #expect(
            run.data.augment == [
                .translate(pixels: 1), .flipHorizontal, .randomCrop(padding: 4), .randomCrop(padding: 2),
                .randomCrop(padding: 3),
            ])
        try expectRoundTrip(run)
        #expect(
            configurationProblem(configurationText("data: {name: digits, limit: 5, validation: 5}\n"))
                == "configs/run.yaml:1:32: 'data.validation': 5 of 5 samples leave none to train on; "
                + "make validation smaller."
        )
    }

    @Test("A table is described beside its name")
    func table() throws {
        let run = try readConfiguration(
            configurationText(
                """
                data:
                  name: csv
                  path: /data/tabular/abalone.csv
                  columns: [sex, length, rings]
                  target: rings
                  categorical: [sex]
                  separator: semicolon
                  test: 0.25
                  targetPreprocessing: standardize

                """))
        let settings = TableSettings(
            hasHeader: false, separator: ";", columns: ["sex", "length", "rings"], targets: ["rings"],
            categorical: ["sex"])
        #expect(run.data.dataset.isEqual(to: CSV(table: settings, test: 0.25)))
        #expect(run.data.name == "csv" && run.data.targetPreprocessing == .standardize)
        #expect(run.data.path(in: "/sets") == "/sets/tabular/abalone.csv")
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: {name: csv, path: a.csv}\n"))
        #expect(bare.data.dataset.isEqual(to: CSV(table: TableSettings())))
        #expect(bare.data != run.data)
    }

    @Test("A text is described beside its name")
    func text() throws {
        let run = try readConfiguration(
            configurationText("data: {name: text, path: a.txt, window: 32, vocabulary: bytes}\n"))
        #expect(run.data.dataset.isEqual(to: Text(window: 32, vocabulary: .bytes)))
        try expectRoundTrip(run)
    }

    @Test("Drawn points are described beside their name, and their shape has to be named")
    func points() throws {
        let run = try readConfiguration(
            configurationText("data: {name: points, shape: moons, noise: 0.1, training: 500, test: 50, seed: 7}\n"))
        let points = Points(shape: .moons, noise: 0.1, training: 500, test: 50, seed: 7)
        #expect(run.data.dataset.isEqual(to: points) && run.data.path == nil)
        try expectRoundTrip(run)
        let bare = try readConfiguration(configurationText("data: {name: points, shape: xor}\n"))
        #expect(bare.data.dataset.isEqual(to: Points(shape: .xor)))
        #expect(
            configurationProblem(configurationText("data: points\n"))?.contains("'data.shape'") == true)
    }

    @Test("A data set refuses the keys of another, and needs a path where it has files")
    func dataKeys() {
        #expect(
            configurationProblem(configurationText("data: {name: mnist, path: a, window: 3}\n"))?
                .contains("unknown key 'data.window'") ?? false)
        #expect(
            configurationProblem(configurationText("data: text\n"))
                == "configs/run.yaml:1:7: 'data.name': 'text' is read from a file; add the key 'path' with the file.")
        #expect(
            configurationProblem(configurationText("data: mnst\n"))
                == "configs/run.yaml:1:7: 'data.name' names 'mnst', which does not exist (did you mean 'mnist'?); "
                + "allowed here: digits, points, mnist, fashion-mnist, cifar10, csv, text.")
    }

    @Test("A model of the zoo has the classes of its options, or else those of the data")
    func classes() throws {
        func last(_ yaml: String, classes: Int) throws -> LayerSpecification? {
            try readConfiguration(configurationText("model: \(yaml)\n")).model
                .description(name: "test", input: nil, classes: classes).layers.last
        }
        #expect(try last("lenet5", classes: 100) == ZooModel.lenet5.layers(ZooOptions(classes: 100)).last)
        #expect(
            try last("{name: lenet5, classes: 7}", classes: 100) == ZooModel.lenet5.layers(ZooOptions(classes: 7)).last)
        #expect(try last("{input: [784], layers: [relu, {linear: 3}]}", classes: 100) == .linear(units: 3))
    }

    private func expectRoundTrip(_ run: RunConfiguration) throws {
        let again = try RunConfiguration(yaml: run.resolvedYAML(), file: "other.yaml", environment: [:])
        #expect(again == run)
    }
}
