import Autograd
import Kernels
import NeuralNetwork
import System

/// Measures when within a grain weights are first read and gradients are final, on one worker.
struct GrainClock {
    private let training: MeasuredTraining

    init(_ training: MeasuredTraining) { self.training = training }

    /// The medians of seven grains.
    func profile() -> GrainProfile { training.precision.use { measure() } }

    private func measure() -> GrainProfile {
        let phase = training.phase
        let order = phase.trained.order
        let key = RandomKey(seed: 1)
        let values = FlatBuffer(count: training.network.layout.count)
        training.network.layout.initialize(values, key: key)
        let marks = Marks(parameterCount: training.network.layout.parameters.count)
        let tape = Tape(layout: training.network.layout, values: values) { marks.read($0.index) }
        let vector = FlatBuffer(count: phase.vector.count)
        let factors = phase.vector.factored.weights.isEmpty ? nil : GradientFactors(phase.vector.factored)
        let batch = RandomSamples(training, grains: 0..<1, key: key).samples(0)
        var (needed, ready, shares): ([[Double]], [[Double]], [Double]) = ([], [], [])
        for round in 0..<9 {
            let key = key.folding(round)
            let context = GrainContext(batch, on: tape, mode: .training(key), key: key, grain: 0)
            marks.begin()
            tape.begin(
                gradients: vector.pointer, layout: phase.vector,
                carried: batch.lanes.map { CarriedLanes(lanes: $0, isStartOfSequence: false) }, factors: factors
            ) { marks.passed(floats: $0) }
            let result = phase.objective(context)
            let middle = Clock.seconds
            guard let loss = result.loss else { continue }
            tape.backward(from: loss)
            let end = Clock.seconds
            if round < 2 { continue }
            let forward = middle - marks.start
            needed.append(order.map { ((marks.reads[$0] ?? marks.start) - marks.start) / forward })
            ready.append(
                order.map { index in
                    let size = training.network.layout.parameters[index].shape.count
                    let upper = (phase.trained.offset(of: index) ?? 0) + size
                    let time = marks.passes.first { $0.floats >= upper }?.time ?? end
                    return (time - middle) / (end - middle)
                })
            shares.append(forward / (end - marks.start))
        }
        return GrainProfile(
            stages: stages(order, needed: needed, ready: ready), forwardShare: median(shares) ?? 0.33)
    }

    /// In the order of first use; what is read later is not needed earlier, and what is final later not ready earlier.
    private func stages(_ order: [Int], needed: [[Double]], ready: [[Double]]) -> [GrainProfile.Stage] {
        var result: [GrainProfile.Stage] = []
        var latest = 0.0
        for (place, index) in order.enumerated() {
            let lower = training.phase.trained.offset(of: index) ?? 0
            let end = place + 1 < order.count ? training.phase.trained.offset(of: order[place + 1]) : nil
            latest = max(latest, median(ready.map { $0[place] }) ?? 1)
            result.append(
                GrainProfile.Stage(
                    lower: lower, upper: end ?? training.phase.trained.count,
                    needed: median(needed.map { $0[place] }) ?? 0, ready: min(1, latest)))
        }
        // The first weights' gradients are what backward ends with.
        if !result.isEmpty { result[result.count - 1].ready = 1 }
        result.reverse()
        var passed = 0.0
        for place in result.indices {
            passed = max(passed, result[place].needed)
            result[place].needed = passed
        }
        return result
    }

    private func median(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.sorted()[values.count / 2] }

    /// What a grain has passed, and when.
    private final class Marks {
        private(set) var start = 0.0
        private(set) var reads: [Double?]
        private(set) var passes: [(floats: Int, time: Double)] = []

        init(parameterCount: Int) { reads = Array(repeating: nil, count: parameterCount) }

        func begin() {
            for index in reads.indices { reads[index] = nil }
            passes = []
            start = Clock.seconds
        }

        func read(_ index: Int) { if reads[index] == nil { reads[index] = Clock.seconds } }

        func passed(floats: Int) { passes.append((floats, Clock.seconds)) }
    }
}
