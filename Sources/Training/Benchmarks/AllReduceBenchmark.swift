import Autograd
import Collectives
import DataParallel
import Foundation
import JobHealth
import System

/// Measures the addition of gradients over ranks, as training does it, beside the MPI library's.
package struct AllReduceBenchmark {
    /// The medians for one size, in seconds.
    package struct Row: Sendable {
        package var bytes: Int
        package var ours: Double
        /// Nil without MPI.
        package var library: Double?
    }

    private let ranks: Ranks

    package init(_ ranks: Ranks) { self.ranks = ranks }

    /// Sizes from 1 KiB to 256 MiB.
    package static let usualBytes = [1 << 10, 1 << 14, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 44_000_000, 1 << 28]

    /// Measures vectors of these sizes; collective. `body` gets a row as it is ready, on every rank.
    package func run(_ sizes: [Int] = usualBytes, _ body: (Row) throws -> Void) throws {
        Activity.enter(.benchmark)
        for bytes in sizes {
            let rounds = max(5, min(2000, (1 << 28) / bytes))
            try body(Row(bytes: bytes, ours: try ours(bytes, rounds), library: try library(bytes, rounds)))
        }
    }

    private func ours(_ bytes: Int, _ rounds: Int) throws -> Double {
        let count = bytes / 4 / 16 * 16
        let assignment = ranks.assignment(grainCount: ranks.worldSize)
        let reduction = try Replica.makeReduction(assignment, count: count, ranks)
        let reducer = GradientReducer(assignment: assignment, rank: ranks.rank, count: count, reduction: reduction)
        return try median(rounds) {
            reducer.begin()
            try reducer.computeGrains { _, _, _ in }
            _ = try reducer.finish()
        }
    }

    private func library(_ bytes: Int, _ rounds: Int) throws -> Double? {
        let buffer = FlatBuffer(count: bytes / 4)
        return try ranks.communication.perform { communicator in
            guard let mpi = communicator as? MPICommunicator else { return nil }
            return try median(rounds) {
                try mpi.libraryAllReduce(UnsafeMutableBufferPointer(start: buffer.pointer, count: buffer.count))
            }
        }
    }
}

private func median(_ rounds: Int, _ body: () throws -> Void) throws -> Double {
    var seconds: [Double] = []
    for round in 0..<rounds + rounds / 10 + 1 {
        let start = Clock.seconds
        try body()
        Activity.beat()
        if round > rounds / 10 { seconds.append(Clock.seconds - start) }
    }
    return seconds.sorted()[seconds.count / 2]
}
