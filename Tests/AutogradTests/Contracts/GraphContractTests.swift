import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// Operations between neighbours of a graph, against their formulas in double precision.
@Suite struct GraphContractTests {
    typealias Input = OperationContract.Input

    /// Nodes of a graph, and how far one looks from them.
    struct Place: Sendable {
        let graph: ReferenceGraph
        let samples: [Int]
        let hops: Int

        var rows: [[Int]] { graph.rows(of: samples, hops: hops) }
        /// All rows, and how many of them are a step nearer.
        var extent: (rows: Int, near: Int) { (rows[hops].count, rows[hops - 1].count) }

        /// The value's rows as those of the place.
        func placed(_ x: Variable) -> Variable {
            let edges = graph.edges.map { (from: $0[0], to: $0[1]) }
            var x = x
            let graph = NodeGraph(nodeCount: graph.nodeCount, edges: edges)
            x.rows = NodeRows(
                Neighbourhood(of: samples, hops: hops, in: graph, pool: x.tape.pool), hops: hops)
            return x
        }
    }

    /// A ring with chords one way, two nodes that hear nobody, and one that nobody hears.
    static let graph = ReferenceGraph(
        nodeCount: 12,
        edges: (0..<9).flatMap { [[$0, ($0 + 1) % 9], [($0 + 1) % 9, $0]] } + [
            [0, 4], [2, 7], [5, 1], [11, 3], [6, 6],
        ])

    static let places = [
        Place(graph: graph, samples: [4], hops: 1), Place(graph: graph, samples: [7, 9, 0], hops: 2),
        Place(graph: graph, samples: Array(0..<12), hops: 1), Place(graph: graph, samples: [10], hops: 1),
        Place(graph: graph, samples: [3, 8, 3], hops: 3), Place(graph: graph, samples: [], hops: 1),
    ]

    static let sums = places.flatMap { place in
        [1, 5, 16, 37].flatMap { columns -> [OperationContract] in
            let (rows, near) = place.extent
            let nodes = place.rows[place.hops]
            let x = Input([rows, columns])
            return [
                OperationContract(
                    "aggregate normalized \(place.samples)", [x, Input([columns])],
                    reference: {
                        DoubleReference.graphConvolution($0[0], graph, rows: nodes, count: near, bias: $0[1])
                    }, { aggregate(place.placed($0[0]), .normalized, bias: $0[1]) }),
                OperationContract(
                    "aggregate mean \(place.samples)", [x],
                    reference: { DoubleReference.neighbourMean($0[0], graph, rows: nodes, count: near) },
                    { aggregate(place.placed($0[0]), .mean) }),
                OperationContract(
                    "maximumOfNeighbours \(place.samples)", [x],
                    reference: { DoubleReference.neighbourMaximum($0[0], graph, rows: nodes, count: near) },
                    { maximumOfNeighbours(place.placed($0[0])) }),
            ]
        }
    }

    // Not of one row: where its scores have one sign, their softmax does not depend on what receives, and the gradient
    // is all rounding.
    static let attentions = places.dropFirst().flatMap { place in
        [(1, 1), (2, 3), (3, 17), (8, 16)].flatMap { heads, features in
            [false, true].map { averages -> OperationContract in
                let (rows, near) = place.extent
                let nodes = place.rows[place.hops]
                let vectors = Input([heads, features])
                return OperationContract(
                    "attend \(place.samples)\(averages ? " mean" : "")",
                    [
                        Input([rows, heads * features]), vectors, vectors,
                        Input([averages ? features : heads * features]),
                    ], tolerance: 1e-5,
                    reference: {
                        DoubleReference.graphAttention(
                            $0[0], receiving: $0[1], sending: $0[2], bias: $0[3], graph, rows: nodes, count: near,
                            slope: 0.2, averages: averages)
                    },
                    {
                        attend(
                            place.placed($0[0]), receiving: $0[1], sending: $0[2], bias: $0[3],
                            NeighbourAttention(concatenates: !averages), mode: .evaluation)
                    })
            }
        }
    }

    static let cuts = [([5, 3], 2), ([4, 2, 3], 4), ([3, 7], 0)].map { shape, count in
        OperationContract(
            "firstRows \(count)", [Input(shape)],
            reference: {
                DoubleTensor(
                    Array($0[0].values.prefix(count * shape.dropFirst().reduce(1, *))), [count] + shape.dropFirst())
            }, { firstRows($0[0], count) })
    }

    @Test("a sum, mean or maximum of neighbours keeps its contract", arguments: sums + cuts)
    func sumsKeepTheirContract(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }

    @Test("attention between neighbours keeps its contract", arguments: attentions)
    func attentionKeepsItsContract(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }

    @Test(
        "dropout of attention is that of the weights: its mean over many keys is evaluation's, and it has the gradient")
    func dropoutOfAttention() {
        let place = Self.places[1]
        let (rows, near) = place.extent
        var numbers = TestNumbers(seed: 3)
        let values = numbers.floats(rows * 6)
        let vectors = (0..<2).map { _ in numbers.floats(6) }
        let layout = ModelLayout([])
        let tape = Tape(layout: layout, values: FlatBuffer(count: 16))
        func run(_ mode: Mode, _ values: [Float]) -> (y: [Float], gradient: [Float]) {
            tape.begin(gradients: nil)
            let x = tape.input(Tensor(values, [rows, 6], pool: tape.pool))
            let (r, s) = (
                tape.constant(Tensor(vectors[0], [2, 3], pool: tape.pool)),
                tape.constant(Tensor(vectors[1], [2, 3], pool: tape.pool))
            )
            let y = attend(
                place.placed(x), receiving: r, sending: s, NeighbourAttention(dropout: 0.4, layer: 7), mode: mode)
            let seed = Tensor(y.shape, pool: tape.pool)
            for i in 0..<seed.count { seed.pointer[i] = Float(i % 5) - 2 }
            tape.backward(from: y, gradient: seed)
            return (y.value.values, tape.gradient(of: x)!.values)
        }
        let expected = run(.evaluation, values).y
        var mean = [Double](repeating: 0, count: near * 6)
        let keys = 4000
        for number in 0..<keys {
            let y = run(.training(RandomKey(seed: 5).folding(number)), values).y
            for i in y.indices { mean[i] += Double(y[i]) / Double(keys) }
        }
        // The deviation of a mean of 4,000 is at most 0.02 here.
        #expect(zip(mean, expected).allSatisfy { abs($0 - Double($1)) < 0.08 })
        let mode = Mode.training(RandomKey(seed: 9))
        let gradient = run(mode, values).gradient
        for i in stride(from: 0, to: values.count, by: 5) {
            func loss(_ shift: Float) -> Double {
                var moved = values
                moved[i] += shift
                return run(mode, moved).y.enumerated().reduce(0.0) {
                    $0 + Double($1.element) * (Double($1.offset % 5) - 2)
                }
            }
            let slope = (loss(0.01) - loss(-0.01)) / Double((values[i] + 0.01) - (values[i] - 0.01))
            #expect(abs(slope - Double(gradient[i])) < 0.01 * max(1, abs(slope)), "\(i)")
        }
    }

    @Test("a neighbourhood has the rows of the definition, from any samples and any number of steps")
    func neighbourhoods() {
        var numbers = TestNumbers(seed: 11)
        for _ in 0..<60 {
            let count = 2 + Int(numbers.word() % 14)
            func node() -> Int { Int(numbers.word() % UInt64(count)) }
            let graph = ReferenceGraph(
                nodeCount: count, edges: (0..<Int(numbers.word() % 30)).map { _ in [node(), node()] })
            let program = NodeGraph(nodeCount: count, edges: graph.edges.flatMap { [($0[0], $0[1]), ($0[0], $0[1])] })
            #expect(program.edgeCount == graph.edges.count)
            let samples = (0..<Int(numbers.word() % 5)).map { _ in node() }
            let hops = Int(numbers.word() % 4)
            let expected = graph.rows(of: samples, hops: hops)
            let found = Neighbourhood(of: samples, hops: hops, in: program, pool: StoragePool())
            #expect((0...hops).map(found.count(within:)) == expected.map(\.count))
            #expect((0..<found.count).map(found.node(ofRow:)) == expected[hops])
        }
    }
}
