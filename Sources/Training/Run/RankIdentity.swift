import Autograd
import DataPipeline
import Foundation

/// What must be the same on all ranks of a training job, beside what ``LaunchIdentity`` holds: the configuration and
/// the data.
enum RankIdentity {
    /// Keys that may differ: a data set may lie elsewhere on another host, and the name counts on rank 0 alone.
    private static let freeKeys: Set<String> = ["name", "data.path"]

    /// Refuses a job of which a rank has another configuration than rank 0; also of what changes no weights, because
    /// ranks must save and compare in the same steps. Collective.
    static func requireSame(_ configuration: RunConfiguration, _ ranks: Ranks) throws {
        if ranks.worldSize == 1 { return }
        let text = configuration.resolvedYAML()
        let first = try ranks.broadcast { text }
        let own = try ranks.together {
            text == first ? [] : try RunConfiguration.differences(from: first, to: text, without: freeKeys)
        }
        try requireNone(own.isEmpty ? nil : LaunchDifference.configuration(own), ranks)
    }

    /// Refuses a job of which a rank has other training samples than rank 0. Collective.
    static func requireSame(_ data: RunData, _ ranks: Ranks) throws {
        if ranks.worldSize == 1 { return }
        let own = data.training.fingerprint
        let first = try ranks.broadcast { own }
        try requireNone(own == first ? nil : LaunchDifference.data(own: own, first: first), ranks)
    }

    /// Refuses a job of which a rank would use other weights than rank 0. Collective.
    static func requireSame(weights: FlatBuffer, _ ranks: Ranks) throws {
        if ranks.worldSize == 1 { return }
        var fingerprint = Fingerprint()
        fingerprint.feed(UnsafeRawBufferPointer(start: weights.pointer, count: 4 * weights.count))
        let own = fingerprint.value
        let first = try ranks.broadcast { own }
        try requireNone(own == first ? nil : LaunchDifference.weights(own: own, first: first), ranks)
    }

    /// Throws on all ranks when any has a difference from rank 0.
    private static func requireNone(_ own: LaunchDifference?, _ ranks: Ranks) throws {
        if let differences = try ranks.tally(own) { throw ranks.differ(differences) }
    }
}
