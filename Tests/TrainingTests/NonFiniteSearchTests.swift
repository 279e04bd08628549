import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing
import Training

/// The first number of a grain that is not finite, by layer and samples.
@Suite("NonFiniteSearch")
struct NonFiniteSearchTests {
    /// Two linear layers, two inputs, two classes; all weights are 1.
    private let model: Network
    private let values: FlatBuffer
    private let objective: any Objective
    private let key = RandomKey(seed: 1)

    init() throws {
        model = try network([.linear(units: 3), .relu, .linear(units: 2)], input: [2])
        objective = try model.objective(
            CrossEntropyLoss(), like: FieldBatch([1, 2], [2], .classes([1], of: 2)))
        values = FlatBuffer(count: model.layout.count)
        values.pointer.update(repeating: 1, count: model.layout.count)
    }

    private func search(_ inputs: [Float], mode: Mode = .training(RandomKey(seed: 1))) -> NonFiniteSearch? {
        let count = inputs.count / 2
        let batch = FieldBatch(
            inputs, [2], .classes(Array(repeating: 1, count: count), of: 2),
            sampleIDs: (0..<count).map { 100 + $0 })
        return NonFiniteSearch(
            layout: GrainVectorLayout(all: model.layout, metrics: objective.zeroSums.values.count), values: values,
            objective, batch, mode: mode, key: key)
    }

    private func offset(_ suffix: String) throws -> Int {
        let parameter = try #require(model.layout.parameters.last { $0.name.hasSuffix(suffix) })
        return model.layout.offsets[parameter.index]
    }

    @Test("nothing is found where all is finite")
    func finite() {
        #expect(search([1, 2, 3, 4]) == nil)
        #expect(search([]) == nil)
    }

    @Test("a weight is named, whichever the samples", arguments: [Float.nan, .infinity])
    func weight(value: Float) throws {
        let offset = try offset("weight")
        values.pointer[offset + 1] = value
        let found = try #require(search([1, 2, 3, 4]))
        #expect(found.what.hasPrefix("weight ") && found.what.contains(".weight") && found.samples == [100, 101])
    }

    @Test("of an input, the samples that have it", arguments: [Mode.training(RandomKey(seed: 1)), .evaluation])
    func input(mode: Mode) throws {
        let found = try #require(search([1, 2, .nan, 4, 5, 6, 7, -.infinity], mode: mode))
        #expect(found.what == "the field 'input'" && found.samples == [101, 103])
    }

    @Test(
        "of a layer's output, the layer and the samples that overflow it",
        arguments: [Mode.training(RandomKey(seed: 1)), .evaluation])
    func output(mode: Mode) throws {
        let found = try #require(search([1, 2, 3e38, 3e38, 5, 6], mode: mode))
        let first = try #require(model.layout.parameters.first { $0.index == 0 }).name.split(separator: ".")[0]
        #expect(found.what == "the output of layer \(first)" && found.samples == [101])
        // 3e38 passes the first layer, whose other weights are 0, and overflows the second.
        values.pointer.update(repeating: 0, count: model.layout.count)
        values.pointer[model.layout.offsets[0]] = 1
        let last = try offset("weight")
        values.pointer.advanced(by: last).update(repeating: 1e10, count: 6)
        let second = try #require(search([1, 2, 1e30, 0], mode: mode))
        #expect(second.what != found.what && second.what.hasPrefix("the output of layer ") && second.samples == [101])
    }
}
