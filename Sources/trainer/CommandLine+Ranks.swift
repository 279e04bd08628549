import ArgumentParser
import Training

extension CommandLine {
    /// The arguments of this process without those options and their values, for the processes that it starts.
    static func arguments(without options: Set<String>) -> [String] {
        var result: [String] = []
        var skipsNext = false
        for argument in arguments.dropFirst() {
            if skipsNext {
                skipsNext = false
            } else if options.contains(argument) {
                skipsNext = true
            } else if !options.contains(where: { argument.hasPrefix($0 + "=") }) {
                result.append(argument)
            }
        }
        return result
    }

    /// Refuses numbers of networks that are none, or would take for ever.
    static func check(dropoutSamples: Int?) throws {
        if let dropoutSamples, !(1...10_000).contains(dropoutSamples) {
            throw ValidationError("--dropout-samples \(dropoutSamples): give 1 to 10000")
        }
    }

    /// Refuses names that no part of the data has.
    static func check(split: String?) throws {
        guard let split, DataPart(rawValue: split) == nil else { return }
        throw ValidationError(
            "--split \(split) is no part of the data; give one of "
                + "\(DataPart.allCases.map(\.rawValue).joined(separator: ", ")).")
    }

    /// Refuses numbers of threads and ranks that no machine has.
    static func check(threads: Int?, np: Int?) throws {
        for (name, value, most) in [("--threads", threads, 1024), ("--np", np, 65536)] {
            if let value, !(1...most).contains(value) { throw ValidationError("\(name) \(value): give 1 to \(most)") }
        }
    }
}
