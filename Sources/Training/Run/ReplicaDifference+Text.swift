import DataParallel

extension ReplicaDifference {
    /// What differs where, and what to do; `hosts` by rank.
    static func text(_ differences: [ReplicaDifference], step: Int, hosts: [String]) -> String {
        let tensors = differences.prefix(5).map { "\($0.kind) of \($0.tensor)" }.joined(separator: ", ")
        let more = differences.count > 5 ? " and \(differences.count - 5) more" : ""
        let ranks = Set(differences.flatMap(\.ranks)).sorted()
        let names = ranks.map { "rank \($0) (\(hosts[$0]))" }.joined(separator: ", ")
        let finding =
            differences.allSatisfy(\.hasMajority)
            ? "\(names) differ\(ranks.count == 1 ? "s" : "") from the other ranks in the \(tensors)\(more)"
            : "\(names) do not have the same \(tensors)\(more), and no majority says which is wrong (three ranks would)"
        var seen: Set<String> = []
        let suspects = ranks.map { hosts[$0] }.filter { seen.insert($0).inserted }.joined(separator: ", ")
        return "step \(step): \(finding): memory or a processor has failed; nothing was written from this state; "
            + "test the memory of \(suspects) and leave a bad host out; the same command resumes from the newest "
            + "checkpoint"
    }
}
