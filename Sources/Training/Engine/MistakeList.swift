import DataPipeline
import Foundation
import NeuralNetwork
import Synchronization

/// Collects the worst mistakes of an evaluation, by objective.
///
/// What is kept is a function of all mistakes, in whatever order workers and ranks tell of them.
package final class MistakeList: Sendable {
    private let kept: Mutex<[WorstMistakes]>

    package init(_ objectives: [any Objective]) {
        kept = Mutex(objectives.map { WorstMistakes(tables: $0.confusions.count) })
    }

    /// Takes the mistakes of one batch in.
    ///
    /// - Parameter samples: of the batch, as indices in the data set.
    func add(_ mistakes: [Mistake], objective: Int, samples: GrainSamples) {
        if mistakes.isEmpty { return }
        kept.withLock { kept in
            for var mistake in mistakes {
                mistake.sample = samples[mistake.sample]
                kept[objective].add(mistake)
            }
        }
    }

    /// The worst of all ranks' by objective. Collective.
    func gathered(_ ranks: Ranks) throws -> [WorstMistakes] {
        var all = kept.withLock { $0 }
        if ranks.worldSize == 1 { return all }
        let texts = try ranks.gather(Array(JSONEncoder.exact.encode(all)))
        for (rank, text) in texts.enumerated() where rank != ranks.rank {
            let others = try JSONDecoder.exact.decode([WorstMistakes].self, from: Data(text))
            for (objective, worst) in others.enumerated() {
                for mistake in worst.mistakes.joined() { all[objective].add(mistake) }
            }
        }
        return all
    }
}
