import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Contrastive divergence on a machine of 6 visible and 4 hidden units, of which everything can be computed exactly.
@Suite struct ContrastiveDivergenceTests {
    private static let data: [[Float]] = [
        [1, 0, 1, 1, 0, 0], [0, 1, 1, 0, 0, 1], [1, 1, 0, 0, 1, 0], [0.25, 0, 0.5, 1, 0.75, 1],
    ]
    private static let grains = 3

    /// A machine of drawn weights, beside its twin.
    private struct Machine {
        let network: Network
        let values: FlatBuffer
        let twin: ExactBoltzmannMachine
        let tape: Tape

        init(visible: BoltzmannUnits = .binary, chains: Int = 0, scale: Double = 1) throws {
            network = try TestSupport.network(
                [.named("rbm", .boltzmannMachine(units: 4, visible: visible, chains: chains))], input: [6])
            values = FlatBuffer(count: network.layout.count)
            var numbers = TestNumbers(seed: 7)
            var drawn: [[Double]] = []
            for parameter in network.layout.parameters where parameter.isTrainable {
                let floats = numbers.floats(parameter.shape.count, .uniform(-1.5 * scale...1.5 * scale))
                for (i, value) in floats.enumerated() {
                    values.pointer[network.layout.offsets[parameter.index] + i] = value
                }
                drawn.append(floats.map(Double.init))
            }
            twin = ExactBoltzmannMachine(
                weight: (0..<4).map { Array(drawn[0][6 * $0..<6 * $0 + 6]) }, bias: drawn[1], visibleBias: drawn[2],
                isGaussian: visible == .gaussian)
            tape = Tape(layout: network.layout, values: values)
        }

        func objective(_ specification: ContrastiveDivergence) throws -> any Objective {
            try specification.make(
                ObjectiveSetup(
                    network: network, fields: batch(1).fields, defaultInput: "input", defaultTarget: nil,
                    grainsPerStep: ContrastiveDivergenceTests.grains))
        }

        /// Each sample of the data so many times.
        func batch(_ copies: Int) -> FieldBatch {
            let rows = (0..<copies).flatMap { _ in ContrastiveDivergenceTests.data.flatMap(\.self) }
            return FieldBatch(rows, [6], .values(Array(repeating: 0, count: rows.count / 6), [1]))
        }

        /// What a grain's vector holds after a pass; the carried chains are assigned where there is one grain alone.
        func pass(
            _ objective: any Objective, _ batch: FieldBatch, key: RandomKey, grain: Int = 0
        ) -> (gradient: [Double], vector: FlatBuffer, result: GrainResult) {
            let vector = FlatBuffer(count: tape.wholeVector.count)
            tape.begin(gradients: vector.pointer)
            let result = objective(GrainContext(batch, on: tape, mode: .training(key), key: key, grain: grain))
            if let loss = result.loss { tape.backward(from: loss) }
            let gradient = network.layout.parameters.filter(\.isTrainable).flatMap { parameter in
                (0..<parameter.shape.count).map { i in
                    Double(vector.pointer[(tape.wholeVector.offset(of: parameter.index) ?? 0) + i]) / result.weight
                }
            }
            return (gradient, vector, result)
        }

        /// The mean gradient of a sample over many chains, each drawn by itself.
        func meanGradient(_ specification: ContrastiveDivergence, copies: Int = 250, keys: Int = 100) throws
            -> [Double]
        {
            let objective = try objective(specification)
            let batch = batch(copies)
            var sum = Array(repeating: 0.0, count: 4 * 6 + 4 + 6)
            for number in 0..<keys {
                let gradient = pass(objective, batch, key: RandomKey(seed: UInt64(number))).gradient
                for i in sum.indices { sum[i] += gradient[i] / Double(keys) }
            }
            return sum
        }
    }

    private static let doubles = data.map { $0.map(Double.init) }

    private func difference(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? 0 }

    /// 100,000 chains of values within 0…1: the standard error of each mean is at most 0.5/√100000 = 0.0016.
    private let tolerance = 0.007

    @Test(arguments: [(1, false), (1, true), (3, false), (3, true)])
    func theMeanGradientIsThatOfAllChainsOfItsLength(steps: Int, means: Bool) throws {
        let machine = try Machine()
        let gradient = try machine.meanGradient(ContrastiveDivergence(steps: steps, endsWithMeans: means))
        let exact = machine.twin.contrastiveDivergence(Self.doubles, steps: steps, endsWithMeans: means)
        #expect(difference(gradient, exact) < tolerance)
        // Others are further away, so that the test would see them.
        for other in [(1, false), (1, true), (3, false), (3, true)] where other != (steps, means) {
            let wrong = machine.twin.contrastiveDivergence(Self.doubles, steps: other.0, endsWithMeans: other.1)
            #expect(difference(wrong, exact) > 2 * tolerance, "\(other)")
        }
    }

    @Test func longChainsComeToTheGradientOfTheLikelihood() throws {
        let machine = try Machine()
        let exact = machine.twin.likelihood(Self.doubles)
        let gradient = try machine.meanGradient(ContrastiveDivergence(steps: 40, endsWithMeans: false), keys: 50)
        #expect(difference(gradient, exact) < 0.01)
        let bias = difference(
            machine.twin.contrastiveDivergence(Self.doubles, steps: 1, endsWithMeans: false), exact)
        #expect(bias > 0.05)
    }

    @Test func persistentChainsComeToTheGradientOfTheLikelihood() throws {
        let machine = try Machine(chains: 3 * 1000)
        let exact = machine.twin.likelihood(Self.doubles)
        let objective = try machine.objective(ContrastiveDivergence(isPersistent: true))
        let batch = machine.batch(1)
        var sum = exact.map { _ in 0.0 }
        let steps = 200
        for step in 0..<steps {
            let total = FlatBuffer(count: machine.tape.wholeVector.count)
            for grain in 0..<Self.grains {
                let key = RandomKey(seed: 5).folding(step).folding(grain)
                let (gradient, vector, _) = machine.pass(objective, batch, key: key, grain: grain)
                for i in 0..<vector.count { total.pointer[i] += vector.pointer[i] }
                if step >= steps / 2 {
                    for i in sum.indices { sum[i] += gradient[i] / Double(Self.grains * steps / 2) }
                }
            }
            machine.tape.wholeVector.assignCarried(machine.values, sums: total.pointer)
        }
        // Values of a chain depend on those before, so that they say less than as many new ones.
        #expect(difference(sum, exact) < 0.015)
    }

    @Test func gaussianVisibleUnitsHaveTheirGradients() throws {
        let machine = try Machine(visible: .gaussian, scale: 0.5)
        let once = try machine.meanGradient(ContrastiveDivergence(endsWithMeans: true))
        let exact = machine.twin.contrastiveDivergence(Self.doubles, steps: 1, endsWithMeans: true)
        #expect(difference(once, exact) < 0.02)
        let long = try machine.meanGradient(ContrastiveDivergence(steps: 20, endsWithMeans: false))
        let likelihood = machine.twin.likelihood(Self.doubles)
        #expect(difference(long, likelihood) < 0.03)
        #expect(difference(exact, likelihood) > 0.09)
    }

    @Test(arguments: BoltzmannUnits.allCases)
    func theFiguresAreTheErrorAndTheFreeEnergyOfASample(visible: BoltzmannUnits) throws {
        let machine = try Machine(visible: visible)
        let objective = try machine.objective(ContrastiveDivergence())
        let batch = machine.batch(500)
        let result = machine.pass(objective, batch, key: RandomKey(seed: 2)).result
        var sums = MetricSums(samples: batch.count, weight: result.weight, own: result.sums)
        let figures = sums.values(of: objective.metrics)
        #expect(figures.map(\.name) == ["loss", "reconstructionError", "freeEnergy", "freeEnergyGap"])
        let energy = Self.doubles.reduce(0) { $0 + machine.twin.freeEnergy($1) } / 4
        #expect(abs(figures[2].value - energy) < 1e-5 * abs(energy))
        // On average over the hidden units that a sample gives.
        let error =
            Self.doubles.reduce(0) { sum, v in
                sum + machine.twin.reconstructionError(v)
            } / 4
        #expect(abs(figures[1].value - error) < 0.04 * error)
        // Without training samples there is nothing to compare.
        #expect(!figures[3].isCounted)
        var training = sums
        training = MetricSums(samples: 1, weight: 1, own: [0, 0, 3, 2, 0, 0])
        let comparison = try #require(objective.comparison)
        sums.take(comparison, from: training)
        #expect(abs(sums.values(of: objective.metrics)[3].value - (energy - 1.5)) < 1e-5 * abs(energy))
    }

    @Test func aGrainWithoutSamplesKeepsItsChainsAndEachGrainChangesItsOwn() throws {
        let machine = try Machine(chains: 7)
        let objective = try machine.objective(ContrastiveDivergence(isPersistent: true))
        let offset = machine.network.layout.offsets[3]
        for i in 0..<42 { machine.values.pointer[offset + i] = Float(i % 2) }
        let before = (0..<42).map { machine.values.pointer[offset + $0] }
        let total = FlatBuffer(count: machine.tape.wholeVector.count)
        let key = RandomKey(seed: 9)
        for grain in [0, 2] {
            let vector = machine.pass(objective, machine.batch(1), key: key.folding(grain), grain: grain).vector
            for i in 0..<vector.count { total.pointer[i] += vector.pointer[i] }
        }
        machine.tape.begin(gradients: total.pointer)
        let empty = FieldBatch([], [6], .values([], [1]))
        let idle = FlatBuffer(count: machine.tape.wholeVector.count)
        machine.tape.begin(gradients: idle.pointer)
        objective.keepState(GrainContext(empty, on: machine.tape, mode: .training(key), key: key, grain: 1))
        #expect(machine.tape.wholeVector.gradients.allSatisfy { idle.pointer[$0] == 0 })
        for i in 0..<idle.count { total.pointer[i] += idle.pointer[i] }
        machine.tape.wholeVector.assignCarried(machine.values, sums: total.pointer)
        let after = (0..<42).map { machine.values.pointer[offset + $0] }
        // Of 7 chains the first grain owns three, the others two each.
        #expect(Array(after[18..<30]) == Array(before[18..<30]))
        #expect(after[..<18] != before[..<18] && after[30...] != before[30...])
        #expect(after.allSatisfy { $0 == 0 || $0 == 1 })
    }

    @Test func onlyTheMachineItselfIsTrained() throws {
        let network = try TestSupport.network(
            [
                .named("below", .boltzmannMachine(units: 5)), .named("rbm", .boltzmannMachine(units: 4, chains: 3)),
                .linear(units: 2),
            ], input: [6])
        let setup = ObjectiveSetup(
            network: network, fields: try Machine().batch(1).fields, defaultInput: "input", defaultTarget: nil)
        let objective = try ContrastiveDivergence(layer: PlacedName("rbm")).make(setup)
        #expect(objective.parameters == ["rbm.weight", "rbm.bias", "rbm.visibleBias", "rbm.chains"])
        #expect(objective.targetRules.isEmpty && objective.fields == ["input"])
        #expect(try ContrastiveDivergence(layer: PlacedName("below")).make(setup).targetRules.count == 1)
    }
}
