import ConfigurationReading
import NeuralNetwork
import Optimization
import Testing
import Training

@Suite struct OptimizationSectionTests {
    @Test(
        "Every optimizer is read with its defaults",
        arguments: [
            ("sgd", SGD()), ("momentum", Momentum(momentum: 0.9)),
            ("nesterov", Momentum(momentum: 0.9, nesterov: true)),
            ("sgd, momentum: 0.5, nesterov: true", Momentum(momentum: 0.5, nesterov: true)),
            ("adam", Adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)),
            ("adamw, beta1: 0.8", Adam(beta1: 0.8, beta2: 0.999, epsilon: 1e-8, decouplesWeightDecay: true)),
            ("momentum, form: deck", Momentum(momentum: 0.9, form: .deck)),
            ("lars", LARS(momentum: 0.9, trust: 0.001)), ("lamb", LAMB(beta1: 0.9, beta2: 0.999, epsilon: 1e-6)),
            ("rprop, miniBatches: true", Rprop(miniBatches: true)),
            ("adamax", Adamax(beta1: 0.9, beta2: 0.999, epsilon: 1e-8)),
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

    @Test(
        "Numbers that a rule can't have, or single precision has not, are refused",
        arguments: [
            (
                "optimizer: {name: sgd, learningRate: 1e300}\n",
                "1:38: 'optimizer.learningRate' is 1e300, which is out of range; give a number above 0, of size 3.4e38 "
                    + "at most."
            ),
            (
                "optimizer: {name: adam, learningRate: 0.1, epsilon: 1e-60}\n",
                "1:53: 'optimizer.epsilon' is 1e-60, which is out of range; give a number above 0, of at least 1e-44."
            ),
            (
                "optimizer: {name: lars, learningRate: 0.1, trust: 0}\n",
                "1:51: 'optimizer.trust' is 0, which is out of range; give a number above 0."
            ),
            (
                "optimizer: {name: lamb, learningRate: 0.1, lookahead: {alpha: 1.5}}\n",
                "1:56: 'optimizer.lookahead.alpha': 1.5 would take the slow weights beyond the others; make it at most "
                    + "1."
            ),
        ])
    func ruleMistake(yaml: String, message: String) {
        #expect(configurationProblem(configurationText(yaml)) == "configs/run.yaml:" + message)
    }

    @Test("Slow weights stand beside any rule")
    func lookahead() throws {
        let run = try readConfiguration(
            configurationText("optimizer: {name: adam, learningRate: 1e-3, lookahead: {steps: 6, alpha: 0.8}}\n"))
        #expect(run.phase.optimizer.lookahead == Lookahead(steps: 6, alpha: 0.8))
        try expectRoundTrip(run)
        #expect(try readConfiguration(configurationText("")).phase.optimizer.lookahead == nil)
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
            (
                "{triangular: {base: 0.01, halfCycleEpochs: 1}}",
                TriangularSchedule(from: 0.01, halfCycle: .epochs(1), mode: .triangular)
            ),
            (
                "{triangular: {base: 0, halfCycleSteps: 9, mode: exponential, gamma: 0.99}}",
                TriangularSchedule(from: 0, halfCycle: .steps(9), mode: .exponential(gamma: 0.99))
            ),
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
                "{triangular: {base: 0.1}}",
                "1:24: 'schedule.triangular': it says not how long a cycle is; add halfCycleEpochs or halfCycleSteps."
            ),
            (
                "{triangular: {base: 0.1, halfCycleSteps: 5, gamma: 0.9}}",
                "1:55: 'schedule.triangular.gamma': it belongs to the mode exponential; remove it or change the mode."
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
            ("binaryCrossEntropy", LossTerm(BinaryCrossEntropyLoss())),
            ("{binaryCrossEntropy: {fromLogits: true}}", LossTerm(BinaryCrossEntropyLoss(fromLogits: true))),
            ("{binaryCrossEntropy: {fromLogits: false}}", LossTerm(BinaryCrossEntropyLoss(fromLogits: false))),
            (
                "{crossEntropy: {fromLogits: false, classWeights: [1, 2.5], sampleWeights: worth}}",
                LossTerm(
                    CrossEntropyLoss(fromLogits: false, classWeights: .list([1, 2.5])), sampleWeights: "worth")
            ),
            (
                "{crossEntropy: {classWeights: balanced}}", LossTerm(CrossEntropyLoss(classWeights: .balanced))
            ),
            (
                "{crossEntropy: {classWeights: {T-shirt/top: 2, 'no: \"x\"': 0}}}",
                LossTerm(
                    CrossEntropyLoss(
                        classWeights: .named([PlacedName("T-shirt/top"): 2, PlacedName("no: \"x\""): 0])))
            ),
            (
                "{gaussianKL: {of: mean, logVariance: spread}}",
                LossTerm(GaussianKLLoss(logVariance: "spread"), output: "mean")
            ),
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
}
