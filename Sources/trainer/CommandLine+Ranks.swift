import ArgumentParser

extension CommandLine {
    /// The arguments of this process without `--np N`, for the ranks that it starts.
    static var argumentsWithoutRanks: [String] {
        var result: [String] = []
        var skipsNext = false
        for argument in arguments.dropFirst() {
            if skipsNext {
                skipsNext = false
            } else if argument == "--np" {
                skipsNext = true
            } else if !argument.hasPrefix("--np=") {
                result.append(argument)
            }
        }
        return result
    }

    /// Refuses numbers of threads and ranks that no machine has.
    static func check(threads: Int?, np: Int?) throws {
        for (name, value) in [("--threads", threads), ("--np", np)] {
            if let value, !(1...1024).contains(value) { throw ValidationError("\(name) \(value): give 1 to 1024") }
        }
    }
}
