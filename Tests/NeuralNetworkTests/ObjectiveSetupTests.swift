import ConfigurationReading
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Models, losses and metrics are checked against the fields of the data before training.
@Suite struct ObjectiveSetupTests {
    private static let features = FieldDescription(
        name: "features", elementType: .float32, shape: [2, 3, 1], meaning: .real(names: []))
    private static let real = FieldDescription(
        name: "y", elementType: .float32, shape: [2], meaning: .real(names: ["a", "b"]))
    private static let classes = FieldDescription(
        name: "y", elementType: .int32, shape: [], meaning: .classes(names: ["a", "b", "c"]))

    private func setup(
        _ network: Network, _ target: FieldDescription?, usual: String? = "y"
    ) -> ObjectiveSetup {
        ObjectiveSetup(
            network: network, fields: [Self.features] + (target.map { [$0] } ?? []), defaultInput: "features",
            defaultTarget: usual)
    }

    private func vectors(outputs: Int) throws -> Network { try network([.linear(units: outputs)], input: [6]) }

    /// A name in a file, whose place errors must give.
    private func placed(_ name: String) -> PlacedName {
        PlacedName(name, place: .file("run.yaml", line: 3, column: 9), key: "loss.mse.target")
    }

    @Test(
        "the model's input is the sample's shape or its values as a vector",
        arguments: [[6], [2, 3, 1], [3, 2, 1]] as [Shape])
    func input(shape: Shape) throws {
        let model = try network([.relu], input: shape, name: "net").models[0]
        let setup = setup(try network([.relu], input: shape, name: "net"), Self.real)
        if shape[0] == 3 {
            #expect(throws: ConfigurationError.self) { try setup.bindings(of: model) }
        } else {
            #expect(try setup.bindings(of: model).map(\.field) == ["features"])
        }
    }

    @Test func anInputOfAnotherShapeIsRefusedAtItsPlaceWithTheShapeToGive() throws {
        let place = PlacedName("input", place: .file("run.yaml", line: 2, column: 3), key: "model.input")
        let network = try Network([
            ModelDescription(
                name: "net", inputs: [ModelInput(shape: [5], place: place)], layers: [.activation("relu")])
        ])
        let reason = "[5] is not the shape of 'features'; give [2, 3, 1], or [6] for vectors."
        #expect(throws: ConfigurationError.refused(place.place, key: "model.input", reason: reason)) {
            try setup(network, Self.real).bindings(of: network.models[0])
        }
    }

    @Test func severalInputsTakeTheFieldsOfTheirNames() throws {
        func network(_ name: String) throws -> Network {
            try Network([
                ModelDescription(
                    name: "net",
                    inputs: [
                        ModelInput(name: "features", shape: [6]),
                        ModelInput(name: name, shape: [2], place: placed(name)),
                    ],
                    layers: [.concatenate.reading("features", name)])
            ])
        }
        let two = try network("y")
        #expect(try setup(two, Self.real).bindings(of: two.models[0]).map(\.field) == ["features", "y"])
        let other = try network("z")
        let error = placed("z").unknown("field", known: ["features", "y"])
        #expect(throws: error) { try setup(other, Self.real).bindings(of: other.models[0]) }
    }

    @Test func theOutputHasANumberForEachOfTheTargetOrForEachClass() throws {
        func problem(_ loss: any Loss, outputs: Int, _ target: FieldDescription) -> String? {
            do {
                _ = try SupervisedSpecification(losses: [LossTerm(loss)]).make(
                    setup(try vectors(outputs: outputs), target))
                return nil
            } catch { return "\(error)" }
        }
        #expect(problem(MeanSquaredErrorLoss(), outputs: 2, Self.real) == nil)
        #expect(problem(CrossEntropyLoss(), outputs: 3, Self.classes) == nil)
        #expect(problem(MeanSquaredErrorLoss(), outputs: 3, Self.classes) == nil)
        #expect(
            problem(MeanSquaredErrorLoss(), outputs: 3, Self.real)?.hasSuffix(
                "mse of 0: y is [2], but the output is [3]; make both equally large.") == true)
        #expect(
            problem(CrossEntropyLoss(), outputs: 3, Self.real)?.hasSuffix(
                "crossEntropy of 0: it compares classes, or a probability for each output, and y is [2] real numbers "
                    + "for an output of [3]; use mse.") == true)
        #expect(problem(CrossEntropyLoss(), outputs: 2, Self.real) == nil)
        #expect(
            problem(CrossEntropyLoss(), outputs: 2, Self.classes)?.hasSuffix(
                "crossEntropy of 0: y has 3 classes, but the output is [2]; give the last layer 3 outputs, "
                    + "so that it is [3].") == true)
    }

    @Test func theHingeLossTakesOneOutputForTwoClassesOrANumberForEachOutput() {
        func problem(_ output: Shape, classes: Int) -> String? {
            let names = (0..<classes).map(String.init)
            return HingeLoss().problem(
                output: output,
                target: FieldDescription(name: "y", elementType: .int32, shape: [], meaning: .classes(names: names)))
        }
        #expect(problem([1], classes: 2) == nil)
        #expect(
            problem([2], classes: 2)
                == "it takes one output for the two classes of y, but the output is [2]; make it [1]")
        #expect(problem([1], classes: 3) == "it tells two classes apart, and y has 3; use crossEntropy or maxMargin")
        #expect(HingeLoss().problem(output: [2], target: Self.real) == nil)
        #expect(
            HingeLoss().problem(output: [3], target: Self.real)
                == "y is [2], but the output is [3]; make both equally large")
    }

    @Test func theMarginLossTakesAScoreForEachClass() {
        #expect(MaxMarginLoss().problem(output: [3], target: Self.classes) == nil)
        #expect(MaxMarginLoss().problem(output: [2], target: Self.classes)?.contains("3 classes") == true)
        #expect(MaxMarginLoss().problem(output: [2], target: Self.real)?.contains("use mse") == true)
        #expect(LogLoss().problem(output: [1], target: Self.classes)?.contains("use crossEntropy or maxMargin") == true)
        #expect(SquareSumLoss.halfSquare.problem(output: [2], target: Self.real) == nil)
        #expect(AbsoluteErrorLoss().problem(output: [2], target: Self.real) == nil)
    }

    @Test func metricsThatDifferInTheirKeysAreTwoMetrics() throws {
        let target = FieldDescription(
            name: "y", elementType: .int32, shape: [], meaning: .classes(names: ["no", "yes"]))
        let setup = setup(try vectors(outputs: 1), target)
        func names(_ metrics: [any Metric]) throws -> [String] {
            try SupervisedSpecification(losses: [LossTerm(HingeLoss())], metrics: metrics.map { MetricTerm($0) })
                .make(setup).metrics.map(\.name)
        }
        #expect(try names([ClassRate(.f1), ClassRate(.f1, positive: 0)]) == ["loss", "f1", "f1Class0"])
        #expect(throws: ConfigurationError.self) { try names([ClassRate(.f1), ClassRate(.f1)]) }
    }

    @Test func aTargetThatTheDataDoNotHaveIsRefusedWithItsPlaceAndTheFieldsThereAre() throws {
        let without = setup(try vectors(outputs: 2), nil, usual: nil)
        let place = placed("slant")
        #expect(throws: place.unknown("field", known: ["features"])) { try without.target(place, from: place) }
        #expect(
            throws: place.refused(because: "the data have no usual target; name a field in `target`: features.")
        ) { try without.target(nil, from: place) }
        #expect("\(place.unknown("field", known: ["features"]))".hasPrefix("run.yaml:3:9: 'loss.mse.target'"))
    }

    @Test func oneOutputAgainstTwoFieldsHasTwoMetricsOfEachKind() throws {
        let other = FieldDescription(name: "z", elementType: .float32, shape: [2], meaning: .real(names: []))
        let setup = ObjectiveSetup(
            network: try network([.named("out", .linear(units: 2))], input: [6]),
            fields: [Self.features, Self.real, other], defaultInput: "features", defaultTarget: "y")
        let losses = [LossTerm(MeanSquaredErrorLoss()), LossTerm(MeanSquaredErrorLoss(), target: "z")]
        let metrics = [MetricTerm(MeanAbsoluteError()), MetricTerm(MeanAbsoluteError(), target: "z")]
        let objective = try SupervisedSpecification(losses: losses, metrics: metrics).make(setup)
        #expect(objective.metrics.map(\.description.name) == ["loss", "outYMse", "outZMse", "outYMae", "outZMae"])
        #expect(throws: ConfigurationError.self) {
            try SupervisedSpecification(losses: losses + [LossTerm(MeanSquaredErrorLoss(), target: "y")]).make(setup)
        }
        #expect(throws: ConfigurationError.self) {
            try SupervisedSpecification(
                losses: losses, metrics: metrics + [MetricTerm(MeanAbsoluteError(), output: "out")]
            ).make(
                setup)
        }
    }

    @Test func aMetricOfTwoOutputsIsTwoMetricsInChartsToo() throws {
        let setup = ObjectiveSetup(
            network: try network([.named("a", .linear(units: 3)), .named("b", .linear(units: 3))], input: [6]),
            fields: [Self.features, Self.classes], defaultInput: "features", defaultTarget: "y")
        let objective = try SupervisedSpecification(
            losses: ["a", "b"].map { LossTerm(CrossEntropyLoss(), output: $0) },
            metrics: ["a", "b"].map { MetricTerm(Accuracy(), output: $0) }
        ).make(setup)
        let found = objective.metrics.map(\.description)
        #expect(found.map(\.name) == ["loss", "aCrossEntropy", "bCrossEntropy", "aAccuracy", "bAccuracy"])
        #expect(Set(found.map(\.title)).count == 5 && found[3].title == "a: Accuracy")
        #expect(found[3].complementValidationName == "valAError" && found[4].complementValidationName == "valBError")
    }

    @Test func aMetricThatDoesNotMeasureTheTargetIsRefusedWithThoseThatDo() throws {
        let specification = SupervisedSpecification(
            losses: [LossTerm(MeanSquaredErrorLoss())], metrics: [MetricTerm(Accuracy())])
        let error = #expect(throws: ConfigurationError.self) {
            try specification.make(setup(try vectors(outputs: 2), Self.real))
        }
        #expect(error.map { "\($0)" }?.contains("accuracy does not measure ") == true)
        #expect(error.map { "\($0)" }?.contains("these do: ") == true)
    }
}
