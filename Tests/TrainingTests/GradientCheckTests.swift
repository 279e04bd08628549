import Autograd
import Collectives
import ConfigurationReading
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing
import Training

/// Backpropagation beside numerical derivatives, of right and of broken layers.
@Suite struct GradientCheckTests {
    /// 2x, whose backward pass lets through less, or more.
    private struct Doubling: LayerKind, UnaryLayer {
        let backward: Float

        func build(
            _ builder: inout GraphBuilder, _ inputs: [GraphBuilder.Node], _ path: String
        ) throws -> GraphBuilder.Node {
            builder.add(self, "doubling", inputs, builder.shape(of: inputs[0]), path)
        }

        func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
            let rest = Tensor(x.value.values.map { (2 - backward) * $0 }, x.shape, pool: x.tape.pool)
            return add(scaled(x, by: backward), x.tape.constant(rest))
        }
    }

    private let batch: FieldBatch

    init() {
        var numbers = TestNumbers(seed: 4)
        batch = FieldBatch(numbers.floats(4 * 6), [6], .classes([0, 2, 1, 2], of: 3))
    }

    private func compare(
        _ layers: [LayerSpecification], _ settings: GradientComparison.Settings = .init()
    ) throws -> [String: GradientComparison.Comparison] {
        let network = try network(layers, input: [6])
        let objective = try network.objective(CrossEntropyLoss(), like: batch)
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: 7))
        let before = Array(UnsafeBufferPointer(start: values.pointer, count: values.count))
        let comparison = GradientComparison(
            objective, GrainVectorLayout(all: network.layout), values: values, batch: batch, key: RandomKey(seed: 1),
            settings)
        let all = try #require(comparison.run())
        #expect(before == Array(UnsafeBufferPointer(start: values.pointer, count: values.count)), "weights have moved")
        return Dictionary(uniqueKeysWithValues: all.map { ($0.parameter.name, $0) })
    }

    private func layers(backward: Float) -> [LayerSpecification] {
        [
            .named("low", .linear(units: 5)), .activation("tanh"), .init(Doubling(backward: backward)),
            .named("high", .linear(units: 3)),
        ]
    }

    @Test func `right layers agree in every parameter`() throws {
        let all = try compare(layers(backward: 2))
        #expect(Set(all.keys) == ["low.weight", "low.bias", "high.weight", "high.bias"])
        for (name, item) in all {
            #expect(item.count(of: .agrees) == 4 - (name == "high.bias" ? 1 : 0), "\(item)")
            #expect(try #require(item.worst).difference < 1e-3, "\(name): \(item.values)")
        }
    }

    /// 0: what a layer forgets; 1.9: 5 % too little.
    @Test(arguments: [0, 1.9, 2.1, -2])
    func `a broken derivative is found in what stands before it, and nothing else is blamed`(backward: Float) throws {
        let all = try compare(layers(backward: backward))
        for name in ["low.weight", "low.bias"] { #expect(try #require(all[name]).count(of: .differs) > 0, "\(name)") }
        for name in ["high.weight", "high.bias"] { #expect(try #require(all[name]).count(of: .differs) == 0) }
    }

    @Test func `a tolerance says how broken a derivative may be, and so many values are compared`() throws {
        var settings = GradientComparison.Settings()
        (settings.tolerance, settings.perParameter) = (0.1, 12)
        let all = try compare(layers(backward: 1.9), settings)
        #expect(all.values.allSatisfy { $0.count(of: .differs) == 0 })
        #expect(all.mapValues(\.values.count) == ["low.weight": 12, "low.bias": 5, "high.weight": 12, "high.bias": 3])
        #expect(Set(try #require(all["low.weight"]).values.map(\.index)).count == 12)
    }

    /// Rectifiers at exactly 0, where the derivative is either side's.
    @Test func `a kink is called one`() throws {
        let network = try network(
            [.named("low", .linear(units: 4)), .relu, .named("high", .linear(units: 3))], input: [6])
        let objective = try network.objective(CrossEntropyLoss(), like: batch)
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: 7))
        for parameter in network.layout.parameters where parameter.name.hasPrefix("low") {
            for index in 0..<parameter.shape.count {
                values.pointer[network.layout.offsets[parameter.index] + index] = 0
            }
        }
        let all = try #require(
            GradientComparison(
                objective, GrainVectorLayout(all: network.layout), values: values, batch: batch,
                key: RandomKey(seed: 1)
            ).run())
        let bias = try #require(all.first { $0.parameter.name == "low.bias" })
        #expect(bias.count(of: .kink) == 4, "\(bias.values)")
        #expect(all.allSatisfy { $0.count(of: .differs) == 0 })
    }

    private func check(_ yaml: String, _ settings: GradientComparison.Settings) throws -> GradientCheck {
        try GradientCheck(
            RunConfiguration(yaml: yaml, file: "many.yaml"), settings, try Ranks { SingleProcessCommunicator() })
    }

    /// From all distances the loss bends smoothly between slopes that are none of its own.
    @Test func `kinks so many that no distance has one alone are no broken derivative`() throws {
        let yaml = """
            model: {input: [28, 28, 1], layers: [flatten, {linear: 64}, batchNorm, relu, {linear: 64}, batchNorm, relu,
              {linear: 10}]}
            data: {name: digits, limit: 40, validation: 10}
            batch: 8
            maxSteps: 1
            seed: 4
            optimizer: {name: sgd, learningRate: 0.1}
            """
        var settings = GradientComparison.Settings()
        settings.perParameter = 32
        let checked = try check(yaml, settings)
        #expect(!checked.fails, "\(checked.text)")
    }

    /// Rectifiers on whose kinks nothing is blamed that is wrong.
    @Test(arguments: [1.8, 0])
    func `a broken derivative is found among many kinks`(backward: Float) throws {
        let wide: [LayerSpecification] = [
            .named("low", .linear(units: 200)), .relu, .named("middle", .linear(units: 200)), .relu,
            .init(Doubling(backward: backward)), .named("high", .linear(units: 3)),
        ]
        let all = try compare(wide)
        for name in ["low.weight", "low.bias", "middle.weight", "middle.bias"] {
            #expect(try #require(all[name]).count(of: .differs) > 0, "\(name)")
        }
        #expect(try #require(all["high.weight"]).count(of: .differs) == 0)
    }

    @Test func `a loss that is not finite is told`() throws {
        let network = try network([.linear(units: 3)], input: [6])
        let objective = try network.objective(CrossEntropyLoss(), like: batch)
        let values = FlatBuffer(count: network.layout.count)
        values.pointer[network.layout.offsets[0]] = .nan
        let comparison = GradientComparison(
            objective, GrainVectorLayout(all: network.layout), values: values, batch: batch, key: RandomKey(seed: 1))
        #expect(comparison.run() == nil)
    }

    @Test func `a configuration is checked on its own samples, with every phase`() throws {
        let yaml = """
            model: {input: [28, 28, 1], layers: [flatten, {linear: 4}, tanh, {linear: 10}]}
            data: {name: digits, limit: 40, validation: 10}
            batch: 8
            phases:
              - {name: first, steps: 1, loss: crossEntropy, optimizer: {name: sgd, learningRate: 0.1}}
              - {name: second, steps: 1, loss: mse, train: 3.*, optimizer: {name: sgd, learningRate: 0.1}}
            order: sequence
            """
        let configuration = try RunConfiguration(yaml: yaml, file: "two.yaml")
        let check = try GradientCheck(configuration, .init(), try Ranks { SingleProcessCommunicator() })
        #expect(!check.fails && check.problem == nil, "\(check.text)")
        #expect(check.text.contains("two: 4 samples") && check.text.contains("phase second"))
        #expect(check.summary.hasPrefix("parameters=6 failed=0 kinks=0 worst="), "\(check.summary)")
    }
}
