import ArgumentParser
import Training

/// The samples over which a look sums up: a part of the run's data.
package struct WalkArguments: ParsableArguments {
    @Option(help: "The part of the run's data: train, validation or test (default: test).")
    package var split: DataPart?

    @Option(help: "How many of its samples, drawn by a fixed key; 0 for all (1000 if absent).")
    package var limit: Int?

    package init() {}

    package func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit \(limit): give at least 1, or 0 for all") }
    }

    package var part: DataPart { split ?? .test }
    /// Nil for all.
    package var count: Int? { limit == 0 ? nil : limit ?? 1000 }
}

/// Numbers with commas between: `0.1,0.2`.
package struct NumberList: ExpressibleByArgument, Sendable, Equatable {
    package let numbers: [Double]

    package init(_ numbers: [Double]) { self.numbers = numbers }

    package init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard !parts.isEmpty, parts.allSatisfy({ $0?.isFinite ?? false }) else { return nil }
        numbers = parts.compactMap(\.self)
    }

    package var defaultValueDescription: String { numbers.map { "\($0)" }.joined(separator: ",") }
}
