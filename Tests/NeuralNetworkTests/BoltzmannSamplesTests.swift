import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Samples that Gibbs chains make, and the pictures of filters.
@Suite struct BoltzmannSamplesTests {
    private let image = FieldDescription(
        name: "image", elementType: .float32, shape: [2, 3, 1], meaning: .pixels(scale: 1, background: 0))

    private func setup(_ layers: [LayerSpecification]) throws -> ObjectiveSetup {
        ObjectiveSetup(
            network: try network([.flatten] + layers, input: [2, 3, 1]), fields: [image], defaultInput: "image",
            defaultTarget: nil)
    }

    /// A tape over weights of N(0, 1).
    private func tape(_ network: Network) -> Tape {
        let values = FlatBuffer(count: network.layout.count)
        var numbers = TestNumbers(seed: 3)
        for parameter in network.layout.parameters {
            for (i, value) in numbers.floats(parameter.shape.count, .uniform(-1...1)).enumerated() {
                values.pointer[network.layout.offsets[parameter.index] + i] = value
            }
        }
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        return tape
    }

    private func values(_ tape: Tape, _ name: String) -> [Double] {
        guard let parameter = tape.layout.parameters.first(where: { $0.name == name }) else { return [] }
        return tape.parameter(parameter).value.values.map(Double.init)
    }

    private func twin(_ tape: Tape, _ name: String) -> ExactBoltzmannMachine {
        let (weight, bias) = (values(tape, name + ".weight"), values(tape, name + ".bias"))
        let columns = weight.count / bias.count
        return ExactBoltzmannMachine(
            weight: bias.indices.map { Array(weight[$0 * columns..<($0 + 1) * columns]) }, bias: bias,
            visibleBias: values(tape, name + ".visibleBias"), isGaussian: false)
    }

    @Test func aSampleDependsOnKeyAndNumberAlone() throws {
        let setup = try setup([.named("rbm", .boltzmannMachine(units: 4))])
        let maker = try #require(try ContrastiveDivergence(samplingSteps: 3).make(setup).sampleMaker)
        let tape = tape(setup.network)
        let key = RandomKey(seed: 1)
        let all = maker.samples(0..<40, key: key, on: tape)
        #expect(all.shape == [40, 2, 3, 1] && maker.made == image)
        for range in [0..<1, 5..<17, 16..<32, 39..<40] {
            let some = maker.samples(range, key: key, on: tape)
            #expect(some.values == Array(all.values[range.lowerBound * 6..<range.upperBound * 6]))
        }
        #expect(maker.samples(0..<40, key: RandomKey(seed: 2), on: tape).values != all.values)
    }

    @Test func chainsComeToTheMeansOfTheModelAndGoDownThroughTheMachinesBelow() throws {
        let single = try setup([.named("rbm", .boltzmannMachine(units: 4))])
        let deep = try setup([
            .named("low", .boltzmannMachine(units: 5)), .named("rbm", .boltzmannMachine(units: 4)),
        ])
        for setup in [single, deep] {
            let objective = try ContrastiveDivergence(layer: PlacedName("rbm"), samplingSteps: 30).make(setup)
            let maker = try #require(objective.sampleMaker)
            let tape = tape(setup.network)
            let count = 8000
            let samples = maker.samples(0..<count, key: RandomKey(seed: 1), on: tape).values
            let means = (0..<6).map { i in
                (0..<count).reduce(0) { $0 + Double(samples[$1 * 6 + i]) } / Double(count)
            }
            let top = twin(tape, "rbm").visibleDistribution()
            let isDeep = setup.network.layout.parameters.contains { $0.name == "low.weight" }
            let low = twin(tape, isDeep ? "low" : "rbm")
            let exact = (0..<6).map { i in
                top.reduce(0) { $0 + $1.probability * (isDeep ? low.visibleMeans($1.values) : $1.values)[i] }
            }
            // The means of 8,000 values of 0…1 have a standard error of at most 0.0056.
            #expect(zip(means, exact).allSatisfy { abs($0 - $1) < 0.025 }, "\(means) \(exact)")
        }
    }

    @Test func picturesShowFiltersInTheRangeOfTheDataAndSamplesBelow() throws {
        let setup = try setup([
            .named("low", .boltzmannMachine(units: 5)), .named("rbm", .boltzmannMachine(units: 20)),
        ])
        let objective = try ContrastiveDivergence(layer: PlacedName("rbm"), samplingSteps: 2).make(setup)
        let tape = tape(setup.network)
        let pixels: [Float] = [0, 0.25, 0.5, 1, 0, 0.75]
        let batch = FieldBatch(
            count: 1, sampleIDs: [0],
            memory: [FieldMemory(field: image, elements: .floats(Tensor(pixels, [6], pool: tape.pool).storage))])
        let key = RandomKey(seed: 1)
        let pictures = try #require(
            objective.pictures(GrainContext(batch, on: tape, mode: .evaluation, key: key)))
        // 20 filters take two rows of 16; a row of nothing, and two of samples.
        #expect(pictures.columns == 16 && pictures.values.shape == [5 * 16, 2, 3, 1])
        let values = pictures.values.values
        let (top, low) = (matrix(tape, "rbm.weight", 5), matrix(tape, "low.weight", 6))
        let filter = (0..<6).map { i in (0..<5).reduce(0) { $0 + top[7][$1] * low[$1][i] } }
        let largest = filter.map(abs).max() ?? 1
        for i in 0..<6 { #expect(abs(Double(values[7 * 6 + i]) - 0.5 - 0.5 * filter[i] / largest) < 1e-6) }
        #expect(values[20 * 6..<48 * 6].allSatisfy { $0 == 0 })
        let samples = try #require(objective.sampleMaker).samples(0..<32, key: key, on: tape)
        #expect(Array(values[(48 * 6)...]) == samples.values)
    }

    private func matrix(_ tape: Tape, _ name: String, _ columns: Int) -> [[Double]] {
        let all = values(tape, name)
        return stride(from: 0, to: all.count, by: columns).map { Array(all[$0..<$0 + columns]) }
    }

    @Test func whatCannotBeTrainedIsRefusedWithWhatToDo() throws {
        func problem(
            _ specification: ContrastiveDivergence, _ layers: [LayerSpecification], grains: Int = 1
        ) throws -> String {
            let setup = ObjectiveSetup(
                network: try network([.flatten] + layers, input: [2, 3, 1]), fields: [image], defaultInput: "image",
                defaultTarget: nil, grainsPerStep: grains)
            do {
                _ = try specification.make(setup)
                return "none"
            } catch { return "\(error)" }
        }
        let rbm = LayerSpecification.named("rbm", .boltzmannMachine(units: 4, chains: 3))
        let plain = LayerSpecification.named("plain", .boltzmannMachine(units: 4))
        let named = ContrastiveDivergence(layer: PlacedName("rbm"))
        #expect(try problem(ContrastiveDivergence(), [rbm]) == "none")
        #expect(
            try problem(ContrastiveDivergence(), [.linear(units: 2)]).hasSuffix(
                "test has no rbm layer; add one: {rbm: 500}."))
        #expect(
            try problem(ContrastiveDivergence(), [rbm, plain]).hasSuffix(
                "test has several rbm layers; name one in `of`: rbm, plain."))
        #expect(try problem(named, [plain]).contains("'rbm'"))
        #expect(try problem(named, [plain]).contains("plain"))
        #expect(
            try problem(ContrastiveDivergence(isPersistent: true), [plain]).contains(
                "plain has no chains to go on with"))
        #expect(
            try problem(ContrastiveDivergence(isPersistent: true), [rbm], grains: 4).contains(
                "rbm has 3 chains for the 4 grains of a batch"))
        #expect(
            try problem(named, [.named("code", .linear(units: 3)), rbm]).hasSuffix(
                "rbm reads code, whose values can be anything, and its binary visible units take those from 0 to 1; "
                    + "put a sigmoid between, or give the rbm `visible: gaussian`."))
        #expect(
            try problem(named, [.named("code", .boltzmannMachine(units: 3, hidden: .gaussian)), rbm]).contains(
                "rbm reads code, whose values can be anything"))
        #expect(
            try problem(named, [.linear(units: 3), .activation("sigmoid"), .dropout(probability: 0.5), rbm]) == "none")
        let gaussian = LayerSpecification.named("rbm", .boltzmannMachine(units: 4, visible: .gaussian))
        #expect(try problem(named, [.linear(units: 3), gaussian]) == "none")
    }
}
