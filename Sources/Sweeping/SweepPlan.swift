import Foundation
import System
import Training

/// The runs of a sweep: one for each combination of what varies.
package struct SweepPlan: Sendable {
    /// One of the runs.
    package struct Run: Sendable {
        /// Of its directory.
        package let name: String
        /// What it is called without its seed.
        package let setting: String
        /// Changes of the configuration, `key=value`.
        package let varied: [String]
        package let ranks: Int?
        package let threads: Int?
        package let configuration: RunConfiguration

        package var seed: UInt64 { configuration.seed }
    }

    /// A run's values, one of each axis.
    private typealias Combination = [(axis: SweepAxis, value: String)]

    package let runs: [Run]

    /// - Parameter read: the configuration with these changes.
    /// - Throws: ``SweepError``; `ConfigurationError` of the first run that has one.
    package init(_ axes: [SweepAxis], read: (_ varied: [String]) throws -> RunConfiguration) throws {
        if axes.isEmpty { throw SweepError.nothingVaries }
        var kinds: [SweepAxis.Kind] = []
        for axis in axes {
            if kinds.contains(axis.kind) {
                throw SweepError.option(axis.option, reason: "it is given twice; give all its values at once")
            }
            kinds.append(axis.kind)
        }
        let count = axes.reduce(1) { count, axis in
            let (product, overflows) = count.multipliedReportingOverflow(by: axis.values.count)
            return overflows ? .max : product
        }
        if count > SweepError.mostRuns { throw SweepError.tooManyRuns(count) }
        var combinations: [Combination] = [[]]
        for axis in axes {
            combinations = combinations.flatMap { combination in axis.values.map { combination + [(axis, $0)] } }
        }
        let names = SweepPlan.names(combinations)
        var runs: [Run] = []
        var known: [String: String] = [:]
        for (combination, name) in zip(combinations, names) {
            let varied = combination.compactMap { axis, value -> String? in
                guard case .key(let key) = axis.kind else { return nil }
                return "\(key)=\(value)"
            }
            let configuration = try read(varied)
            let (ranks, threads) = (SweepPlan.number(.ranks, combination), SweepPlan.number(.threads, combination))
            let label = SweepPlan.label(combination)
            // What two runs would have in common is all that makes them.
            let identity = configuration.resolvedYAML() + "\(ranks ?? 0) \(threads ?? 0)"
            if let same = known.updateValue(label, forKey: identity) { throw SweepError.sameRuns(same, label) }
            let setting = SweepPlan.label(combination.filter { !$0.axis.isSeed })
            runs.append(
                Run(
                    name: name, setting: setting.isEmpty ? configuration.name : setting, varied: varied, ranks: ranks,
                    threads: threads, configuration: configuration))
        }
        self.runs = runs
    }

    private static func number(_ kind: SweepAxis.Kind, _ combination: Combination) -> Int? {
        combination.first { $0.axis.kind == kind }.flatMap { Int($0.value) }
    }

    /// `learningRate=0.1, seed=2`.
    private static func label(_ combination: Combination) -> String { parts(combination).joined(separator: ", ") }

    /// `key=value` of each axis, with the last part of each key where that is enough.
    private static func parts(_ combination: Combination) -> [String] {
        let keys = combination.map { axis, _ in
            switch axis.kind {
            case .key(let key): key
            case .ranks: "np"
            case .threads: "threads"
            }
        }
        let short = keys.map { $0.split(separator: ".").last.map(String.init) ?? $0 }
        return keys.indices.map { index in
            let isAmbiguous = short.count { $0 == short[index] } > 1
            return "\(isAmbiguous ? keys[index] : short[index])=\(combination[index].value)"
        }
    }

    /// Names for directories: what file names can't have, or shells would take for something else, becomes `-`.
    private static func names(_ combinations: [Combination]) -> [String] {
        let names = combinations.map { parts($0).map(fileName).joined(separator: ",") }
        let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
        return zip(combinations, names).map { combination, name in
            if name.utf8.count <= 120, counts[name] == 1 { return name }
            let digits = String(fnv1a(label(combination)), radix: 16)
            return "\(name.prefix(100))-\(digits.suffix(8))"
        }
    }

    static func fileName(_ text: String) -> String {
        var name = ""
        for character in text {
            let isPlain =
                character.isASCII && (character.isLetter || character.isNumber || "._+=-".contains(character))
            if isPlain { name.append(character) } else if name.last != "-", name.last != "=" { name.append("-") }
        }
        while name.last == "-" { name.removeLast() }
        return name
    }
}
