import Checkpointing
import Foundation
import JobHealth

/// What must be the same on all ranks before a command does anything that involves the others.
///
/// Ranks that run different commands, or different programs, would wait for each other for ever. So the first thing
/// that a rank says is this.
struct LaunchIdentity: Codable, Equatable {
    /// SHA-256 of the executable.
    var program: String
    var command: String
    /// The processor family whose kernels OpenBLAS uses; other kernels round differently.
    var kernels: String
    /// OpenBLAS's version, build options and processor family.
    var linearAlgebra: String
    /// The C library, and whether its functions may use fused multiply-adds, which round differently.
    var mathematics: String

    /// This process's.
    init(command: String) throws {
        program = try Self.programDigest()
        self.command = command
        linearAlgebra = LinearAlgebra.description
        kernels = LinearAlgebra.coreName
        let isFused = LinearAlgebra.processorFlags.isSuperset(of: ["fma", "avx2"])
        mathematics = Self.libraryVersion + (isFused ? " with fused multiply-add" : "")
    }

    /// What this has otherwise than `first`: the first of it, in the order in which one explains the next.
    func difference(from first: LaunchIdentity) -> LaunchDifference? {
        if program != first.program { return .program(own: program, first: first.program) }
        if command != first.command { return .command(own: command, first: first.command) }
        if kernels != first.kernels { return .kernels(own: kernels, first: first.kernels) }
        if linearAlgebra != first.linearAlgebra {
            return .linearAlgebra(own: linearAlgebra, first: first.linearAlgebra)
        }
        if mathematics != first.mathematics { return .mathematics(own: mathematics, first: first.mathematics) }
        return nil
    }

    /// The C library's name and version, as in `glibc 2.36`.
    private static var libraryVersion: String {
        var buffer = [CChar](repeating: 0, count: 64)
        guard confstr(Int32(_CS_GNU_LIBC_VERSION), &buffer, buffer.count) > 0 else { return "an unknown C library" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func programDigest() throws -> String {
        let digest = try SHA256Digest()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .alwaysMapped)
        try bytes.withUnsafeBytes { try digest.update($0) }
        return try digest.finalize()
    }
}

extension Ranks {
    /// Refuses a job whose ranks do not all run this command of this program with the same arithmetic; the first
    /// collective call of every command.
    ///
    /// - Parameter command: the subcommand with those of its options that must be the same.
    /// - Throws: on all ranks an ``AgreedFailure``, with the text of `TrainingError.ranksDiffer` for the first rank
    ///   that differs from rank 0.
    package func requireSameLaunch(command: String) throws {
        if worldSize == 1 { return }
        let own = try LaunchIdentity(command: command)
        let identities = try gather(Array(try JSONEncoder().encode(own))).map(Self.identity)
        guard let first = identities[0] else { throw differ([0: .program(own: "unknown", first: own.program)]) }
        var differences: [Int: LaunchDifference] = [:]
        for (rank, identity) in identities.enumerated() {
            differences[rank] =
                identity.map { $0.difference(from: first) } ?? .program(own: "unknown", first: first.program)
        }
        if !differences.isEmpty { throw differ(differences) }
    }

    /// The failure, the same on all ranks, that the lowest of the ranks with a difference tells, and which names those
    /// that share it.
    func differ(_ differences: [Int: LaunchDifference]) -> AgreedFailure {
        let ranks = differences.keys.sorted()
        let difference = differences[ranks[0]] ?? .program(own: "", first: "")
        let error = TrainingError.ranksDiffer(
            ranks: ranks.filter { differences[$0] == difference }, hosts: hostNames, difference: difference)
        return AgreedFailure(rank: ranks[0], report: ErrorReport(error))
    }

    /// What a rank has said; nil for the words of a program without this handshake.
    private static func identity(_ bytes: [UInt8]) -> LaunchIdentity? {
        do {
            return try JSONDecoder().decode(LaunchIdentity.self, from: Data(bytes))
        } catch {
            return nil
        }
    }
}
