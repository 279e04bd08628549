import Autograd
import Collectives
import Kernels
import NeuralNetwork
import Optimization
import TensorCore
import TestSupport
import Testing
import Training

extension ActivityTests {
    /// The variance of the gradient against its definition in double precision.
    @Suite("GradientNoise", .timeLimit(.minutes(1)))
    struct GradientNoiseTests {
        private static let inputs = 64
        private static let outputs = 64
        private let network: Network
        private let values: FlatBuffer

        init() throws {
            network = try TestSupport.network(
                [.named("output", .linear(units: Self.outputs))], input: [Self.inputs])
            values = FlatBuffer(count: network.layout.count)
            network.layout.initialize(values, key: RandomKey(seed: 1))
        }

        private static func normals(_ sample: Int, _ stream: Int, _ count: Int) -> [Float] {
            let key = RandomKey(seed: 3).folding(stream).folding(sample)
            return (0..<count).map { key.normals(at: UInt64($0)).0 }
        }

        private static func batch(_ samples: [Int]) -> FieldBatch {
            FieldBatch(
                samples.flatMap { normals($0, 0, inputs) }, [inputs],
                .values(samples.flatMap { normals($0, 1, outputs) }, [outputs]), sampleIDs: samples)
        }

        /// The variance that a step over grains of these samples shows.
        private func variance(_ grains: [[Int]], isFactored: Bool, threads: Int = 1) throws -> Double {
            let objective = NoiseMeasuringObjective(
                try network.objective(SquareSumLoss.halfSquare, metrics: [], like: Self.batch([0])))
            let layout = GrainVectorLayout(
                GradientLayout(network.layout, .all(network.layout)), metrics: objective.zeroSums.values.count,
                samplesPerGrain: isFactored ? 4 : nil, leastFactored: 1)
            #expect(layout.factored.weights.isEmpty != isFactored)
            let spans = layout.trained.order.map { index in
                ParameterSpan(
                    name: network.layout.parameters[index].name, offset: layout.trained.offset(of: index) ?? 0,
                    count: network.layout.parameters[index].shape.count)
            }
            let noise = GradientNoise(groups: try ParameterGroups(spans), slot: objective.slot)
            let ranks = try Ranks { SingleProcessCommunicator() }
            let replica = try Replica(
                network: network, values: values, vectors: [layout], threads: threads, grainCount: grains.count,
                ranks: ranks, noises: [noise])
            let sums = try replica.step(phase: 0, objective, key: RandomKey(seed: 1)) { grain, body in
                try body(Self.batch(grains[grain]))
            }
            try ranks.finalize()
            return try #require(sums.metrics.values(of: objective.metrics)["gradientVariance"])
        }

        /// A sample's gradient of ½ ‖W x + b − t‖² for W and b, in double precision.
        private func gradient(_ sample: Int) -> [Double] {
            func parameter(_ suffix: String) -> UnsafeMutablePointer<Float> {
                let index = network.layout.parameters.first { $0.name.hasSuffix(suffix) }?.index ?? 0
                return values.pointer + network.layout.offsets[index]
            }
            let (weight, bias) = (parameter("weight"), parameter("bias"))
            let x = Self.normals(sample, 0, Self.inputs).map(Double.init)
            let t = Self.normals(sample, 1, Self.outputs).map(Double.init)
            let difference = (0..<Self.outputs).map { o in
                (0..<Self.inputs).reduce(Double(bias[o]) - t[o]) { $0 + Double(weight[o * Self.inputs + $1]) * x[$1] }
            }
            return difference.flatMap { d in x.map { d * $0 } } + difference
        }

        @Test(arguments: [false, true])
        func `is the variance between grains of any sizes, over the samples`(isFactored: Bool) throws {
            let grains = [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9, 10], [11]]
            let n = 12.0
            var squares = 0.0
            var total = [Double](repeating: 0, count: Self.outputs * (Self.inputs + 1))
            for grain in grains {
                var sum = [Double](repeating: 0, count: total.count)
                for sample in grain { for (i, g) in gradient(sample).enumerated() { sum[i] += g } }
                squares += sum.reduce(0) { $0 + $1 * $1 } / Double(grain.count)
                for i in total.indices { total[i] += sum[i] }
            }
            let expected = (squares - total.reduce(0) { $0 + $1 * $1 } / n) / (3 * n)
            let measured = try variance(grains, isFactored: isFactored)
            #expect(abs(measured - expected) < 1e-4 * expected, "\(measured), not \(expected)")
            #expect(try variance(grains, isFactored: isFactored, threads: 3) == measured)
        }

        @Test func `halves as the batch doubles`() throws {
            func mean(batch: Int, steps: Int) throws -> Double {
                try (0..<steps).map { step in
                    let first = step * batch
                    return try variance(
                        (0..<batch / 4).map { grain in (0..<4).map { first + 4 * grain + $0 } }, isFactored: false)
                }.reduce(0, +) / Double(steps)
            }
            let ratio = try mean(batch: 16, steps: 16) / mean(batch: 32, steps: 8)
            #expect(abs(ratio / 2 - 1) < 0.15, "\(ratio)")
        }

        @Test func `of a single grain nothing is known`() throws {
            #expect(try variance([[0, 1, 2]], isFactored: false).isNaN)
        }
    }
}
