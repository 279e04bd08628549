import System

/// What ranks of one job have that must be the same on all of them; values are the rank's own and rank 0's.
package enum LaunchDifference: Equatable, Sendable, Codable {
    /// The executable; SHA-256 digests.
    case program(own: String, first: String)
    /// The subcommand and what of its options all ranks must share.
    case command(own: String, first: String)
    /// The version of OpenBLAS.
    case linearAlgebra(own: String, first: String)
    /// The processor family whose kernels OpenBLAS uses.
    case kernels(own: String, first: String)
    /// The version of the C library, and which of its variants of exp, log and sin the processor gets.
    case mathematics(own: String, first: String)
    /// Lines `key.path: rank 0's value → own value` of the configuration.
    case configuration([String])
    /// Fingerprints of the training samples.
    case data(own: UInt64, first: UInt64)
    /// Fingerprints of trained weights, for commands that use them.
    case weights(own: UInt64, first: UInt64)

    /// Keys of a configuration that an error names at most.
    private static let shownKeys = 6

    /// What the first of `ranks` has or does otherwise than rank 0, and how many are like it. Its own host is told with
    /// the error.
    func text(ranks: RankList, firstHost: String) -> String {
        let like = ranks.withoutFirst
        let others =
            switch like.count {
            case 0: ""
            case 1: " (and 1 other)"
            default: " (and \(like.count) others: \(like.text))"
            }
        let subject = "rank \(ranks.first.first ?? 0)" + others
        let first = "rank 0 on \(firstHost)"
        return switch self {
        case .program(let own, let other):
            "\(subject) runs another program than \(first) (SHA-256 \(own.prefix(12)), there \(other.prefix(12)))"
        case .command(let own, let other): "\(subject) runs '\(own)', \(first) runs '\(other)'"
        case .linearAlgebra(let own, let other):
            "\(subject) has another OpenBLAS than \(first) ('\(own)', there '\(other)')"
        case .kernels(let own, let other):
            "\(subject) computes with OpenBLAS kernels for \(own), \(first) with those for \(other)"
        case .mathematics(let own, let other):
            "\(subject) has other functions exp, log and sin than \(first) (\(own), there \(other))"
        case .configuration(let lines):
            "\(subject) has another configuration than \(first): "
                + "\(lines.prefix(Self.shownKeys).joined(separator: ", "))"
                + (lines.count > Self.shownKeys ? " and \(lines.count - Self.shownKeys) more" : "")
                + " (rank 0's value → its own)"
        case .data(let own, let other):
            "\(subject) has other training data than \(first) (fingerprint \(String(own, radix: 16)), there "
                + "\(String(other, radix: 16)))"
        case .weights(let own, let other):
            "\(subject) has other weights than \(first) (fingerprint \(String(own, radix: 16)), there "
                + "\(String(other, radix: 16)))"
        }
    }

    /// What to do about it.
    var remedy: String {
        switch self {
        case .program: "give all hosts the same file: build once and copy it, or use a shared folder"
        case .command: "start all ranks with one command: mpirun -np N trainer …"
        case .linearAlgebra: "install the same version on all hosts"
        case .kernels:
            "set TRAINER_BLAS_CORE on all ranks to a family that all hosts' processors have "
                + "(mpirun -x TRAINER_BLAS_CORE=Haswell), or unset it on all"
        case .mathematics: "use hosts with the same system release and processors of one kind"
        case .configuration: "give all ranks the same configuration file and the same options"
        case .data: "copy the same data files to all hosts"
        case .weights: "copy the same run directory to all hosts"
        }
    }
}
