/// Who stands beside whom in each row: boxes, and places where arrows pass.
struct RowOrdering {
    /// Items of each row from left to right: boxes by their numbers, behind them places of arrows.
    private(set) var order: [[Int]]
    private(set) var rowOf: [Int]
    /// Pieces of arrows between neighbouring rows, the upper end first.
    private(set) var links: [(from: Int, to: Int, isLoose: Bool)] = []
    /// For each edge the items from its upper to its lower end; both of an edge within a row.
    private(set) var chains: [[Int]] = []
    private let boxCount: Int
    private let level: [(from: Int, to: Int)]
    /// Of each item those above and below it, without and with loose arrows.
    private var upper: [[Int]]
    private var lower: [[Int]]
    private var allUpper: [[Int]]
    private var allLower: [[Int]]
    private var place: [Int]

    init(rows: [Int], edges: [(from: Int, to: Int)], beside: [Bool], loose: [Bool]) {
        boxCount = rows.count
        rowOf = rows
        order = Array(repeating: [], count: (rows.max() ?? -1) + 1)
        // Where an item begins: boxes in the order of their numbers, arrows behind the box that they come from.
        let held = Set(edges.indices.filter { !loose[$0] }.flatMap { [edges[$0].from, edges[$0].to] })
        var keys = rows.indices.map { Double($0) - (held.contains($0) ? 0 : Double(rows.count)) }
        for (index, edge) in edges.enumerated() {
            guard !beside[index], rows[edge.from] != rows[edge.to] else {
                chains.append([edge.from, edge.to])
                continue
            }
            let (top, bottom) = rows[edge.from] < rows[edge.to] ? (edge.from, edge.to) : (edge.to, edge.from)
            var chain = [top]
            for row in rows[top] + 1..<max(rows[bottom], rows[top] + 1) {
                chain.append(rowOf.count)
                rowOf.append(row)
                keys.append(keys[top] + 0.5)
            }
            chain.append(bottom)
            chains.append(chain)
            links += zip(chain, chain.dropFirst()).map { ($0, $1, loose[index]) }
        }
        for item in rowOf.indices.sorted(by: { (keys[$0], $0) < (keys[$1], $1) }) { order[rowOf[item]].append(item) }
        level = edges.indices.filter { beside[$0] }.map { edges[$0] }
        upper = Array(repeating: [], count: rowOf.count)
        (lower, allUpper, allLower) = (upper, upper, upper)
        place = Array(repeating: 0, count: rowOf.count)
        for link in links {
            allUpper[link.to].append(link.from)
            allLower[link.from].append(link.to)
            if link.isLoose { continue }
            upper[link.to].append(link.from)
            lower[link.from].append(link.to)
        }
        settle()
    }

    /// Whether an item is a box, not the place of an arrow.
    func isBox(_ item: Int) -> Bool { item < boxCount }

    /// Items above and below one.
    func neighbours(_ item: Int) -> [Int] { upper[item] + lower[item] }
    func above(_ item: Int) -> [Int] { upper[item] }
    func below(_ item: Int) -> [Int] { lower[item] }
    /// The same with loose arrows.
    func everything(above item: Int) -> [Int] { allUpper[item] }
    func everything(below item: Int) -> [Int] { allLower[item] }

    private mutating func settle() {
        for row in order { for (index, item) in row.enumerated() { place[item] = index } }
    }

    /// Orders rows by the middle of what lies above, then below, again and again, and keeps the best.
    mutating func improve() {
        var best = (order: order, cost: cost())
        for sweep in 0..<24 where best.cost > 0 {
            let isDown = sweep % 2 == 0
            for row in isDown ? Array(order.indices) : order.indices.reversed() {
                let middles = order[row].map { item -> Double in
                    let near = isDown ? upper[item] : lower[item]
                    if upper[item].isEmpty, lower[item].isEmpty { return -1 }
                    return near.isEmpty
                        ? Double(place[item]) : Double(near.reduce(0) { $0 + place[$1] }) / Double(near.count)
                }
                let sorted = order[row].indices.sorted { (middles[$0], $0) < (middles[$1], $1) }
                order[row] = sorted.map { order[row][$0] }
                for (index, item) in order[row].enumerated() { place[item] = index }
            }
            let now = cost()
            if now < best.cost { best = (order, now) }
        }
        order = best.order
        settle()
    }

    /// Arrows that cross; arrows within a row over others' heads count a hundred.
    private func cost() -> Int {
        var crossings = 0
        let byRow = Dictionary(grouping: links.filter { !$0.isLoose }) { rowOf[$0.from] }
        for own in byRow.values {
            let ends = own.map { (place[$0.from], place[$0.to]) }.sorted { $0 < $1 }
            for first in ends.indices {
                for second in ends[(first + 1)...] where ends[first].0 < second.0 && ends[first].1 > second.1 {
                    crossings += 1
                }
            }
        }
        return crossings + level.reduce(0) { $0 + 100 * (abs(place[$1.from] - place[$1.to]) - 1) }
    }
}

/// Where the items of each row stand: as near to their neighbours as the boxes' widths allow.
struct RowPlacement {
    /// The middle of each item.
    private(set) var places: [Double]

    init(_ ordering: RowOrdering, sizes: [LayeredLayout.Size]) {
        func half(_ item: Int) -> Double { ordering.isBox(item) ? sizes[item].width / 2 : 4 }
        places = Array(repeating: 0, count: ordering.rowOf.count)
        for row in ordering.order {
            var x = 0.0
            for item in row {
                places[item] = x + half(item)
                x += 2 * half(item) + LayeredLayout.gap
            }
            for item in row { places[item] -= x / 2 }
        }
        // Downwards, upwards, and at last by both sides.
        for sweep in 0..<40 {
            let isDown = sweep % 2 == 0
            let isLast = sweep >= 24
            for row in isDown ? Array(ordering.order.indices) : ordering.order.indices.reversed() {
                let members = ordering.order[row]
                var wanted: [Double] = []
                var weights: [Double] = []
                for item in members {
                    let near =
                        isLast ? ordering.neighbours(item) : isDown ? ordering.above(item) : ordering.below(item)
                    // What passes through goes straight on.
                    let pulls = near.map { ordering.isBox($0) || ordering.isBox(item) ? 1.0 : 8.0 }
                    let total = pulls.reduce(0, +)
                    wanted.append(
                        total > 0 ? zip(near, pulls).reduce(0) { $0 + places[$1.0] * $1.1 } / total : places[item])
                    weights.append(total > 0 ? total : 0.1)
                }
                let distances = zip(members, members.dropFirst()).map { half($0) + half($1) + LayeredLayout.gap }
                for (item, x) in zip(members, RowPlacement.nearest(wanted, weights, apart: distances)) {
                    places[item] = x
                }
            }
        }
    }

    /// The places with Σ weight · (place − wanted)² least of those that keep the order and the distances: after the
    /// distances are taken off, a regression that never falls, by pooling neighbours that do (Ayer et al. 1955).
    static func nearest(_ wanted: [Double], _ weights: [Double], apart: [Double]) -> [Double] {
        var offsets = [0.0]
        for distance in apart { offsets.append(offsets[offsets.count - 1] + distance) }
        var pools: [(mean: Double, weight: Double, count: Int)] = []
        for (index, want) in wanted.enumerated() {
            pools.append((want - offsets[index], weights[index], 1))
            while pools.count > 1, pools[pools.count - 2].mean > pools[pools.count - 1].mean {
                let last = pools.removeLast()
                let before = pools.removeLast()
                let weight = before.weight + last.weight
                pools.append(
                    (
                        (before.mean * before.weight + last.mean * last.weight) / weight, weight,
                        before.count + last.count
                    )
                )
            }
        }
        let settled = pools.flatMap { Array(repeating: $0.mean, count: $0.count) }
        return zip(settled, offsets).map { $0 + $1 }
    }
}

/// The ways of arrows from box to box.
struct EdgeWays {
    let ordering: RowOrdering
    let sizes: [LayeredLayout.Size]
    let centers: [LayeredLayout.Point]
    let tops: [Double]
    let heights: [Double]

    func route(
        _ index: Int, _ edge: (from: Int, to: Int), isBeside: Bool, _ point: (Int) -> LayeredLayout.Point
    ) -> [LayeredLayout.Point] {
        let (from, to) = (centers[edge.from], centers[edge.to])
        if isBeside || ordering.rowOf[edge.from] == ordering.rowOf[edge.to] {
            let side = from.x < to.x ? 1.0 : -1.0
            return [
                .init(x: from.x + side * sizes[edge.from].width / 2, y: from.y),
                .init(x: to.x - side * sizes[edge.to].width / 2, y: to.y),
            ]
        }
        let chain = ordering.chains[index]
        var points: [LayeredLayout.Point] = []
        for (place, item) in chain.enumerated() {
            if ordering.isBox(item) {
                let isUpper = place == 0
                let other = chain[isUpper ? 1 : chain.count - 2]
                let x = centers[item].x + port(of: other, at: item, isUpper: isUpper, point)
                points.append(
                    .init(x: x, y: centers[item].y + (isUpper ? 1 : -1) * sizes[item].height / 2))
            } else {
                let row = ordering.rowOf[item]
                points.append(.init(x: point(item).x, y: tops[row]))
                points.append(.init(x: point(item).x, y: tops[row] + heights[row]))
            }
        }
        return ordering.rowOf[edge.from] < ordering.rowOf[edge.to] ? points : points.reversed()
    }

    /// How far from the middle of a box an arrow begins or ends, where it has several on that side.
    private func port(of other: Int, at item: Int, isUpper: Bool, _ point: (Int) -> LayeredLayout.Point) -> Double {
        let all = (isUpper ? ordering.everything(below: item) : ordering.everything(above: item)).sorted {
            (point($0).x, $0) < (point($1).x, $1)
        }
        guard all.count > 1, let place = all.firstIndex(of: other) else { return 0 }
        let room = min(sizes[item].width * 0.6, Double(all.count - 1) * 18)
        return room * (Double(place) / Double(all.count - 1) - 0.5)
    }
}
