import Autograd
import ConfigurationReading
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// GANs that are told of which class a sample is (Mirza and Osindero 2014).
@Suite struct ConditionalGANTests {
    private static let image = FieldDescription(
        name: "image", elementType: .float32, shape: [2, 2, 1], meaning: .pixels(scale: 1, background: 0))
    private static let label = FieldDescription(
        name: "label", elementType: .int32, shape: [], meaning: .classes(names: ["a", "b", "c"]))
    private let key = RandomKey(seed: 5)
    private let classes: [Int32] = [2, 0, 1, 1, 0]

    /// A generator that adds 10 · class to all of its noise, and a discriminator that gives the first pixel and 100 ·
    /// class.
    private func network(
        noiseName: String = "noise", imageName: String = "image"
    ) throws -> Network {
        func model(_ name: String, _ own: ModelInput, _ layers: [LayerSpecification]) -> ModelDescription {
            let classes = ModelInput(name: "label", shape: [1]).taking(Self.label)
            return ModelDescription(name: name, inputs: [classes, own], layers: layers)
        }
        return try Network([
            model(
                "generator", ModelInput(name: noiseName, shape: [4]),
                [
                    .named("class", .embedding(units: 4)).reading("label"), .named("about", .flatten),
                    .add.reading(noiseName, "about"), .unflatten(into: [2, 2, 1]),
                ]),
            model(
                "discriminator", ModelInput(name: imageName, shape: [2, 2, 1]),
                [
                    .named("class", .embedding(units: 1)).reading("label"), .named("about", .flatten),
                    .named("pixels", .flatten).reading(imageName), .named("score", .linear(units: 1)),
                    .add.reading("score", "about"),
                ]),
        ])
    }

    private func make(_ text: String, _ network: Network) throws -> any Objective {
        let context = ConfigurationContext(file: "gan.yaml", environment: [:])
        let node = try ConfigurationNode.parse(yaml: text, context: context)
        let read = ConfigurationType.section(ObjectiveChoice.self).read(node, "objective", context)
        try context.throwProblems()
        return try #require(read).value.specification.make(
            ObjectiveSetup(
                network: network, fields: [Self.image, Self.label], defaultInput: "image", defaultTarget: "label"))
    }

    private func withContext<Result>(_ network: Network, _ body: (GrainContext) throws -> Result) throws -> Result {
        let values = FlatBuffer(count: network.layout.count)
        for parameter in network.layout.parameters {
            let start = values.pointer + network.layout.offsets[parameter.index]
            switch parameter.name {
            case "generator.class.weight": for index in 0..<12 { start[index] = Float(10 * (index / 4)) }
            case "discriminator.class.weight": for index in 0..<3 { start[index] = Float(100 * index) }
            case "discriminator.score.weight": start[0] = 1
            default: break
            }
        }
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        let pixels: [Float] = (0..<5).flatMap { [Float($0), 0, 0, 0] }
        let integers = OwnedIntegers(classes)
        let batch = FieldBatch(
            count: 5, sampleIDs: Array(0..<5),
            memory: [
                FieldMemory(field: Self.image, elements: .floats(Tensor(pixels, [20], pool: tape.pool).storage)),
                FieldMemory(
                    field: Self.label, elements: .integers(integers.pointer, capacity: 5, owner: integers)),
            ])
        return try body(GrainContext(batch, on: tape, mode: .evaluation, key: key))
    }

    /// What the noise of a sample, and with it its pixels, begins with.
    private func noise(_ count: Int) -> [Float] {
        let numbers = UnsafeMutablePointer<Float>.allocate(capacity: 4 * count)
        defer { numbers.deallocate() }
        Initializer.normal(1).fill(numbers, shape: [4 * count], key: key.folding(.latent))
        return (0..<count).map { numbers[4 * $0] }
    }

    @Test func bothSidesAreToldTheClassesOfTheBatch() throws {
        let network = try network()
        let figures = try withContext(network) { context -> [String: Double] in
            let objective = try make("{ganDiscriminator: {loss: wasserstein}}", network)
            #expect(objective.fields == ["image", "label"])
            let result = objective(context)
            let sums = MetricSums(samples: 5, weight: result.weight, own: result.sums)
            return Dictionary(uniqueKeysWithValues: sums.values(of: objective.metrics).map { ($0.name, $0.value) })
        }
        let real = (0..<5).map { Double($0) + 100 * Double(classes[$0]) }.reduce(0, +) / 5
        let generated = zip(noise(5), classes).map { Double($0) + 110 * Double($1) }.reduce(0, +) / 5
        #expect(figures["realScore"] == real)
        #expect(abs((figures["generatedScore"] ?? .nan) - generated) < 1e-4)
    }

    @Test func aSamplesNumberSaysItsClassAndPicturesHaveAColumnForEach() throws {
        let network = try network()
        let objective = try make("ganGenerator", network)
        let maker = try #require(objective.sampleMaker as? any LatentSampleMaker)
        try withContext(network) { context in
            let samples = maker.samples(4..<10, key: key, on: context.tape).values
            let noise = maker.latentNumbers(4..<10, key: key, pool: context.tape.pool).values
            for row in 0..<6 { #expect(samples[4 * row] == noise[4 * row] + Float(10 * ((4 + row) % 3))) }
            let pictures = try #require(objective.pictures(context))
            #expect(pictures.columns == 3 && pictures.values.shape[0] == 63)
            let first = (0..<63).map { pictures.values.values[4 * $0] }
            let means = (0..<3).map { column in
                stride(from: column, to: 63, by: 3).map { first[$0] }.reduce(0, +) / 21
            }
            #expect(zip(means, [0, 10, 20]).allSatisfy { abs($0 - Float($1)) < 2 }, "\(means)")
        }
    }

    @Test(arguments: [
        ("image", "image", "a generator needs just one of noise, named as no field"),
        ("noise", "pixels", "a discriminator needs just one of samples, named 'image'"),
    ])
    func inputsThatSayNotWhatTheyAreAreRefused(noise: String, image: String, words: String) throws {
        let network = try network(noiseName: noise, imageName: image)
        do {
            _ = try make("ganGenerator", network)
            Issue.record("accepted")
        } catch {
            #expect("\(error)".contains(words) && "\(error)".contains("gan.yaml:1"), "\(error)")
        }
    }
}
