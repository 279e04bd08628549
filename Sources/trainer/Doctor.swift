import ArgumentParser
import Foundation
import JobHealth
import Training

/// Shows what this process really has.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What MPI, BLAS, cores and limits this process has; says what is wrong.")

    func run() throws {
        try Job.run("doctor") { ranks, _ in
            let own = Diagnosis(rank: ranks.rank, ranksOnHost: ranks.hostSize)
            let reports = try ranks.gather(Array(own.text.utf8))
            if ranks.rank == 0 {
                for (rank, report) in reports.enumerated() {
                    if reports.count > 1 { try print("rank \(rank) of \(reports.count) on \(ranks.hostTable[rank])") }
                    try print(String(decoding: report, as: UTF8.self))
                }
            }
            return ExitCode.done.rawValue
        }
    }
}
