import Checkpointing
import Collectives
import Foundation
import JobHealth
import System

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
    ///
    /// - Parameter program: of its executable.
    init(program: String, command: String) {
        self.program = program
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
}

/// This process's executable and its SHA-256, which takes longer than most of what else a rank does before it trains.
private struct ProgramFile: Codable {
    /// What tells files of a host apart: device, number, size, and the times of the last changes.
    var identity: [Int]
    /// Nil until it has been read.
    var digest: String?

    private static let path = "/proc/self/exe"

    init() throws {
        var status = stat()
        guard stat(ProgramFile.path, &status) == 0 else {
            throw SystemError.file(path: ProgramFile.path, operation: "stat", code: errno)
        }
        identity = [
            Int(status.st_dev), Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
            status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
        ]
    }

    mutating func read() throws {
        let digest = try SHA256Digest()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: ProgramFile.path), options: .alwaysMapped)
        try bytes.withUnsafeBytes { try digest.update($0) }
        self.digest = try digest.finalize()
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
        let own = LaunchIdentity(program: try programDigest(), command: command)
        let told = rank == 0 ? Array(try JSONEncoder().encode(own)) : []
        let first = Self.identity(try waiting { try $0.broadcast(bytes: told, root: 0) })
        let difference = first.map { own.difference(from: $0) } ?? .program(own: own.program, first: "unknown")
        if let differences = try tally(difference) { throw differ(differences) }
    }

    /// The failure, the same on all ranks, that the lowest of the ranks with a difference tells, and which names those
    /// that share it.
    func differ(_ differences: RankTally<LaunchDifference>) -> AgreedFailure {
        let first = differences.entries[0]
        let error = TrainingError.ranksDiffer(
            ranks: first.ranks, firstHost: hostTable[0], difference: first.words)
        return AgreedFailure(rank: first.ranks.first[0], report: ErrorReport(error))
    }

    /// The SHA-256 of this process's executable, which the first rank of a host reads for all that run the same file.
    private func programDigest() throws -> String {
        var own: ProgramFile?
        // Errors are told after the agreement that the other ranks of the host wait in.
        let result = Result {
            var file = try ProgramFile()
            if isHostLeader { try file.read() }
            own = file
        }
        let first = try sharedOnHost(own)
        try result.get()
        guard var file = own else { return "unknown" }
        if let first, first.identity == file.identity, let digest = first.digest { return digest }
        if file.digest == nil { try file.read() }
        return file.digest ?? "unknown"
    }

    /// What rank 0 has said; nil for the words of a program without this handshake.
    private static func identity(_ bytes: [UInt8]) -> LaunchIdentity? {
        do {
            return try JSONDecoder().decode(LaunchIdentity.self, from: Data(bytes))
        } catch {
            return nil
        }
    }
}
