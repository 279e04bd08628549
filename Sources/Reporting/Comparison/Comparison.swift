import Foundation
import NeuralNetwork
import System
import Training

/// Runs side by side; those that differ by seed alone are one setting.
package struct Comparison: Sendable {
    /// One of the runs.
    package struct Member: Sendable {
        package let name: String
        package let path: String
        /// What a sweep calls its setting; nil of runs that no sweep has started.
        package let setting: String?
        /// Where a sweep has varied them.
        package let ranks: Int?
        package let threads: Int?
        /// Why it has failed, as far as a sweep knows.
        package let failure: String?
        /// Nil where nothing has been written yet.
        package let run: RecordedRun?
        let seed: UInt64?

        /// Of a run that no sweep has started.
        package init(_ run: RecordedRun) {
            self.init(
                name: run.name, path: run.path, setting: nil, seed: run.configuration.seed, run: run)
        }

        package init(
            name: String, path: String, setting: String?, seed: UInt64?, ranks: Int? = nil, threads: Int? = nil,
            failure: String? = nil, run: RecordedRun?
        ) {
            self.name = name
            self.path = path
            self.setting = setting
            self.seed = run?.configuration.seed ?? seed
            (self.ranks, self.threads) = (ranks, threads)
            self.failure = failure
            self.run = run
        }

        /// The same of one directory, however its path is written.
        fileprivate var place: String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }

        /// The one that its directory lies in.
        fileprivate var folder: Substring { path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }

        /// Whether it has come to its end.
        package var isFinished: Bool { run?.digest != nil && failure == nil }

        /// How far it is, for people.
        package var state: String {
            if let failure { return "failed: \(failure)" }
            guard let run else { return "not begun" }
            return run.digest == nil ? "unfinished, at step \(NumberText.grouped(run.steps))" : "finished"
        }
    }

    /// Runs that differ by seed alone.
    package struct Setting: Sendable {
        package let name: String
        package let members: [Member]

        /// The runs that figures and curves are of: those that have come to their end, or else all that have begun.
        package var counted: [RecordedRun] {
            let finished = members.filter(\.isFinished).compactMap(\.run)
            return finished.isEmpty ? members.compactMap(\.run) : finished
        }
    }

    package let title: String
    package let settings: [Setting]
    /// What is compared, and whether somebody has chosen it.
    package let metrics: [ComparedMetric]
    let isChosen: Bool
    /// Values of keys that differ between settings, a line a key.
    let differences: [(key: String, values: [String])]

    /// - Parameters:
    ///   - title: of the page.
    ///   - metric: the only one to compare, as users call it; nil for all.
    /// - Throws: ``ComparisonError``.
    package init(_ members: [Member], title: String, metric: String? = nil) throws(ComparisonError) {
        self.title = title
        var paths: Set<String> = []
        for member in members where !paths.insert(member.place).inserted {
            throw ComparisonError.sameRun(path: member.path)
        }
        var groups: [(key: String, members: [Member])] = []
        for member in members {
            let key =
                member.setting.map { "\(member.folder)\n\($0)" } ?? member.run?.settingText
                ?? member.name
            if let place = groups.firstIndex(where: { $0.key == key }) {
                groups[place].members.append(member)
            } else {
                groups.append((key, [member]))
            }
        }
        differences = Comparison.differences(groups.map(\.members))
        settings = zip(groups, Comparison.names(of: groups.map(\.members), differences)).map {
            Setting(name: $1, members: $0.members)
        }
        isChosen = metric != nil
        let measured = ComparedMetric.all(of: settings.flatMap(\.counted))
        if let metric {
            metrics = try ComparedMetric.chosen(metric, from: measured)
        } else {
            metrics = measured
        }
    }

    /// What differs between the settings' configurations.
    private static func differences(_ settings: [[Member]]) -> [(key: String, values: [String])] {
        let runs = settings.map { $0.lazy.compactMap(\.run).first }
        let configurations = runs.map { run in
            run.map { run in
                Dictionary(run.setting.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
            }
        }
        let known = configurations.compactMap(\.self)
        guard known.count > 1 else { return [] }
        var keys: [String] = []
        var seen: Set<String> = []
        for value in runs.compactMap(\.self).flatMap(\.setting) where seen.insert(value.path).inserted {
            keys.append(value.path)
        }
        return keys.compactMap { key in
            if Set(known.map { $0[key] }).count == 1 { return nil }
            return (key, configurations.map { $0?[key] ?? "–" })
        }
    }

    /// What settings are called: as their sweep does; by the keys that differ where these are few; else by their runs'
    /// directories.
    private static func names(
        of settings: [[Member]], _ differences: [(key: String, values: [String])]
    ) -> [String] {
        let given = settings.compactMap { $0[0].setting }
        if given.count == settings.count {
            if Set(given).count == given.count { return given }
            // Two sweeps may have settings of one name.
            let whole = settings.map { "\($0[0].folder.split(separator: "/").last ?? "")/\($0[0].setting ?? "")" }
            if Set(whole).count == whole.count { return whole }
        }
        if (1...3).contains(differences.count), differences.allSatisfy({ $0.values.allSatisfy { $0.count <= 40 } }) {
            let keys = shortKeys(differences.map(\.key))
            let names = settings.indices.map { index in
                zip(keys, differences).map { "\($0)=\($1.values[index])" }.joined(separator: ", ")
            }
            if Set(names).count == names.count { return names }
        }
        let names = settings.map { $0[0].name + ($0.count > 1 ? " and \($0.count - 1) more" : "") }
        return Set(names).count == names.count ? names : settings.map { $0[0].path }
    }

    /// The last part of each key, or all of it where two have the same.
    package static func shortKeys(_ keys: [String]) -> [String] {
        let short = keys.map { $0.split(separator: ".").last.map(String.init) ?? $0 }
        return zip(keys, short).map { key, last in short.count { $0 == last } > 1 ? key : last }
    }

    /// Whether runs of one configuration and seed have the same weights, whatever their ranks and threads; nil where no
    /// two are of one.
    package var agreement: (isWhole: Bool, text: String)? {
        var digests: [String: [String]] = [:]
        for member in settings.flatMap(\.members) where member.isFinished {
            guard let run = member.run, let digest = run.digest else { continue }
            digests[run.settingText + "seed=\(run.configuration.seed)", default: []].append(digest)
        }
        let repeated = digests.values.filter { $0.count > 1 }
        if repeated.isEmpty { return nil }
        let runs = NumberText.count(repeated.reduce(0) { $0 + $1.count }, "run")
        let broken = repeated.count { Set($0).count > 1 }
        let groups = repeated.count == 1 ? "one configuration and seed" : "\(repeated.count) configurations and seeds"
        if broken == 0 {
            return (true, "\(runs) of \(groups): \(repeated.count == 1 ? "one digest" : "one digest each")")
        }
        let most = repeated.map { Set($0).count }.max() ?? 0
        return (
            false,
            "\(runs) of \(groups), \(broken) of them with up to \(most) digests: these runs were not made by the same "
                + "program on processors of one kind"
        )
    }
}
