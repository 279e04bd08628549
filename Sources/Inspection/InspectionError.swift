import JobHealth
import System

/// What can't be looked at; each text ends with what to do.
package enum InspectionError: CodedError, Equatable, CustomStringConvertible {
    /// A layer without the weights, or the places, that the look shows.
    case unsuitableNode(name: String, problem: String, known: [String])
    /// A model that the look has no way to see.
    case unsuitableModel(path: String, problem: String)
    /// Sample numbers that the part of the data does not have.
    case noSuchSample(number: Int, count: Int, part: String)
    /// A run that kept no checkpoints.
    case noCheckpoints(path: String)
    /// An option's value.
    case option(name: String, problem: String)
    /// A class that the data do not have.
    case unknownClass(name: String, known: [String])
    /// A model that the run does not have.
    case unknownModel(name: String, known: [String])

    package var exitCode: ExitCode {
        if case .noCheckpoints = self { .data } else { .usage }
    }

    package var description: String {
        switch self {
        case .unsuitableNode(let name, let problem, let known):
            "'\(name)' \(problem); give one of \(known.joined(separator: ", "))"
        case .unsuitableModel(let path, let problem): "\(path): \(problem)"
        case .noSuchSample(let number, let count, let part):
            "--samples: there is no sample \(number) in the \(part) part; give 0 to \(count - 1)"
        case .noCheckpoints(let path):
            "\(path): has fewer than two checkpoints, so that nothing changes from one to the next; train with "
                + "checkpoint: {everySteps: N, keep: M}"
        case .option(let name, let problem): "--\(name): \(problem)"
        case .unknownClass(let name, let known): InspectionError.unknown("class", name, known)
        case .unknownModel(let name, let known): InspectionError.unknown("model", name, known)
        }
    }

    private static func unknown(_ kind: String, _ name: String, _ known: [String]) -> String {
        "--\(kind): no \(kind) is named '\(name)'"
            + (nearestName(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? "")
            + "; give one of \(known.prefix(20).joined(separator: ", "))\(known.count > 20 ? ", …" : "")"
    }
}
