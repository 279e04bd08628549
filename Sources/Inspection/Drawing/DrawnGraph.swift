/// A computational graph to be drawn: boxes with a few lines of text, and arrows from what is computed first.
package struct DrawnGraph: Sendable {
    /// What a box is; it has a colour of its own.
    package enum Role: String, Sendable, CaseIterable {
        case input, weighted, recurrent, activation, pooling, normalization, other, group, parameter, target, loss
    }

    package struct Node: Sendable {
        /// The first line is its heading.
        package var lines: [String]
        package var role: Role
        /// What backward computes for it, such as `∂L/∂h₁`; nil where nothing is or nobody asks.
        package var gradient: String?
        /// Whether something that is learned lies in it or before it, so that backward comes by.
        package var needsGradient: Bool
    }

    package struct Edge: Equatable, Sendable {
        package var from: Int
        package var to: Int
        /// Whether it goes from one step of time to the next, beside each other.
        package var isThroughTime: Bool = false
        /// Whether it is the use of a parameter.
        package var isOfParameter: Bool = false
        /// Whether a gradient goes back along it.
        package var hasGradient: Bool = false
    }

    package var title: String
    package private(set) var nodes: [Node] = []
    package private(set) var edges: [Edge] = []
    /// Pairs of nodes of which the second stands below the first, without an arrow.
    package private(set) var order: [(above: Int, below: Int)] = []

    package init(title: String) { self.title = title }

    /// - Returns: its number.
    package mutating func add(_ lines: [String], _ role: Role, needsGradient: Bool = false) -> Int {
        nodes.append(Node(lines: lines, role: role, gradient: nil, needsGradient: needsGradient))
        return nodes.count - 1
    }

    /// Adds an arrow, once; what it leads to needs a gradient where its origin does, unless it is a target's.
    package mutating func connect(_ from: Int, _ to: Int, isThroughTime: Bool = false) {
        guard from != to, !edges.contains(where: { $0.from == from && $0.to == to }) else { return }
        if nodes[from].needsGradient { nodes[to].needsGradient = true }
        edges.append(
            Edge(
                from: from, to: to, isThroughTime: isThroughTime, isOfParameter: nodes[from].role == .parameter))
    }

    /// Keeps the second node below the first.
    package mutating func stack(_ above: Int, _ below: Int) { order.append((above, below)) }

    /// Says what backward computes: the gradient of every node on the way back from the losses, or from the outputs
    /// where there are none, to what is learned.
    package mutating func showBackward() {
        var reached = nodes.map { $0.role == .loss }
        if !reached.contains(true) {
            let read = Set(edges.map(\.from))
            reached = nodes.indices.map { !read.contains($0) }
        }
        var next = nodes.indices.filter { reached[$0] }
        while let node = next.popLast() {
            for edge in edges.indices where edges[edge].to == node && nodes[edges[edge].from].needsGradient {
                edges[edge].hasGradient = true
                let from = edges[edge].from
                if !reached[from] {
                    reached[from] = true
                    next.append(from)
                }
            }
        }
        for node in nodes.indices where reached[node] && nodes[node].needsGradient {
            nodes[node].gradient = nodes[node].role == .loss ? "∂L/∂L = 1" : "∂L/∂\(nodes[node].lines[0])"
        }
    }
}
