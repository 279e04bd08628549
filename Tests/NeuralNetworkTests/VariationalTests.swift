import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Variational autoencoders: the layer that draws their codes, and what makes samples.
@Suite struct VariationalTests {
    private static let image = FieldDescription(
        name: "image", elementType: .float32, shape: [2, 3, 1], meaning: .pixels(scale: 1, background: 0))
    private let key = RandomKey(seed: 5)
    private let encoder: [LayerSpecification] = [
        .named("mean", .linear(units: 2)), .named("spread", .linear(units: 2).reading("image")),
        .named("code", .normalSample.reading("mean", "spread")),
    ]
    private let likeness = LossTerm(BinaryCrossEntropyLoss(), output: "decoder", target: "image", weight: 6)
    private let divergence = LossTerm(GaussianKLLoss(logVariance: "spread"), output: "mean")

    private func network(_ layers: [LayerSpecification]) throws -> Network {
        try Network([
            ModelDescription(name: "test", inputs: [ModelInput(name: "image", shape: [6])], layers: layers)
        ])
    }

    private func objective(_ network: Network, _ losses: [LossTerm]) throws -> any Objective {
        try SupervisedSpecification(losses: losses).make(
            ObjectiveSetup(network: network, fields: [Self.image], defaultInput: "image", defaultTarget: nil))
    }

    private func tape(_ network: Network) -> Tape {
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: 2))
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        return tape
    }

    @Test func samplesAreWhatTheDecoderMakesOfNormalNumbersWhateverElseIsMade() throws {
        let network = try network(encoder + [.named("decoder", .linear(units: 6))])
        for losses in [[likeness, divergence], [divergence, likeness]] {
            let maker = try #require(try objective(network, losses).sampleMaker as? any LatentSampleMaker)
            #expect(maker.latent == [2] && maker.made == Self.image)
            let tape = tape(network)
            let samples = maker.samples(0..<4, key: key, on: tape)
            #expect(samples.shape == [4, 2, 3, 1])
            #expect(maker.samples(1..<3, key: key, on: tape).values == Array(samples.values[6..<18]))
            #expect(Set(samples.values).count == 24)
            // By hand: 1 / (1 + exp(−(W z + b))).
            let codes = maker.latentNumbers(0..<4, key: key, pool: tape.pool).values.map(Double.init)
            let decoder = try ["decoder.weight", "decoder.bias"].map { name in
                let own = try #require(network.layout.parameters.first { $0.name == name })
                return tape.parameter(own).value.values.map(Double.init)
            }
            let expected = (0..<24).map { index -> Double in
                let (row, unit) = index.quotientAndRemainder(dividingBy: 6)
                let logit = (0..<2).reduce(decoder[1][unit]) {
                    $0 + decoder[0][unit * 2 + $1] * codes[row * 2 + $1]
                }
                return 1 / (1 + exp(-logit))
            }
            #expect(relativeError(samples.values, expected) < 1e-6)
        }
    }

    @Test func nothingIsMadeWithoutADivergenceOrAroundTheCode() throws {
        let decoder = LayerSpecification.named("decoder", .linear(units: 6))
        #expect(try objective(try network(encoder + [decoder]), [likeness]).sampleMaker == nil)
        let around = encoder + [.concatenate.reading("code", "image"), decoder]
        #expect(try objective(try network(around), [likeness, divergence]).sampleMaker == nil)
    }

    @Test func trainingDrawsCodesByTheGrainsKeyAndEvaluationTakesTheirMeans() throws {
        let network = try network(encoder + [.named("decoder", .linear(units: 6))])
        let objective = try objective(network, [likeness, divergence])
        let tape = tape(network)
        let batch = FieldBatch(
            count: 2, sampleIDs: [0, 1],
            memory: [
                FieldMemory(
                    field: Self.image,
                    elements: .floats(Tensor((0..<12).map { Float($0) / 12 }, [12], pool: StoragePool()).storage))
            ])
        func sums(_ mode: Mode, _ key: RandomKey) -> [Double] {
            objective(GrainContext(batch, on: tape, mode: mode, key: key)).sums
        }
        let other = RandomKey(seed: 6)
        #expect(sums(.evaluation, key) == sums(.evaluation, other))
        let trained = sums(.training(key), key)
        #expect(trained == sums(.training(key), key) && trained != sums(.training(other), other))
        #expect(trained != sums(.evaluation, key))
    }

    @Test func aSampleReadsMeansAndAsManyVariances() throws {
        #expect(
            throws: ModelError.inputCount(
                layer: "0", count: 1, expected: "the means and the logarithms of the variances")
        ) { try network([.normalSample]) }
        #expect(
            throws: ModelError.refused(
                layer: "2",
                because: "the means are [2], but the logarithms of the variances are [3]; give both one shape")
        ) {
            try network([
                .named("mean", .linear(units: 2)), .named("spread", .linear(units: 3)),
                .normalSample.reading("mean", "spread"),
            ])
        }
    }
}
