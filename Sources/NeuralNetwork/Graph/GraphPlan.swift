import Autograd
import TensorCore

/// The nodes that some outputs of a model need, in order, with neighbours computed together where one operation can.
///
/// A plan is made once and used by all workers. A node that no wanted output depends on is not computed.
package struct GraphPlan: Sendable {
    /// The wanted nodes by name.
    package let outputs: [String]
    private let steps: [Step]
    private let inputCount: Int
    private let slotCount: Int
    private let outputSlots: [Int]

    private struct Step: Sendable {
        let layer: any Layer
        let inputs: [Int]
        let output: Int
        /// Values that nothing after this step reads.
        var released: [Int] = []
    }

    /// - Parameters:
    ///   - nodes: of the graph; the first ones are the model's inputs.
    ///   - wanted: numbers of the nodes to give out.
    init(_ nodes: [GraphNode], wanted: [Int]) {
        var fusion = GraphFusion(nodes, wanted: wanted)
        fusion.run()
        outputs = wanted.map { nodes[$0].name }
        outputSlots = wanted
        slotCount = nodes.count
        inputCount = nodes.count { $0.layer == nil }
        var steps = fusion.nodes.enumerated().compactMap { index, node in
            node.layer.map { Step(layer: $0, inputs: node.inputs, output: index) }
        }
        var isLive = Set(wanted)
        for index in steps.indices.reversed() {
            steps[index].released = Array(Set(steps[index].inputs).subtracting(isLive)).sorted()
            isLive.formUnion(steps[index].inputs)
        }
        self.steps = steps
    }

    /// The wanted values from the model's inputs, in order.
    ///
    /// A value is let go of as soon as no layer needs it any more, unless backward does.
    package func callAsFunction(_ inputs: [Variable], mode: Mode) -> [Variable] {
        precondition(inputs.count == inputCount, "GraphPlan: \(inputs.count) inputs for a model of \(inputCount)")
        var values: [Variable?] = inputs
        values.reserveCapacity(slotCount)
        for _ in inputs.count..<slotCount { values.append(nil) }
        for step in steps {
            let value = step.layer(step.inputs.map { values[$0]! }, mode: mode)
            for slot in step.released { values[slot] = nil }
            values[step.output] = value
        }
        return outputSlots.map { values[$0]! }
    }
}

extension GraphNode {
    /// The nodes that no other reads.
    static func ends(_ graph: [GraphNode]) -> [Int] {
        let read = Set(graph.flatMap(\.inputs))
        return graph.indices.filter { !read.contains($0) }
    }

    /// Whether each node is one of the wanted ones or something that they depend on.
    static func needed(_ graph: [GraphNode], for wanted: [Int]) -> [Bool] {
        var isNeeded = Array(repeating: false, count: graph.count)
        for node in wanted { isNeeded[node] = true }
        for index in graph.indices.reversed() where isNeeded[index] {
            for input in graph[index].inputs { isNeeded[input] = true }
        }
        return isNeeded
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

    init(_ graph: [GraphNode], wanted: [Int]) {
        let isNeeded = GraphNode.needed(graph, for: wanted)
        var isWanted = Array(repeating: false, count: graph.count)
        for node in wanted { isWanted[node] = true }
        var readers = Array(repeating: 0, count: graph.count)
        for index in graph.indices where isNeeded[index] {
            for input in graph[index].inputs { readers[input] += 1 }
        }
        nodes = graph.enumerated().map { Node(layer: isNeeded[$0] ? $1.layer : nil, inputs: $1.inputs) }
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
            } else if layer is Addition, nodes[index].inputs.count == 2, let fused = producer.fusedWithSum {
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
