import Foundation
import Synchronization

/// A fault that the tests ask for, at one place of one rank.
///
/// `TRAINER_TEST_FAULT=KIND:PHASE:RANK:STEP`, read here alone. KIND is `throw`, `exit`, `exit0`, `kill`, `segv`, `stop`
/// (the rank stops itself by SIGSTOP, so that a test can change the world around it and let it go on) or `nan`; PHASE
/// is `launch`, `start-up`, `training`, `all-reduce`, `validation`, `checkpoint` or `finish`; STEP is the number of
/// finished steps. It strikes once.
package enum TestFault {
    package enum Place: String, Sendable {
        case launch, startUp = "start-up", training, allReduce = "all-reduce", validation, checkpoint, finish
    }

    /// What a rank throws in a test.
    struct Thrown: Error, CustomStringConvertible {
        let description = "a fault that TRAINER_TEST_FAULT asks for; unset it"
    }

    private struct Request: Sendable {
        let kind: Substring
        let place: Substring
        let rank: Int
        let step: Int
    }

    private static let request: Request? = {
        guard let parts = ProcessInfo.processInfo.environment["TRAINER_TEST_FAULT"]?.split(separator: ":"),
            parts.count == 4,
            let rank = Int(parts[2]), let step = Int(parts[3])
        else { return nil }
        return Request(kind: parts[0], place: parts[1], rank: rank, step: step)
    }()
    private static let hasStruck = Atomic(false)
    private static let rank = Atomic(0)

    /// Which rank this process is.
    package static func isRank(_ number: Int) { rank.store(number, ordering: .relaxed) }

    /// Strikes where the environment asks for a fault here and now.
    package static func reach(_ place: Place, step: Int = 0) throws {
        guard isHere(place, step: step), request?.kind != "nan", !hasStruck.exchange(true, ordering: .relaxed) else {
            return
        }
        switch request?.kind {
        case "throw": throw Thrown()
        case "exit": exit(3)
        case "exit0": exit(0)
        case "kill": kill(getpid(), SIGKILL)
        case "segv": UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
        case "stop": kill(getpid(), SIGSTOP)
        default: break
        }
    }

    /// Makes a number NaN where the environment asks for it here and now; each time, so that it happens again when it
    /// is computed again.
    package static func poison(_ number: UnsafeMutablePointer<Float>, _ place: Place, step: Int) {
        if isHere(place, step: step), request?.kind == "nan" { number.pointee = .nan }
    }

    private static func isHere(_ place: Place, step: Int) -> Bool {
        guard let request else { return false }
        return request.place == place.rawValue && request.rank == rank.load(ordering: .relaxed) && request.step == step
    }
}
