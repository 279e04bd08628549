/// Why the workers or ranks of a step cannot end it.
package enum DataParallelError: Error, Equatable, CustomStringConvertible {
    /// The step was given up on this rank before all its gradients were there, so the other ranks wait for the rest.
    case stepCancelled(rank: Int)
    /// A grain came to another meeting than those before it, or did not come: an objective computes grains differently.
    case grainsApart(grain: Int)
    /// The same of another rank's grains.
    case ranksApart(rank: Int, other: Int)

    /// What happened, where, and what to do.
    package var description: String {
        switch self {
        case .stepCancelled(let rank):
            "rank \(rank) gave its step up before all of its gradients were added. Look at the error before this "
                + "one, and end the job."
        case .grainsApart(let grain):
            "grain \(grain) does not compute the layers that the other grains of the step compute, so that statistics "
                + "over the whole batch cannot be taken. Use `batchNorm: {statistics: grain}`, and report this."
        case .ranksApart(let rank, let other):
            "rank \(rank) and rank \(other) do not compute the same layers, so that statistics over the whole batch "
                + "cannot be taken. Use `batchNorm: {statistics: grain}`, and report this."
        }
    }
}
