import Checkpointing
import Foundation

/// What must be the same on all ranks of a job: the program, the configuration and the data.
struct RankIdentity: Codable, Equatable {
    var program: String
    var configuration: String
    var data: UInt64

    init(configuration: RunConfiguration, data: RunData) throws {
        program = try RankIdentity.programDigest()
        self.configuration = configuration.fingerprintText
        self.data = data.training.fingerprint
    }

    /// Refuses a job whose ranks differ, on the first that differs from rank 0. Collective.
    static func requireSame(_ configuration: RunConfiguration, _ data: RunData, _ ranks: Ranks) throws {
        if ranks.worldSize == 1 { return }
        let own = try ranks.together { try RankIdentity(configuration: configuration, data: data) }
        let first = try ranks.broadcast { own }
        try ranks.together {
            for (isSame, what) in [
                (own.program == first.program, "program"), (own.configuration == first.configuration, "configuration"),
                (own.data == first.data, "training data"),
            ] where !isSame {
                throw TrainingError.ranksDiffer(rank: ranks.rank, what: what)
            }
        }
    }

    /// SHA-256 of this process's executable.
    private static func programDigest() throws -> String {
        let digest = try SHA256Digest()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .alwaysMapped)
        try bytes.withUnsafeBytes { try digest.update($0) }
        return try digest.finalize()
    }
}
