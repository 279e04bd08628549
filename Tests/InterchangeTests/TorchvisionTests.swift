import Autograd
import Checkpointing
import Foundation
import Interchange
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// The files of ready-made models have the names and shapes of torchvision's, entry by entry.
@Suite struct TorchvisionTests {
    /// A model as torchvision has it.
    struct Reference: Decodable, Sendable {
        let input: [Int]
        let parameters: Int
        let parameters_without_aux: Int
        let inference_multiply_adds: Int
        /// The shapes of `state_dict` by name.
        let state: [String: [Int]]
    }

    static let references: [String: Reference] = {
        let file = URL(fileURLWithPath: Fixtures.path("golden/zoo.json"))
        guard let data = try? Data(contentsOf: file),
            let read = try? JSONDecoder().decode([String: Reference].self, from: data)
        else { return [:] }
        return read
    }()

    @Test func zooHasThirteenNetworks() { #expect(Self.references.count == 13) }

    /// Counts, names and shapes; torchvision's `vgg11_bn` is `vgg11-bn` here.
    @Test(arguments: references.keys.sorted()) func isTorchvisionsModel(name: String) throws {
        let reference = try #require(Self.references[name])
        let zoo = try ZooModel.named(name.replacing("_", with: "-"))
        let network = try Network([zoo.description(ZooOptions(classes: zoo.usualClasses))])
        let model = network.models[0]
        #expect(model.inputShape.dimensions == reference.input)
        #expect(model.layout.trainableParameterCount == reference.parameters)
        #expect(model.inferenceRows.reduce(0) { $0 + $1.parameters } == reference.parameters_without_aux)
        #expect(model.inferenceRows.reduce(0) { $0 + $1.multiplyAdds } == reference.inference_multiply_adds)
        let sources = ModelWeights.lasting(network, FlatBuffer(count: network.layout.count), step: 7)
        let shapes = Dictionary(uniqueKeysWithValues: sources.map { ($0.signature.name, $0.signature.shape) })
        #expect(Set(shapes.keys) == Set(reference.state.keys))
        #expect(shapes == reference.state)
        let counts = sources.map(\.signature).filter(\.isBatchCount)
        #expect(counts.count == reference.state.keys.count { $0.hasSuffix("num_batches_tracked") })

        let inference = try zoo.build(auxiliary: false)
        #expect(inference.layout.trainableParameterCount == reference.parameters_without_aux)
        #expect(inference.rows.reduce(0) { $0 + $1.multiplyAdds } == reference.inference_multiply_adds)
    }

    /// PyTorch's counts hold the step, are no part of the digest, and nothing wants them back.
    @Test func countsOfBatchesComeAndGo() throws {
        let description = ModelDescription(
            name: "m", inputs: [ModelInput(shape: [4, 4, 2])], layers: [.batchNorm(), .flatten, .linear(units: 2)])
        let network = try Network([description])
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: .init(seed: 1))
        let file = try WeightsFile.content(model: "m", sources: ModelWeights.lasting(network, values, step: 12))
        #expect(try file.int64s(of: "0.num_batches_tracked") == [12])
        let (weights, buffers) = ModelWeights.sources(network, values)
        let without = try WeightsFile.content(model: "m", sources: weights + buffers)
        #expect(try file.weightsDigest() == without.weightsDigest())
        for source in [file, without] {
            let loaded = FlatBuffer(count: network.layout.count)
            try ModelWeights.load(source, network, into: loaded)
            #expect((0..<values.count).allSatisfy { loaded.pointer[$0] == values.pointer[$0] })
            let match = try ModelWeights.loadMatching(
                source, network, into: loaded, names: Set(network.layout.parameters.map(\.name)))
            #expect(match.taken == network.layout.parameters.count && match.unused.isEmpty)
        }
    }
}
