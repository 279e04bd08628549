import DataPipeline
import Foundation
import NeuralNetwork
import Synchronization

/// Collects the worst mistakes of an evaluation, by objective.
///
/// What is kept is a function of all mistakes, in whatever order workers and ranks tell of them.
package final class MistakeList: Sendable {
    private let kept: Mutex<[WorstMistakes]>
    private let dataset: any Dataset

    /// - Parameter dataset: whose samples are evaluated.
    package init(_ objectives: [any Objective], of dataset: any Dataset) {
        kept = Mutex(objectives.map { WorstMistakes(tables: $0.confusions.count) })
        self.dataset = dataset
    }

    /// Takes the mistakes of one batch in.
    ///
    /// - Parameters:
    ///   - sampleIDs: of the batch.
    ///   - samples: that were asked for, as indices in the data set; the batch lacks those that could not be read.
    func add(_ mistakes: [Mistake], objective: Int, of sampleIDs: [Int], among samples: GrainSamples) {
        if mistakes.isEmpty { return }
        var indices: [Int] = []
        for place in 0..<samples.count where indices.count < sampleIDs.count {
            let index = samples[place]
            if sampleIDs.count == samples.count || dataset.sampleID(of: index) == sampleIDs[indices.count] {
                indices.append(index)
            }
        }
        kept.withLock { kept in
            for var mistake in mistakes where indices.indices.contains(mistake.sample) {
                mistake.sample = indices[mistake.sample]
                kept[objective].add(mistake)
            }
        }
    }

    /// The worst of all ranks' by objective. Collective.
    func gathered(_ ranks: Ranks) throws -> [WorstMistakes] {
        let own = kept.withLock { $0 }
        if ranks.worldSize == 1 { return own }
        return try ranks.merged(own) { lower, upper in
            for (objective, worst) in upper.enumerated() {
                for mistake in worst.mistakes.joined() { lower[objective].add(mistake) }
            }
        } ?? own
    }
}
