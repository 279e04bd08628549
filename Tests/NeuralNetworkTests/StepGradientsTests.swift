import Autograd
import ConfigurationReading
import Glibc
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

struct StepGradientsTests {
    /// Sequences of at most three steps of two numbers, and one number to be said of each.
    private struct Batch {
        let fields: FieldBatch

        /// - Parameter lengths: of the sequences; nil where all are whole.
        init(_ inputs: [Float], lengths: [Int32]? = nil, targets: [Float]) {
            let input = FieldDescription(
                name: "input", elementType: .float32, shape: [3, 2], variableAxis: lengths == nil ? nil : 0,
                meaning: .real(names: []))
            let target = FieldDescription(
                name: "target", elementType: .float32, shape: [1], meaning: .real(names: []))
            func floats(_ values: [Float]) -> FieldMemory.Elements {
                .floats(Tensor(values, [values.count], pool: StoragePool()).storage)
            }
            var memory = [
                FieldMemory(field: input, elements: floats(inputs), variableExtent: lengths == nil ? nil : 3),
                FieldMemory(field: target, elements: floats(targets)),
            ]
            if let lengths, let field = input.lengthField {
                let pointer = UnsafeMutablePointer<Int32>.allocate(capacity: lengths.count)  // as long as the test
                pointer.initialize(from: lengths, count: lengths.count)
                memory.append(
                    FieldMemory(field: field, elements: .integers(pointer, capacity: lengths.count, owner: nil)))
            }
            fields = FieldBatch(count: targets.count, sampleIDs: Array(targets.indices), memory: memory)
        }
    }

    private let numbers: [Float] = [0.5, -1, 2, 0.25, -0.75, 1, 1, 1.5, -2, 0.5, 0.1, -0.3]

    private func network(_ layers: [LayerSpecification], _ batch: Batch) throws -> Network {
        try Network([
            ModelDescription(
                name: "test", inputs: [ModelInput(shape: [3, 2]).taking(batch.fields.fields[0])], layers: layers)
        ])
    }

    /// The curves, and the result that the objective itself has from the same weights, with random ones.
    private func curves(
        _ network: Network, _ batch: Batch, of nodes: [String], _ loss: any Loss = MeanSquaredErrorLoss(),
        values: FlatBuffer
    ) throws -> (curves: [(name: String, norms: [Double])], sums: MetricSums, own: GrainResult) {
        let objective = try network.objective([LossTerm(loss)], fields: Array(batch.fields.fields.prefix(2)))
        let measuring = try StepGradients(objective, of: nodes.map { PlacedName($0) })
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        let context = GrainContext(batch.fields, on: tape, mode: .evaluation, key: RandomKey(seed: 1))
        let result = measuring(context)
        #expect(result.sums.count == measuring.sumCount && result.loss == nil)
        let sums = MetricSums(samples: batch.fields.count, weight: result.weight, own: result.sums)
        tape.begin(gradients: nil)
        let own = objective(GrainContext(batch.fields, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))
        return (measuring.curves(of: sums), sums, own)
    }

    private func weights(_ network: Network) -> FlatBuffer {
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: 3))
        return values
    }

    /// By hand: v = x, ŷ = w · v, the loss (ŷ − y)², so that its derivative at step t is 2 (ŷ − y) wₜ.
    @Test func theNormAtAStepIsThatOfTheLossesDerivative() throws {
        let batch = Batch(numbers, targets: [0.5, -1])
        let network = try network([.named("steps", .linear(units: 2)), .flatten, .linear(units: 1)], batch)
        let values = weights(network)
        func place(_ index: Int) -> UnsafeMutablePointer<Float> {
            values.pointer + network.layout.offsets[network.layout.parameters[index].index]
        }
        // The first layer gives its input.
        for (index, value) in [1, 0, 0, 1].enumerated() { place(0)[index] = Float(value) }
        for index in 0..<2 { place(1)[index] = 0 }
        let w = (0..<6).map { Double(place(2)[$0]) }
        let (curves, sums, own) = try curves(network, batch, of: ["steps", "input"], values: values)
        let errors = (0..<2).map { row in
            (0..<6).reduce(Double(place(3)[0])) { $0 + w[$1] * Double(numbers[6 * row + $1]) }
                - [0.5, -1][row]
        }
        let scale = errors.reduce(0) { $0 + 4 * $1 * $1 } / 2
        for (name, norms) in curves {
            for step in 0..<3 {
                let expected = (scale * (w[2 * step] * w[2 * step] + w[2 * step + 1] * w[2 * step + 1])).squareRoot()
                #expect(abs(norms[step] - expected) < 1e-5 * expected, "\(name), step \(step)")
            }
        }
        #expect(curves.map(\.name) == ["steps", "input"])
        // What is measured on the way changes nothing.
        #expect(sums.loss == own.sums[0] && sums.samples == 2)
    }

    /// ŷ is the mean over a sequence's steps of one number each, so that the derivative is 2 (ŷ − y) / length there.
    @Test func aStepCountsOnlyTheSequencesThatHaveIt() throws {
        let batch = Batch(numbers, lengths: [3, 2], targets: [0.5, -1])
        let network = try network([.named("steps", .linear(units: 1)), .globalAveragePool], batch)
        let values = weights(network)
        let (curves, _, own) = try curves(network, batch, of: ["steps"], values: values)
        let losses = try (0..<2).map { row in
            let lengths: [Int32] = [3, 2]
            let one = Batch(
                Array(numbers[6 * row..<6 * row + 6]), lengths: [lengths[row]], targets: [[0.5, -1][row]])
            return try self.curves(network, one, of: ["steps"], values: values).own.sums[0]
        }
        #expect(abs(losses.reduce(0, +) - own.sums[0]) < 1e-5)
        let squares = zip(losses, [3.0, 2]).map { 4 * $0 / ($1 * $1) }  // (2 (ŷ − y) / length)²
        let expected = [(squares[0] + squares[1]) / 2, (squares[0] + squares[1]) / 2, squares[0]].map {
            $0.squareRoot()
        }
        for (norm, right) in zip(curves[0].norms, expected) { #expect(abs(norm - right) < 1e-5 * right) }
    }

    /// Of a linear recurrence the gradient is multiplied by the states' weights at each step back, whose largest
    /// eigenvalue is about `stateScale` (Ginibre 1965), so that it shrinks or grows like a power of it.
    @Test(arguments: [0.5, 1.5])
    func gradientsShrinkOrGrowOnTheirWayBackAsTheStatesWeightsSay(scale: Double) throws {
        let steps = 21
        let batch = FieldBatch((0..<2 * steps).map { Float($0 % 7) / 7 }, [steps, 2], .values([0.5], [1]))
        let network = try TestSupport.network(
            [.rnn(units: 64, activation: .identity, returns: .last, stateScale: scale), .linear(units: 1)],
            input: [steps, 2])
        let objective = try network.objective([LossTerm(MeanSquaredErrorLoss())], fields: batch.fields)
        let measuring = try StepGradients(objective, of: [PlacedName("input")])
        let tape = Tape(layout: network.layout, values: weights(network))
        tape.begin(gradients: nil)
        let result = measuring(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))
        let sums = MetricSums(samples: 1, weight: result.weight, own: result.sums)
        let norms = try #require(measuring.curves(of: sums).first).norms
        // From step to step by that factor, on the average over twenty; two numbers a step tell it to a few per cent.
        let factor = pow(norms[0] / norms[steps - 1], 1 / Double(steps - 1))
        #expect(abs(factor / scale - 1) < 0.1, "\(factor)")
    }

    @Test func layersWithoutStepsAndUnknownOnesAreRefused() throws {
        let batch = Batch(numbers, targets: [0.5, -1])
        let network = try network([.named("steps", .linear(units: 2)), .flatten, .linear(units: 1)], batch)
        let objective = try network.objective(
            [LossTerm(MeanSquaredErrorLoss())], fields: Array(batch.fields.fields.prefix(2)))
        func problem(_ name: String) -> String {
            do {
                _ = try StepGradients(objective, of: [PlacedName(name)])
                return "none"
            } catch { return "\(error)" }
        }
        #expect(problem("1").contains("'1' is [6] and has no steps; name a layer of a sequence"))
        #expect(problem("stepz").contains("did you mean 'steps'?"))
        #expect(problem("steps") == "none")
    }

    // MARK: - Forecasts without a model

    @Test func aFieldOfForecastsIsJudgedAsIfAModelHadGivenIt() throws {
        let net = try TestSupport.network([.named("output", .linear(units: 2))], input: [2])
        func floats(_ name: String, _ values: [Float]) -> FieldMemory {
            FieldMemory(
                field: FieldDescription(name: name, elementType: .float32, shape: [2], meaning: .real(names: [])),
                elements: .floats(Tensor(values, [values.count], pool: StoragePool()).storage))
        }
        let batch = FieldBatch(
            count: 2, sampleIDs: [0, 1],
            memory: [
                floats("input", [9, 9, 9, 9]), floats("target", [0, 2, 5, 9]), floats("naive", [1, 2, 3, 6]),
            ])
        let terms = [LossTerm(MeanSquaredErrorLoss())]
        let objective = try net.objective(terms, metrics: nil, fields: batch.fields)
        let judge = try #require(objective.judging("naive", of: "target"))
        #expect(judge.fields == ["input", "target", "naive"])
        let tape = Tape(layout: net.layout, values: weights(net))
        tape.begin(gradients: nil)
        let result = judge(GrainContext(batch, on: tape, mode: .evaluation, key: RandomKey(seed: 1)))
        let sums = MetricSums(samples: 2, weight: result.weight, own: result.sums)
        let figures = sums.values(of: judge.metrics)
        #expect(figures.map(\.name) == ["loss", "rmse", "mae"])
        #expect(figures.map(\.value) == [3.5, 3.5.squareRoot(), 1.5])
        // An objective that compares something else can't say what a forecast is worth.
        #expect(objective.judging("naive", of: "input") == nil)
    }
}
