import Autograd
import ConfigurationReading
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

@Suite struct GANTests {
    private static let image = FieldDescription(
        name: "image", elementType: .float32, shape: [2, 2, 1], meaning: .pixels(scale: 1, background: 0))
    private static let label = FieldDescription(
        name: "label", elementType: .int32, shape: [], meaning: .classes(names: ["a", "b"]))
    private let key = RandomKey(seed: 5)
    /// Six images whose first pixel is 1, 2, …, 6 and whose others are 0.
    private let samples: [Float] = [1, 2, 3, 4, 5, 6].flatMap { [$0, 0, 0, 0] }

    /// A generator that hands its noise on, a discriminator that gives the first pixel minus 2.5, and a judge with the
    /// first two pixels as its scores.
    private func models(
        generator: [LayerSpecification] = [.unflatten(into: [2, 2, 1])], noise: Shape = [4],
        discriminator: [LayerSpecification] = [.linear(units: 1)], input: Shape = [4]
    ) throws -> Network {
        func model(_ name: String, _ input: Shape, _ layers: [LayerSpecification]) -> ModelDescription {
            ModelDescription(name: name, inputs: [ModelInput(shape: input)], layers: layers)
        }
        return try Network([
            model("generator", noise, generator), model("discriminator", input, discriminator),
            model("judge", [4], [.named("scores", .linear(units: 2))]),
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

    private func values(_ network: Network) -> FlatBuffer {
        let values = FlatBuffer(count: network.layout.count)
        for parameter in network.layout.parameters {
            let start = values.pointer + network.layout.offsets[parameter.index]
            switch parameter.name {
            case "discriminator.0.weight": start[0] = 1
            case "discriminator.0.bias": start[0] = -2.5
            case "judge.scores.weight":
                start[0] = 4
                start[5] = 4
            default: break
            }
        }
        return values
    }

    private func withContext<Result>(
        _ network: Network, mode: Mode? = nil, _ body: (GrainContext) throws -> Result
    ) throws -> Result {
        let batch = FieldBatch(
            count: 6, sampleIDs: Array(0..<6),
            memory: [
                FieldMemory(field: Self.image, elements: .floats(Tensor(samples, [24], pool: StoragePool()).storage))
            ])
        let tape = Tape(layout: network.layout, values: values(network))
        tape.begin(gradients: nil)
        return try body(GrainContext(batch, on: tape, mode: mode ?? .evaluation, key: key))
    }

    private func figures(_ text: String, mode: Mode? = nil) throws -> [String: Double] {
        let network = try models()
        let objective = try make(text, network)
        let result = try withContext(network, mode: mode) { objective($0) }
        let sums = MetricSums(samples: 6, weight: result.weight, own: result.sums)
        let isTraining = mode?.isTraining ?? false
        #expect(sums.values.count == (isTraining ? objective.zeroSums : objective.zeroEvaluationSums).values.count)
        return Dictionary(
            uniqueKeysWithValues: sums.values(of: objective.metrics).filter(\.isCounted).map { ($0.name, $0.value) })
    }

    /// What the generator makes, which is its noise.
    private var noise: [Float] {
        let numbers = UnsafeMutablePointer<Float>.allocate(capacity: 24)
        defer { numbers.deallocate() }
        Initializer.normal(1).fill(numbers, shape: [24], key: key.folding(.latent))
        return Array(UnsafeBufferPointer(start: numbers, count: 24))
    }

    private func softplus(_ x: Double) -> Double { log1p(exp(x)) }

    @Test func theDiscriminatorsFiguresAreThoseOfItsLogitsOfRealAndGeneratedSamples() throws {
        let figures = try figures("ganDiscriminator")
        let fakes = (0..<6).map { Double(noise[4 * $0]) - 2.5 }
        let seenThrough = Double(fakes.count { $0 <= 0 }) / 6
        let reals = (1...6).map { Double($0) - 2.5 }
        #expect(figures["realAccuracy"] == 4.0 / 6 && figures["generatedAccuracy"] == seenThrough)
        #expect(figures["accuracy"] == (4.0 / 6 + seenThrough) / 2)
        let costs = reals.map { softplus(-$0) } + fakes.map { softplus($0) }
        let loss = costs.reduce(0, +) / 6
        #expect(abs((figures["loss"] ?? .nan) - loss) < 1e-6)
    }

    @Test func aCriticsLossIsHowMuchHigherItScoresGeneratedSamples() throws {
        let critic = try figures("{ganDiscriminator: {loss: wasserstein}}")
        let fake = (0..<6).map { Double(noise[4 * $0]) - 2.5 }.reduce(0, +) / 6
        #expect(critic.keys.sorted() == ["generatedScore", "loss", "realScore"])
        #expect(critic["realScore"] == 1 && abs((critic["generatedScore"] ?? .nan) - fake) < 1e-6)
        #expect(abs((critic["loss"] ?? .nan) - (fake - 1)) < 1e-6)
        let generator = try figures("{ganGenerator: {loss: wasserstein}}")
        #expect(generator.keys.sorted() == ["loss", "score"])
        #expect(abs((generator["score"] ?? .nan) - fake) < 1e-6 && generator["loss"] == -(generator["score"] ?? .nan))
    }

    @Test func aJudgeCountsWhatItIsSureOfInEvaluationAlone() throws {
        let text = "{ganGenerator: {judge: {model: judge, confidence: 0.8, features: scores}}}"
        let figures = try figures(text)
        var counts = [0.0, 0.0]
        for row in 0..<6 {
            let difference = 4 * (Double(noise[4 * row]) - Double(noise[4 * row + 1]))
            if 1 / (1 + exp(-abs(difference))) > 0.8 { counts[difference > 0 ? 0 : 1] += 1 }
        }
        #expect(counts.allSatisfy { $0 > 0 } && counts[0] + counts[1] < 6, "the trial shows little: \(counts)")
        #expect(figures["recognised"] == (counts[0] + counts[1]) / 6 && figures["rarestClass"] == counts.min()! / 6)
        let distance = self.distance(
            from: moments((0..<6).map { [4 * Double(samples[4 * $0]), 0] }),
            to: moments((0..<6).map { [4 * Double(noise[4 * $0]), 4 * Double(noise[4 * $0 + 1])] }))
        #expect(abs((figures["frechetDistance"] ?? .nan) - distance) < 1e-4 * distance)
        let training = try self.figures(text, mode: .training(key))
        #expect(training.keys.sorted() == ["loss", "takenForReal"])
    }

    /// Mean, and covariance as [a, b, d] of [[a, b], [b, d]].
    private struct Moments {
        var mean: [Double]
        var covariance: [Double]
    }

    private func moments(_ rows: [[Double]]) -> Moments {
        let n = Double(rows.count)
        let mean = (0..<2).map { (i: Int) -> Double in rows.map { $0[i] }.reduce(0, +) / n }
        func covariance(_ i: Int, _ j: Int) -> Double {
            let products = rows.map { (row: [Double]) -> Double in (row[i] - mean[i]) * (row[j] - mean[j]) }
            return products.reduce(0, +) / (n - 1)
        }
        return Moments(mean: mean, covariance: [covariance(0, 0), covariance(0, 1), covariance(1, 1)])
    }

    /// The Fréchet distance of two features, of which tr (AB)^½ = √(tr AB + 2 √det AB).
    private func distance(from first: Moments, to second: Moments) -> Double {
        let (a, b) = (first.covariance, second.covariance)
        let trace: Double = a[0] * b[0] + 2 * a[1] * b[1] + a[2] * b[2]
        let determinantA: Double = a[0] * a[2] - a[1] * a[1]
        let determinantB: Double = b[0] * b[2] - b[1] * b[1]
        let root = (trace + 2 * max(determinantA * determinantB, 0).squareRoot()).squareRoot()
        let differences = zip(first.mean, second.mean).map { (x, y) -> Double in (x - y) * (x - y) }
        let traces: Double = a[0] + a[2] + b[0] + b[2]
        return differences.reduce(0, +) + traces - 2 * root
    }

    @Test func theDistanceOfNormalDistributionsThatWereTurnedAlikeIsThatOfTheirDeviations() {
        // Features that are independent, then turned in one plane: Σ (mean differences)² + Σ (√a − √b)².
        let (cosine, sine) = (0.8, 0.6)
        func turned(_ scale: [Double], _ shift: Double) -> [Double] {
            var sums = [Double](repeating: 0, count: 10)
            for signs in [[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]] {
                let x = zip(signs, scale).map { $0 * $1 + shift }
                let y = [cosine * x[0] - sine * x[1], sine * x[0] + cosine * x[1], x[2]]
                let products = [
                    y[0] * y[0], y[0] * y[1], y[0] * y[2], y[1] * y[1], y[1] * y[2], y[2] * y[2],
                ]
                for (index, value) in ([1] + y + products).enumerated() { sums[index] += value }
            }
            return sums
        }
        let metric = MetricDefinition(
            MetricDescription("distance"), numerator: 3, denominator: 13, transform: .frechetDistance(3))
        func distance(_ a: [Double], _ b: [Double]) -> Double {
            metric.value(of: MetricSums(values: [4, 4, 0] + a + b))
        }
        let first = turned([1, 2, 3], 0)
        #expect(distance(first, first) < 1e-12)
        // Of four samples with deviation s the unbiased variance is 4 s² / 3.
        let factor = (4.0 / 3).squareRoot()
        let expected = 3 * 0.25 + factor * factor * (9.0 + 1.0)
        #expect(abs(distance(first, turned([1, 5, 2], 0.5)) - expected) < 1e-9)
        #expect(distance(first, [1] + Array(repeating: 0, count: 9)).isNaN)
    }

    @Test func sampleIDependsOnTheKeyAndItsNumberAlone() throws {
        let network = try models()
        let objective = try make("ganGenerator", network)
        let maker = try #require(objective.sampleMaker as? any LatentSampleMaker)
        #expect(maker.made.name == "image" && maker.latent == [4])
        func samples(_ numbers: Range<Int>, _ key: RandomKey) throws -> [Float] {
            try withContext(network) { maker.samples(numbers, key: key, on: $0.tape).values }
        }
        let eight = try samples(0..<8, key)
        #expect(try eight.count == 32 && Array(eight[12..<20]) == samples(3..<5, key))
        #expect(try samples(0..<8, RandomKey(seed: 6)) != eight)
        #expect(try make("ganDiscriminator", network).sampleMaker == nil)
    }

    @Test(arguments: [
        ("ganGenerator", "generator", "generator gives [4, 1], but 'image' is [2, 2, 1]; make it [2, 2, 1], or [4]"),
        ("ganDiscriminator", "discriminator", "the model ends with [2]; a discriminator ends with one number"),
        ("ganDiscriminator", "sigmoid", "the model ends with sigmoid, and the loss takes the number before it"),
        ("ganDiscriminator", "input", "discriminator takes [5], but 'image' is [2, 2, 1]; make it [2, 2, 1], or [4]"),
        ("{ganGenerator: {discriminator: generator}}", "", "'objective.ganGenerator.discriminator'"),
        ("{ganGenerator: {judge: generator}}", "", "it is a part of the network that it judges; name another model."),
        ("{ganGenerator: {judge: {model: judge, features: score}}}", "", "(did you mean 'scores'?)"),
        ("{ganGenerator: {judge: {model: judge, output: input}}}", "input of judge", "none"),
        ("{ganGenerator: {real: label}}", "", "'label' can't be generated"),
    ])
    func modelsThatDoNotMeetAreRefusedAtTheirPlace(text: String, change: String, words: String) throws {
        let network =
            switch change {
            case "generator": try models(generator: [.unflatten(into: [4, 1])])
            case "discriminator": try models(discriminator: [.linear(units: 2)])
            case "sigmoid": try models(discriminator: [.linear(units: 1), .activation("sigmoid")])
            case "input": try models(input: [5])
            default: try models()
            }
        do {
            _ = try make(text, network)
            #expect(words == "none")
        } catch {
            #expect("\(error)".contains(words) && "\(error)".contains("gan.yaml:1:"), "\(error)")
        }
    }
}
