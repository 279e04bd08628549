import DataParallel

/// The names of a job's hosts, by rank: a name for each host and a number for each rank.
package struct HostTable: Equatable, Sendable {
    /// By host, in the order of their first ranks.
    private let names: [String]
    private let hostOfRank: [Int32]

    /// - Parameter names: by host, in the order of `order`.
    package init(_ names: [String], _ order: HostOrder) {
        precondition(names.count == order.hosts.count, "HostTable: \(names.count) names for \(order.hosts.count) hosts")
        self.names = names
        var hostOfRank = [Int32](repeating: 0, count: order.ranks.count)
        for (host, ranks) in order.hosts.enumerated() {
            for rank in ranks { hostOfRank[rank] = Int32(host) }
        }
        self.hostOfRank = hostOfRank
    }

    package subscript(rank: Int) -> String { names[Int(hostOfRank[rank])] }

    /// Each name once.
    package var different: [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
