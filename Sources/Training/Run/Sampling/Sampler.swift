import Autograd
import Checkpointing
import DataPipeline
import JobHealth
import Kernels
import NeuralNetwork
import Synchronization
import TensorCore

/// Makes samples with a trained model, over all ranks and threads.
///
/// Sample i is a function of the weights, the seed and i: samples are made in grains of ``grain``, always whole ones,
/// whoever makes them and however many are wanted.
package final class Sampler {
    private let maker: any SampleMaker
    private let preprocessing: FieldPreprocessing?
    private let replica: Replica
    private let ranks: Ranks
    private let path: String
    private static let grain = 64

    init(
        _ maker: any SampleMaker, _ preprocessing: [FieldPreprocessing], _ replica: Replica, _ ranks: Ranks,
        path: String
    ) {
        self.maker = maker
        self.preprocessing = preprocessing.first { $0.field == maker.made.name }
        self.replica = replica
        self.ranks = ranks
        self.path = path
    }

    /// The samples, the same on all ranks; collective.
    ///
    /// - Throws: `SamplingError`.
    package func make(_ request: SamplingRequest) throws -> MadeSamples {
        let key = RandomKey(seed: request.seed).folding(.sampling)
        let latent = maker as? any LatentSampleMaker
        if request.interpolation != nil, latent == nil { throw SamplingError.noInterpolation(path: path) }
        let maker = maker
        let own = try grains(request.count) { numbers, tape in
            guard let latent, let steps = request.interpolation else {
                return maker.samples(numbers, key: key, on: tape).values
            }
            let path = LatentPath(latent, steps: steps, key: key)
            // A row goes from sample to sample of one class.
            return latent.samples(
                from: tape.constant(path.latentNumbers(numbers, tape.pool)), of: numbers.map { $0 / steps }
            ).value.values
        }
        var values: [Float] = []
        for bytes in try ranks.gather(own.withUnsafeBytes(Array.init)) {
            bytes.withUnsafeBytes { raw in
                for start in stride(from: 0, to: raw.count, by: 4) {
                    values.append(raw.loadUnaligned(fromByteOffset: start, as: Float.self))
                }
            }
        }
        let size = maker.made.shape.count
        values.removeLast(values.count - request.count * size)
        if let place = values.firstIndex(where: { !$0.isFinite }) {
            throw SamplingError.notFinite(path: path, sample: place / max(size, 1))
        }
        return MadeSamples(values, of: maker.made, preprocessing)
    }

    /// The values of this rank's grains, one after the other.
    private func grains(_ count: Int, _ make: @escaping @Sendable (Range<Int>, Tape) -> [Float]) throws -> [Float] {
        let total = (count + Sampler.grain - 1) / Sampler.grain
        let first = ranks.rank * total / ranks.worldSize
        let end = (ranks.rank + 1) * total / ranks.worldSize
        let next = Atomic(first)
        let results = Mutex([[Float]](repeating: [], count: end - first))
        try replica.pool.run { [replica] worker in
            while true {
                let grain = next.add(1, ordering: .relaxed).oldValue
                if grain >= end { return }
                let tape = replica.tapes[worker]
                tape.begin(gradients: nil)
                let values = make(grain * Sampler.grain..<(grain + 1) * Sampler.grain, tape)
                results.withLock { $0[grain - first] = values }
                Activity.beat()
            }
        }
        return results.withLock { $0.flatMap(\.self) }
    }
}

extension TrainedWeights {
    /// What makes samples with these weights; collective. Needs no data set where the weights say what they need, and
    /// of the weights only those of the models that make samples.
    ///
    /// - Throws: `SamplingError.nothingToSample`, `CheckpointError` for weights that are missing.
    package func makeSampler(_ ranks: Ranks, threads: Int?) throws -> Sampler {
        try RankIdentity.requireSame(configuration, ranks)
        let usage = try self.usage ?? usageFromData(ranks)
        let maker = { (phases: [TrainingPhase]) in phases.last { $0.objective.sampleMaker != nil }?.objective }
        let models = try load(usage, ranks, threads: threads) { maker($0)?.models }
        guard let found = maker(models.phases)?.sampleMaker else { throw SamplingError.nothingToSample(path: path) }
        return Sampler(found, usage.preprocessing, models.replica, ranks, path: path)
    }
}
