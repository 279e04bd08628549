/// Why the workers or ranks of a step cannot end it.
package enum DataParallelError: Error, Equatable, CustomStringConvertible {
    /// The step was given up on this rank before all its gradients were there, so the other ranks wait for the rest.
    case stepCancelled(rank: Int)

    /// What happened, where, and what to do.
    package var description: String {
        switch self {
        case .stepCancelled(let rank):
            "rank \(rank) gave its step up before all of its gradients were added. Look at the error before this "
                + "one, and end the job."
        }
    }
}
