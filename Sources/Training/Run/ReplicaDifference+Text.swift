import DataParallel
import System

extension ReplicaDifference {
    /// What differs where, and what to do; `hosts` by rank.
    static func text(_ differences: [ReplicaDifference], step: Int, hosts: HostTable) -> String {
        let tensors = differences.prefix(5).map { "\($0.kind) of \($0.tensor)" }.joined(separator: ", ")
        let more = differences.count > 5 ? " and \(differences.count - 5) more" : ""
        let (ranks, count) = suspects(differences)
        let names =
            ranks.map { "rank \($0) (\(hosts[$0]))" }.joined(separator: ", ")
            + (count > ranks.count ? " and \(count - ranks.count) more" : "")
        let finding =
            differences.allSatisfy(\.hasMajority)
            ? "\(names) differ\(count == 1 ? "s" : "") from the other ranks in the \(tensors)\(more)"
            : "\(names) do not have the same \(tensors)\(more), and no majority says which is wrong (three ranks would)"
        var seen: Set<String> = []
        let suspects = ranks.map { hosts[$0] }.filter { seen.insert($0).inserted }.joined(separator: ", ")
        return "step \(step): \(finding): memory or a processor has failed; nothing was written from this state; "
            + "test the memory of \(suspects) and leave a bad host out; the same command resumes from the newest "
            + "checkpoint"
    }

    /// The first of the ranks that differ in anything, and how many there are, at least.
    static func suspects(_ differences: [ReplicaDifference]) -> (ranks: [Int], count: Int) {
        let ranks = Set(differences.flatMap(\.ranks.first)).sorted()
        return (Array(ranks.prefix(RankList.kept)), max(ranks.count, differences.map(\.ranks.count).max() ?? 0))
    }
}
