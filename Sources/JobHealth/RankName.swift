/// How a rank is called in messages: `rank 1 of 4 on node2`.
package struct RankName: Equatable, Sendable, Codable, CustomStringConvertible {
    package var rank: Int
    /// Nil where the launcher does not tell.
    package var worldSize: Int?
    package var host: String

    package init(rank: Int, worldSize: Int?, host: String) {
        self.rank = rank
        self.worldSize = worldSize
        self.host = host
    }

    package var description: String { "rank \(rank)\(worldSize.map { " of \($0)" } ?? "") on \(host)" }
}
