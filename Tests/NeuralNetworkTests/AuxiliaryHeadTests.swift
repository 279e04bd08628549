import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// A head takes the model's losses in training, and evaluation does not know it.
@Suite struct AuxiliaryHeadTests {
    /// A head of weight 0.5 on what the second layer reads.
    private static let layers: [LayerSpecification] = [
        .named("first", .linear(units: 3)),
        .named("head", .linear(units: 2)).auxiliary(weight: 0.5),
        .named("result", .linear(units: 2)),
    ]
    private let network: Network
    private let values: FlatBuffer
    private let batch = FieldBatch([1, 2, -1, 0.5], [2], .classes([1, 0], of: 2))

    init() throws {
        network = try TestSupport.network(Self.layers, input: [2])
        values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: 3))
    }

    private typealias Run = (loss: Double, gradients: [Float], names: [String])

    private func run(_ losses: [LossTerm], evaluates: Bool = false) throws -> Run {
        let objective = try network.objective(losses, metrics: [], fields: batch.fields)
        let tape = Tape(layout: network.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: evaluates ? nil : gradients.pointer)
        let key = RandomKey(seed: 1)
        let result = objective(GrainContext(batch, on: tape, mode: evaluates ? .evaluation : .training(key), key: key))
        if let loss = result.loss, !evaluates { tape.backward(from: loss) }
        return (
            Double(result.loss?.value.pointer[0] ?? 0), (0..<network.layout.count).map { gradients.pointer[$0] },
            objective.metrics.map(\.name)
        )
    }

    private let result = LossTerm(CrossEntropyLoss(), output: "result")
    private func head(_ weight: Float) -> LossTerm {
        LossTerm(CrossEntropyLoss(), output: "head", weight: weight, isForTrainingOnly: true)
    }

    @Test func theNextLayerGoesOnBeforeTheHead() {
        let model = network.models[0]
        #expect(model.outputName == "result" && model.auxiliaryHeads == [AuxiliaryHead(name: "head", weight: 0.5)])
        #expect(model.parameters.map(\.shape) == [[3, 2], [3], [2, 3], [2], [2, 3], [2]])
        #expect(model.inferenceRows.map(\.name) == ["first", "result"])
    }

    @Test func everyLossOfTheResultIsTakenOnTheHead() throws {
        let short = try run([LossTerm(CrossEntropyLoss(), weight: 2)])
        let long = try run([LossTerm(CrossEntropyLoss(), output: "result", weight: 2), head(1)])
        #expect(short == long)
        let two = try run([LossTerm(CrossEntropyLoss()), LossTerm(MeanSquaredErrorLoss())])
        #expect(two.names == ["loss", "resultCrossEntropy", "resultMse", "headCrossEntropy", "headMse"])
    }

    @Test func aLossThatTheConfigurationNamesStandsAlone() throws {
        #expect(try run([result, head(0.5)]) == run([LossTerm(CrossEntropyLoss())]))
        #expect(try run([result, head(0.25)]).loss < run([LossTerm(CrossEntropyLoss())]).loss)
    }

    @Test func evaluationLeavesTheHeadOut() throws {
        let alone = try TestSupport.network([Self.layers[0], Self.layers[2]], input: [2])
        let evaluated = try run([LossTerm(CrossEntropyLoss())], evaluates: true)
        let trained = try run([LossTerm(CrossEntropyLoss())])
        #expect(evaluated.loss < trained.loss)
        // The head's parameters come between the others.
        let own = FlatBuffer(count: alone.layout.count)
        for parameter in alone.layout.parameters {
            let source = network.layout.parameters.first { $0.name == parameter.name }
            let place = network.layout.offsets[try #require(source).index]
            for i in 0..<parameter.shape.count {
                own.pointer[alone.layout.offsets[parameter.index] + i] = values.pointer[place + i]
            }
        }
        let objective = try alone.objective([LossTerm(CrossEntropyLoss())], metrics: [], fields: batch.fields)
        let tape = Tape(layout: alone.layout, values: own)
        tape.begin(gradients: nil)
        let context = GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1))
        let loss = try #require(objective(context).loss)
        #expect(Double(loss.value.pointer[0]) == evaluated.loss)
    }

    @Test func aModelOfHeadsAloneIsRefused() {
        #expect(throws: ModelError.empty) {
            try TestSupport.network([LayerSpecification.linear(units: 2).auxiliary(weight: 1)], input: [2])
        }
    }
}
