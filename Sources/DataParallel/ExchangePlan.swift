/// Who exchanges which part of a bucket with whom, as one rank sees it.
///
/// A bucket has a part for each host, which that host adds, and each part is cut into lanes. A lane is carried by one
/// rank of each host: it adds the partial sums of its host's ranks, sends them to the carriers on the other hosts, and
/// gets theirs. So a byte leaves a host once, however many ranks are on it, and all of them work. There are as many
/// lanes as the largest host has ranks; a rank of a smaller one carries several.
package struct ExchangePlan: Sendable {
    /// The ranks that share memory, host by host in the order of the grains; one each where none do.
    package let hosts: [[Int]]
    /// This rank's host.
    package let host: Int
    /// The lanes that this rank carries.
    package let lanes: [Int]
    /// The nodes whose sums each host sends, in the order of their grains.
    package let rootsOfHost: [[Int]]
    private let laneCount: Int
    private let shares: UpdateShares?

    /// - Parameters:
    ///   - hosts: the ranks that share memory, host by host in the order of the grains.
    ///   - rank: whose view it is.
    ///   - shares: where parts of gradients are what ranks update; nil where all ranks update all.
    package init(_ assignment: GrainAssignment, hosts: [[Int]], rank: Int, shares: UpdateShares? = nil) {
        let laneCount = hosts.map(\.count).max() ?? 1
        guard let host = hosts.firstIndex(where: { $0.contains(rank) }) else {
            preconditionFailure("ExchangePlan: rank \(rank) is on no host")
        }
        self.hosts = hosts
        self.host = host
        self.laneCount = laneCount
        self.shares = shares
        rootsOfHost = hosts.map(assignment.roots(ofRanks:))
        lanes = (0..<laneCount).filter { ExchangePlan.carrier($0, of: laneCount, among: hosts[host]) == rank }
    }

    /// The other hosts, from the one behind this rank's: so no two hosts send to the same one first.
    package var others: [Int] { (1..<hosts.count).map { (host + $0) % hosts.count } }

    /// The rank of a host that carries a lane.
    package func carrier(_ lane: Int, on host: Int) -> Int {
        ExchangePlan.carrier(lane, of: laneCount, among: hosts[host])
    }

    /// The floats of a bucket that a host adds in a lane.
    package func part(of bucket: Range<Int>, addedBy host: Int, lane: Int) -> Range<Int> {
        shares.part(host * laneCount + lane, of: hosts.count * laneCount, in: bucket)
    }

    /// Whether a bucket's sums stay with the ranks that add them.
    package func keepsSums(of bucket: Range<Int>) -> Bool { shares?.hold(bucket) ?? false }

    /// The gradients in some buckets that each rank owns; nil where all ranks update all.
    package func owned(of buckets: [Range<Int>]) -> OwnedGradients? {
        guard let shares else { return nil }
        var ranges = Array(repeating: [Range<Int>](), count: hosts.joined().count)
        for bucket in buckets where shares.hold(bucket) {
            for host in hosts.indices {
                for lane in 0..<laneCount {
                    ranges[carrier(lane, on: host)].append(part(of: bucket, addedBy: host, lane: lane))
                }
            }
        }
        return OwnedGradients(ranges: ranges)
    }

    private static func carrier(_ lane: Int, of lanes: Int, among ranks: [Int]) -> Int {
        ranks[lane * ranks.count / lanes]
    }
}
