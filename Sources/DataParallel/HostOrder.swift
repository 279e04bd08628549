/// Which ranks of a job share a host, and the order in which grains belong to ranks: host by host, so that what the
/// ranks of a host add among themselves are few whole subtrees, in whatever order the launcher has numbered the ranks.
package struct HostOrder: Equatable, Sendable {
    /// The ranks of each host, ascending; hosts in the order of their first ranks.
    package let hosts: [[Int]]

    /// - Parameter hostOfRank: any numbers, the same for the ranks of one host.
    package init(hostOfRank: [Int]) {
        precondition(!hostOfRank.isEmpty, "HostOrder: no ranks")
        var places: [Int: Int] = [:]
        var hosts: [[Int]] = []
        for (rank, host) in hostOfRank.enumerated() {
            if let place = places[host] {
                hosts[place].append(rank)
            } else {
                places[host] = hosts.count
                hosts.append([rank])
            }
        }
        self.hosts = hosts
    }

    /// All ranks on one host.
    package init(worldSize: Int) { self.init(hostOfRank: Array(repeating: 0, count: worldSize)) }

    private init(hosts: [[Int]]) { self.hosts = hosts }

    /// The same order of ranks, as if each had a host of its own.
    package var apart: HostOrder { HostOrder(hosts: ranks.map { [$0] }) }

    /// All ranks in the order of their grains.
    package var ranks: [Int] { hosts.flatMap { $0 } }

    /// The position of a rank's host.
    package func host(ofRank rank: Int) -> Int {
        guard let host = hosts.firstIndex(where: { $0.contains(rank) }) else {
            preconditionFailure("HostOrder: rank \(rank) is on no host")
        }
        return host
    }
}
