/// Places of boxes and the ways of arrows, in rows from top to bottom: a small layout of a layered graph (Sugiyama,
/// Tagawa and Toda 1981).
///
/// Each box stands one row below the lowest that leads to it, and what nothing leads to just above what it leads to.
/// Arrows over several rows get room of their own in each. Boxes of a row are ordered by the middle of their
/// neighbours, so that few arrows cross, and then moved as near to their neighbours as their widths allow.
package struct LayeredLayout: Sendable {
    package struct Point: Equatable, Sendable {
        package var x: Double
        package var y: Double

        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    package struct Size: Equatable, Sendable {
        package var width: Double
        package var height: Double

        package init(width: Double, height: Double) {
            self.width = width
            self.height = height
        }
    }

    /// The middle of each box.
    package private(set) var centers: [Point] = []
    /// For each edge the points it goes through: an edge between rows leaves and enters vertically, one within a row
    /// horizontally.
    package private(set) var routes: [[Point]] = []
    package private(set) var width = 0.0
    package private(set) var height = 0.0
    /// The row of each box, from 0.
    package let rows: [Int]

    private static let margin = 24.0
    static let gap = 26.0
    private static let rowGap = 40.0

    /// - Parameters:
    ///   - sizes: of the boxes.
    ///   - edges: from box to box.
    ///   - beside: whether an edge joins boxes of one row.
    ///   - loose: whether an edge does not hold its ends together. A box with such edges alone stands on the left.
    ///   - order: pairs of boxes of which the second stands below the first.
    package init(
        _ sizes: [Size], edges: [(from: Int, to: Int)], beside: [Bool], loose: [Bool],
        order: [(above: Int, below: Int)] = []
    ) {
        rows = RowAssignment.rows(count: sizes.count, edges: edges, beside: beside, order: order)
        var ordering = RowOrdering(rows: rows, edges: edges, beside: beside, loose: loose)
        ordering.improve()
        let places = RowPlacement(ordering, sizes: sizes).places
        var tops: [Double] = []
        var heights: [Double] = []
        var y = LayeredLayout.margin
        for (row, members) in ordering.order.enumerated() {
            let tallest = members.map { $0 < sizes.count ? sizes[$0].height : 0 }.max() ?? 0
            tops.append(y)
            heights.append(tallest)
            y += tallest + LayeredLayout.space(below: row, ordering, places)
        }
        let left = sizes.indices.map { places[$0] - sizes[$0].width / 2 }.min() ?? 0
        let dummies = places.indices.dropFirst(sizes.count).map { places[$0] }
        let shift = LayeredLayout.margin - min(left, dummies.min() ?? left)
        let point = { (item: Int) -> Point in
            let row = ordering.rowOf[item]
            return Point(x: places[item] + shift, y: tops[row] + heights[row] / 2)
        }
        centers = sizes.indices.map(point)
        let right = sizes.indices.map { centers[$0].x + sizes[$0].width / 2 }.max() ?? 0
        width = max(right, (dummies.max() ?? 0) + shift) + LayeredLayout.margin
        height = (tops.last ?? 0) + (heights.last ?? 0) + LayeredLayout.margin
        let ways = EdgeWays(ordering: ordering, sizes: sizes, centers: centers, tops: tops, heights: heights)
        routes = edges.indices.map { ways.route($0, edges[$0], isBeside: beside[$0], point) }
    }

    /// More room where arrows go far to the side.
    private static func space(below row: Int, _ ordering: RowOrdering, _ places: [Double]) -> Double {
        let farthest =
            ordering.links.filter { ordering.rowOf[$0.from] == row && !$0.isLoose }
            .map { abs(places[$0.from] - places[$0.to]) }.max() ?? 0
        return rowGap + min(60, farthest * 0.1)
    }
}

/// Which row each box is in.
enum RowAssignment {
    static func rows(
        count: Int, edges: [(from: Int, to: Int)], beside: [Bool], order: [(above: Int, below: Int)]
    ) -> [Int] {
        let down = edges.indices.filter { !beside[$0] && edges[$0].from < edges[$0].to }.map { edges[$0] }
        let level = edges.indices.filter { beside[$0] }.map { edges[$0] }
        var rows = Array(repeating: 0, count: count)
        var hasChanged = true
        var rounds = 0
        while hasChanged, rounds <= 2 * count + 2 {
            hasChanged = false
            rounds += 1
            func raise(_ box: Int, to row: Int) {
                if rows[box] < row {
                    rows[box] = row
                    hasChanged = true
                }
            }
            for edge in down { raise(edge.to, to: rows[edge.from] + 1) }
            for pair in order { raise(pair.below, to: rows[pair.above] + 1) }
            for edge in level {
                raise(edge.to, to: rows[edge.from])
                raise(edge.from, to: rows[edge.to])
            }
        }
        // What nothing leads to stands just above what it leads to.
        for box in 0..<count where !down.contains(where: { $0.to == box }) && !level.contains(where: { $0.to == box }) {
            if let next = down.filter({ $0.from == box }).map({ rows[$0.to] }).min() { rows[box] = next - 1 }
        }
        let first = rows.min() ?? 0
        return rows.map { $0 - first }
    }
}
