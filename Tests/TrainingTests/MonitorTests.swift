import NeuralNetwork
import TensorCore
import TestSupport
import Testing
import Training

@Suite struct MonitorTests {
    private let classifier: [MetricDefinition]
    private let regression: [MetricDefinition]
    /// 10 samples: mean loss 0.5, 8 right, 1 beyond the first five.
    private let sums = MetricSums(samples: 10, weight: 10, own: [5, 8, 10, 1, 10])

    init() throws {
        let linear = try network([.linear(units: 10)], input: [2])
        classifier = try linear.objective(
            CrossEntropyLoss(), metrics: [Accuracy(), TopKError(k: 5)],
            like: FieldBatch([1, 2], [2], .classes([0], of: 10))
        ).metrics
        regression = try linear.objective(
            MeanSquaredErrorLoss(), metrics: [CoefficientOfDetermination()],
            like: FieldBatch([1, 2], [2], .values([Float](repeating: 0, count: 10), [10]))
        ).metrics
    }

    @Test(
        "every metric can be monitored, and the complement of a share",
        arguments: [
            ("valLoss", 0.5, false), ("valAccuracy", 0.8, true), ("valError", 1 - 0.8, false),
            ("valTop5Error", 0.1, false),
        ])
    func names(name: String, value: Double, higherIsBetter: Bool) throws {
        let monitor = try Monitor(name, classifier)
        #expect(monitor.name == name && monitor.value(of: sums) == value && monitor.higherIsBetter == higherIsBetter)
    }

    @Test("the usual one is the error of a classifier, else the loss")
    func usual() throws {
        #expect(try Monitor(nil, classifier).name == "valError")
        #expect(try Monitor(nil, regression).name == "valLoss")
        #expect(try Monitor("valR2", regression).higherIsBetter)
    }

    @Test("an unknown one is refused with those that there are")
    func unknown() {
        #expect(throws: TrainingError.unknownMonitor(name: "valError", known: ["valLoss", "valR2"])) {
            try Monitor("valError", regression)
        }
    }

    @Test("a loss that is no number is worse than any, whatever is monitored")
    func nonFinite() throws {
        let broken = MetricSums(samples: 10, weight: 10, own: [.nan, 8, 10, 1, 10])
        let monitor = try Monitor("valAccuracy", classifier)
        #expect(!monitor.isBetter(monitor.value(of: broken), than: nil))
        #expect(monitor.isBetter(0.8, than: 0.7) && !monitor.isBetter(0.7, than: 0.7) && monitor.isBetter(0, than: nil))
    }
}
