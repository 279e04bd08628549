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
    private let rootCount: Int
    private var isDone: [[Bool]]
    private var missingRoots: [Int]
    private var missingSums: [Int]

    /// - Parameters:
    ///   - roots: the nodes that this rank adds by itself.
    ///   - bucketCount: how many parts of the vector are added independently.
    init(tree: SummationTree, roots: [Int], bucketCount: Int) {
        self.tree = tree
        var isRoot = Array(repeating: false, count: tree.nodes.count)
        for root in roots { isRoot[root] = true }
        self.isRoot = isRoot
        rootCount = roots.count
        isDone = Array(repeating: Array(repeating: false, count: tree.nodes.count), count: bucketCount)
        missingRoots = Array(repeating: rootCount, count: bucketCount)
        missingSums = Array(repeating: bucketCount, count: tree.grainCount)
    }

    /// Back to the beginning of a step.
    mutating func reset() {
        for bucket in isDone.indices {
            for node in isDone[bucket].indices { isDone[bucket][node] = false }
            missingRoots[bucket] = rootCount
        }
        for grain in missingSums.indices { missingSums[grain] = isDone.count }
    }

    /// Whether the rank's partial sums of all buckets are there.
    var isComplete: Bool { missingRoots.allSatisfy { $0 == 0 } }

    /// Notes that a node's sum of a bucket is there.
    mutating func complete(_ node: Int, bucket: Int) -> Consequence {
        isDone[bucket][node] = true
        if isRoot[node] {
            missingRoots[bucket] -= 1
            return missingRoots[bucket] == 0 ? .bucketIsReady : .wait
        }
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
