import Autograd
import TensorCore

/// The nodes that some outputs of a model need, in order, with neighbours computed together where one operation can.
///
/// A plan is made once and used by all workers. A node that no wanted output depends on is not computed.
package struct GraphPlan: Sendable {
    /// The wanted nodes by name.
    package let outputs: [String]
    private let steps: [Step]
    /// The nodes whose values are given.
    private let starts: [Int]
    private let slotCount: Int
    private let outputSlots: [Int]
    /// Whether values have rows for neighbours of the samples in a graph.
    private let readsNeighbours: Bool

    private struct Step: Sendable {
        let layer: any Layer
        let inputs: [Int]
        let output: Int
        /// Whether the result's sequences are as long as those that the layer reads.
        let keepsLengths: Bool
        /// Values that nothing after this step reads.
        var released: [Int] = []
    }

    /// - Parameters:
    ///   - nodes: of the graph; the first ones are the model's inputs.
    ///   - wanted: numbers of the nodes to give out.
    ///   - given: the nodes whose values the caller gives, in the place of what computes them; nil for the inputs.
    init(_ nodes: [GraphNode], wanted: [Int], given: [Int]? = nil) {
        starts = given ?? nodes.indices.filter { nodes[$0].layer == nil }
        var fusion = GraphFusion(nodes, wanted: wanted, given: starts)
        fusion.run()
        outputs = wanted.map { nodes[$0].name }
        outputSlots = wanted
        slotCount = nodes.count
        readsNeighbours = nodes.contains { $0.hops ?? 0 > 0 }
        var steps = fusion.nodes.enumerated().compactMap { index, node in
            node.layer.map {
                Step(
                    layer: $0, inputs: node.inputs, output: index,
                    keepsLengths: nodes[index].lengthSource.map { $0 != index } ?? false)
            }
        }
        var isLive = Set(wanted)
        for index in steps.indices.reversed() {
            steps[index].released = Array(Set(steps[index].inputs).subtracting(isLive)).sorted()
            isLive.formUnion(steps[index].inputs)
        }
        self.steps = steps
    }

    /// The wanted values from the given ones, which are the model's inputs unless the plan says otherwise, in order.
    ///
    /// A value is let go of as soon as no layer needs it any more, unless backward does. Where rows stand for nodes of
    /// a graph, the wanted values have those of the samples alone.
    ///
    /// - Parameter probe: gets the number and the value of each node that is computed or given, and says what the nodes
    ///   behind it read.
    package func callAsFunction(
        _ inputs: [Variable], mode: Mode, probe: ((Int, Variable) -> Variable)? = nil
    ) -> [Variable] {
        precondition(inputs.count == starts.count, "GraphPlan: \(inputs.count) values for \(starts.count) given nodes")
        var values = [Variable?](repeating: nil, count: slotCount)
        for (start, input) in zip(starts, inputs) { values[start] = probe?(start, input) ?? input }
        for step in steps {
            var read = step.inputs.map { values[$0]! }
            if readsNeighbours { read = GraphPlan.commonRows(read) }
            var value = step.layer(read, mode: mode)
            if step.keepsLengths, value.lengths == nil { value.lengths = read.lazy.compactMap(\.lengths).first }
            if readsNeighbours, value.rows == nil { value.rows = read[0].rows }
            for slot in step.released { values[slot] = nil }
            values[step.output] = probe?(step.output, value) ?? value
        }
        let outputs = outputSlots.map { values[$0]! }
        return readsNeighbours ? outputs.map(sampleRows) : outputs
    }

    /// Values of a graph's nodes with the rows that all of them have: one that has passed more layers that read
    /// neighbours has fewer.
    private static func commonRows(_ values: [Variable]) -> [Variable] {
        guard values.count > 1, let least = values.compactMap({ $0.rows?.hops }).min() else { return values }
        return values.map { nearRows($0, hops: least) }
    }
}

/// Joins neighbouring layers that one operation computes; the values of the wanted nodes remain.
struct GraphFusion {
    /// A node of the plan: no layer where it is an input, not needed, or computed by its reader.
    struct Node {
        var layer: (any Layer)?
        var inputs: [Int]
    }

    private(set) var nodes: [Node]
    private var readers: [Int]
    private let isWanted: [Bool]

    init(_ graph: [GraphNode], wanted: [Int], given: [Int]) {
        let isGiven = Set(given)
        let isNeeded = GraphNode.needed(graph, for: wanted, given: isGiven)
        var isWanted = Array(repeating: false, count: graph.count)
        for node in wanted + given { isWanted[node] = true }
        var readers = Array(repeating: 0, count: graph.count)
        for index in graph.indices where isNeeded[index] && !isGiven.contains(index) {
            for input in graph[index].inputs { readers[input] += 1 }
        }
        nodes = graph.enumerated().map {
            Node(layer: isNeeded[$0] && !isGiven.contains($0) ? $1.layer : nil, inputs: $1.inputs)
        }
        self.readers = readers
        self.isWanted = isWanted
    }

    mutating func run() {
        for index in nodes.indices { while fuse(index) {} }
    }

    /// Lets a node take over what it reads, where that has no other reader; tells whether it did.
    private mutating func fuse(_ index: Int) -> Bool {
        guard let layer = nodes[index].layer else { return false }
        for (position, input) in nodes[index].inputs.enumerated() where readers[input] == 1 && !isWanted[input] {
            guard let producer = nodes[input].layer else { continue }
            if nodes[index].inputs.count == 1, let fused = producer.fused(with: layer) {
                nodes[index] = Node(layer: fused, inputs: nodes[input].inputs)
            } else if let sum = layer as? Addition, nodes[index].inputs.count == 2,
                let fused = sum.fused(with: producer, at: position)
            {
                nodes[index] = Node(layer: fused, inputs: nodes[input].inputs + [nodes[index].inputs[1 - position]])
            } else {
                continue
            }
            nodes[input].layer = nil
            return true
        }
        return false
    }
}
