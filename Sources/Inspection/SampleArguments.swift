import ArgumentParser
import Training

/// The samples that a look shows: some of the run's data, or files.
package struct SampleArguments: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Samples, as `predict` takes them; those of the run's data if absent. A picture of another size than the "
                + "model's is cut to its ratio in the middle and resized."))
    package var files: [String] = []

    @Option(help: "The part of the run's data: train, validation or test (default: test).")
    package var split: DataPart?

    @Option(
        help: ArgumentHelp("Numbers of samples in that part, such as 0-7 or 3,14.", valueName: "numbers"))
    package var samples: SampleNumbers?

    package init() {}

    /// The numbers in the part that are shown, of so many samples.
    func numbers(of count: Int) -> [Int] { samples?.numbers ?? Array(0..<count) }

    package func validate() throws {
        if !files.isEmpty, split != nil || samples != nil {
            throw ValidationError(
                "--split and --samples name samples of the run's data, and files are others; give one of the two.")
        }
    }
}

extension DataPart: ExpressibleByArgument {}

/// `0-7`, `3,14`, `5`.
package struct SampleNumbers: ExpressibleByArgument, Sendable, Equatable {
    /// The most numbers of one list.
    static let most = 100_000
    package let numbers: [Int]

    /// Nil where a part is no number or range.
    package init?(argument: String) {
        var numbers: [Int] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let first = ends.first ?? nil, first >= 0, let last = ends.last ?? nil, last >= first,
                ends.count <= 2, numbers.count + last - first < SampleNumbers.most
            else { return nil }
            numbers += first...last
        }
        self.numbers = numbers
    }
}
