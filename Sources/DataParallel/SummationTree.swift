/// The fixed binary tree in which the grains of a step are added.
///
/// Over grains 0..<S it splits at the largest power of two below S, recursively. The tree depends on S alone, so the
/// sum's bits don't depend on who computes which grain.
package struct SummationTree: Equatable, Sendable {
    /// A sum of the grains `lower..<upper`.
    struct Node: Equatable, Sendable {
        var lower: Int
        var upper: Int
        var children: (left: Int, right: Int)?
        var parent: Int?

        static func == (a: Node, b: Node) -> Bool {
            a.lower == b.lower && a.upper == b.upper && a.children?.left == b.children?.left
                && a.children?.right == b.children?.right && a.parent == b.parent
        }
    }

    /// S, the number of leaves.
    package let grainCount: Int
    /// Nodes 0..<S are the leaves.
    let nodes: [Node]
    /// The node that is the sum of all grains.
    let root: Int

    /// The tree over `grainCount` grains, at least one.
    package init(grainCount: Int) {
        precondition(grainCount > 0, "SummationTree: \(grainCount) grains")
        self.grainCount = grainCount
        var nodes = (0..<grainCount).map { Node(lower: $0, upper: $0 + 1) }
        func build(_ lower: Int, _ upper: Int) -> Int {
            if upper - lower == 1 { return lower }
            var half = 1
            while half * 2 < upper - lower { half *= 2 }
            let left = build(lower, lower + half)
            let right = build(lower + half, upper)
            nodes.append(Node(lower: lower, upper: upper, children: (left, right)))
            nodes[left].parent = nodes.count - 1
            nodes[right].parent = nodes.count - 1
            return nodes.count - 1
        }
        root = build(0, grainCount)
        self.nodes = nodes
    }

    /// The nodes of single grains, in order.
    package var leaves: [Int] { Array(0..<grainCount) }

    /// The contiguous grains whose sum a node is.
    package func grains(of node: Int) -> Range<Int> { nodes[node].lower..<nodes[node].upper }

    /// The largest complete subtrees inside a range of grains, in order: what one rank can add by itself.
    package func roots(of range: Range<Int>) -> [Int] {
        func collect(_ node: Int) -> [Int] {
            let n = nodes[node]
            if n.lower >= range.upperBound || n.upper <= range.lowerBound { return [] }
            if n.lower >= range.lowerBound && n.upper <= range.upperBound { return [node] }
            guard let children = n.children else { return [] }
            return collect(children.left) + collect(children.right)
        }
        return collect(root)
    }

    /// The two nodes that a node is the sum of; nil for a grain.
    func children(of node: Int) -> (left: Int, right: Int)? { nodes[node].children }

    /// A node's parent and the parent's two children, of which the node is one; nil for the root.
    func family(of node: Int) -> (parent: Int, left: Int, right: Int)? {
        guard let parent = nodes[node].parent, let children = nodes[parent].children else { return nil }
        return (parent, children.left, children.right)
    }

    /// The additions that turn partial sums into a whole one: slot `target` += slot `source`, in order; the result is
    /// in slot 0.
    ///
    /// - Parameters:
    ///   - pieces: the nodes whose sums are given, in order of their grains, together covering all grains of the whole.
    ///   - whole: the node whose sum is wanted, nil for that of all grains.
    package func additions(of pieces: [Int], to whole: Int? = nil) -> [(target: Int, source: Int)] {
        let slots = Dictionary(uniqueKeysWithValues: pieces.enumerated().map { ($1, $0) })
        var result: [(Int, Int)] = []
        func sum(_ node: Int) -> Int {
            if let slot = slots[node] { return slot }
            guard let children = nodes[node].children else {
                preconditionFailure("SummationTree: grain \(node) is in no piece")
            }
            let left = sum(children.left)
            result.append((left, sum(children.right)))
            return left
        }
        let last = sum(whole ?? root)
        precondition(last == 0, "SummationTree: pieces are not in order")
        return result
    }
}
