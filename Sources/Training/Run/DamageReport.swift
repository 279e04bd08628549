import DataPipeline
import Foundation

/// Tells of samples that are left out because they can't be read, each of them once.
///
/// Every rank meets those that it reads; rank 0 tells of all.
final class DamageReport {
    private let logs: [DamageLog]
    private let ranks: Ranks
    private let observer: (any TrainingObserver)?
    /// Numbers that this rank has told rank 0, and that rank 0 has told people, by data set.
    private var sent: [Set<Int>]
    private var told: [Set<Int>]
    /// How many are named in a sentence.
    private static let named = 3

    init(_ setup: RunSetup, _ observer: (any TrainingObserver)?) {
        logs = DamageReport.logs(of: [setup.data] + setup.phaseData.compactMap(\.self))
        ranks = setup.ranks
        self.observer = observer
        sent = logs.map { _ in [] }
        told = logs.map { _ in [] }
    }

    private static func logs(of data: [RunData]) -> [DamageLog] {
        let all = data.flatMap { [$0.training, $0.validation].compactMap { $0?.source.damage } }
        return all.enumerated().filter { place, log in !all[..<place].contains { $0 === log } }.map(\.element)
    }

    /// Tells of those that have turned up since the last time; collective where samples may be left out.
    func tell(step: Int) throws {
        for place in logs.indices {
            let own = logs[place].all.filter { !sent[place].contains($0.number) }
            sent[place].formUnion(own.map(\.number))
            let all = try DamageReport.gathered(own, ranks).filter { told[place].insert($0.number).inserted }
            guard !all.isEmpty else { continue }
            let count = told[place].count
            try ranks.together {
                try observer?.decided(
                    DecisionRecord(
                        step: step, kind: .samplesLeftOut, reason: DamageReport.sentence(all, of: count),
                        numbers: ["new": Double(all.count), "count": Double(count)]))
            }
        }
    }

    /// What is to be told of a data set that has been read once; collective where samples may be left out.
    static func notes(of dataset: any Dataset, _ ranks: Ranks) throws -> [String] {
        guard let log = dataset.source.damage else { return [] }
        let all = try gathered(log.all, ranks)
        return all.isEmpty ? [] : [sentence(all, of: all.count)]
    }

    /// All ranks' entries by number; collective.
    static func gathered(_ own: [DamageLog.Entry], _ ranks: Ranks) throws -> [DamageLog.Entry] {
        let entries = Dictionary(own.map { ($0.number, $0) }) { _, last in last }
        let all = try ranks.merged(own.isEmpty ? nil : entries) { lower, upper in lower.merge(upper) { $1 } } ?? [:]
        return all.values.sorted { $0.number < $1.number }
    }

    /// - Parameter total: of all that have turned up.
    static func sentence(_ entries: [DamageLog.Entry], of total: Int) -> String {
        let before = total - entries.count
        let names = entries.prefix(named).map { $0.text.hasSuffix(".") ? String($0.text.dropLast()) : $0.text }
        return "\(entries.count) \(before > 0 ? "more " : "")sample\(entries.count == 1 ? " is" : "s are") left out "
            + "(\(total) in all), because they can't be decoded: " + names.joined(separator: "; ")
            + (entries.count > named ? "; and \(entries.count - named) others" : "")
    }
}
