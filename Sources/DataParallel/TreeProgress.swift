/// How far a rank's part of the tree has been added in a step, bucket by bucket.
struct TreeProgress {
    /// What follows from a node's sum being there.
    enum Consequence {
        /// Its sibling or another root is still missing.
        case wait
        /// The rank's partial sums of this bucket are all there.
        case bucketIsReady
        /// `source`'s vector is to be added to `target`'s, which then is the sum of `parent`. Both are a subtree's
        /// first grain.
        case add(source: Int, target: Int, parent: Int)
    }

    private let tree: SummationTree
    private let isRoot: [Bool]
    private let partCounts: [Int]
    private var isDone: [[Bool]]
    private var missingParts: [Int]
    private var missingSums: [Int]

    /// - Parameters:
    ///   - roots: the nodes that this rank adds by itself.
    ///   - furtherParts: of each bucket, which are added independently: what is needed of it besides the roots.
    init(tree: SummationTree, roots: [Int], furtherParts: [Int]) {
        self.tree = tree
        let bucketCount = furtherParts.count
        var isRoot = Array(repeating: false, count: tree.nodes.count)
        for root in roots { isRoot[root] = true }
        self.isRoot = isRoot
        partCounts = furtherParts.map { $0 + roots.count }
        isDone = Array(repeating: Array(repeating: false, count: tree.nodes.count), count: bucketCount)
        missingParts = partCounts
        missingSums = Array(repeating: bucketCount, count: tree.grainCount)
    }

    /// Back to the beginning of a step.
    mutating func reset() {
        for bucket in isDone.indices {
            for node in isDone[bucket].indices { isDone[bucket][node] = false }
        }
        missingParts = partCounts
        for grain in missingSums.indices { missingSums[grain] = isDone.count }
    }

    /// Whether the rank's partial sums of all buckets are there.
    var isComplete: Bool { missingParts.allSatisfy { $0 == 0 } }

    /// Notes that a further part of a bucket is there; true when nothing of it is missing.
    mutating func completePart(bucket: Int) -> Bool {
        missingParts[bucket] -= 1
        return missingParts[bucket] == 0
    }

    /// Notes that a node's sum of a bucket is there.
    mutating func complete(_ node: Int, bucket: Int) -> Consequence {
        isDone[bucket][node] = true
        if isRoot[node] { return completePart(bucket: bucket) ? .bucketIsReady : .wait }
        guard let (parent, left, right) = tree.family(of: node), isDone[bucket][left], isDone[bucket][right] else {
            return .wait
        }
        return .add(source: tree.nodes[right].lower, target: tree.nodes[left].lower, parent: parent)
    }

    /// Notes that a bucket of a grain's buffer has been added elsewhere; true after the last one.
    mutating func hasBeenAdded(_ grain: Int) -> Bool {
        missingSums[grain] -= 1
        return missingSums[grain] == 0
    }
}
