import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

@Suite struct GraphDataTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    static let nodes = "node,label,split\na,red,train\nb,blue,val\nc,red,test\nd,?,none\ne,green,train\nf,blue,\n"
    static let edges = "u,v\na,b\nb,c\nc,b\nd,d\ne,a\na,b\n"
    static let features = "0 2\n1\n\n2:0.5 0:1.5\n3\n0 1 2 3\n"

    func write(nodes: String = nodes, edges: String = edges, features: String = features) throws {
        for (name, text) in [("nodes.csv", nodes), ("edges.csv", edges), ("features.txt", features)] {
            try folder.write(name, Array(text.utf8))
        }
    }

    func problem(_ settings: GraphData = GraphData(), split: DatasetSplit = .train) -> String? {
        do {
            _ = try settings.open(split, path: folder.path, imports: [:])
            return nil
        } catch { return "\(error)".replacingOccurrences(of: folder.path + "/", with: "") }
    }

    func neighbours(_ dataset: any Dataset) throws -> [[Int]] {
        let graph = try #require(dataset.source.nodes).graph
        return (0..<graph.nodeCount).map { node in
            var result: [Int] = []
            graph.forEachNeighbour(of: node) { result.append($0) }
            return result
        }
    }

    @Test("nodes, edges and features are read; a part's samples are its nodes, by their rows in the table")
    func reads() throws {
        try write()
        let training = try GraphData().open(.train, path: folder.path, imports: [:])
        let test = try GraphData().open(.test, path: folder.path, imports: [:])
        let validation = try #require(training.ownValidation)
        #expect(training.fields.map(\.name) == ["features", "label"] && training.fields[0].shape == [4])
        #expect(training.fields[1].meaning == .classes(names: ["blue", "green", "red"]))
        func ids(_ dataset: any Dataset) -> [Int] { (0..<dataset.count).map(dataset.sampleID) }
        #expect(ids(training) == [0, 4] && ids(validation) == [1] && ids(test) == [2])
        #expect(validation.ownValidation == nil && test.ownValidation == nil)
        #expect(try training.values(0, "features") == [1, 0, 1, 0] && training.values(1, "features") == [0, 0, 0, 1])
        #expect(try test.values(0, "features") == [0, 0, 0, 0])
        #expect(try [training.integers(0, "label"), training.integers(1, "label")] == [[2], [1]])
        #expect(try neighbours(training) == [[1, 4], [0, 2], [1], [], [0], []])
        // Nodes of no part have features for their neighbours.
        var row = [Float](repeating: -1, count: 4)
        row.withUnsafeMutableBufferPointer { training.nodes?.read(3, field: "features", into: $0) }
        #expect(row == [1.5, 0, 0.5, 0])
        let directed = try GraphData(isDirected: true).open(.train, path: folder.path, imports: [:])
        #expect(try neighbours(directed) == [[4], [0, 2], [1], [], [], []])
        #expect(directed.fingerprint != training.fingerprint)
    }

    @Test("features are a table too, and may be divided by their sums")
    func formsOfFeatures() throws {
        try write(features: "x,y\n1,3\n0,2\n0,0\n-1,1\n4,4\n1,0\n")
        let settings = GraphData(featureForm: .table, normalizesRows: true)
        let training = try settings.open(.train, path: folder.path, imports: [:])
        #expect(try training.values(0, "features") == [0.25, 0.75] && training.values(1, "features") == [0.5, 0.5])
        var row: [Float] = [9, 9]
        row.withUnsafeMutableBufferPointer { training.nodes?.read(3, field: "features", into: $0) }
        #expect(row == [-1, 1])  // a sum of 0
        try write()
        let sparse = try GraphData(featureCount: 7, normalizesRows: true).open(.train, path: folder.path, imports: [:])
        #expect(try sparse.values(0, "features") == [0.5, 0, 0.5, 0, 0, 0, 0])
    }

    @Test("what is wrong with a graph is named with its file and line")
    func problems() throws {
        try write(edges: "u,v\na,b\nb,g\n")
        #expect(
            problem() == "edges.csv:3: column 'v': there is no node 'g' in nodes.csv; correct the edge, or give the "
                + "node a row there.")
        try write(edges: "u\na\n")
        #expect(problem() == "edges.csv: it has one column; an edge is two nodes in the first two columns.")
        try write(nodes: Self.nodes.replacingOccurrences(of: "train", with: "none"))
        #expect(
            problem()
                == "nodes.csv: no node is of the part 'train': the column 'split' never says it; write it at some.")
        try write(nodes: Self.nodes.replacingOccurrences(of: "test", with: "none"))
        #expect(problem() == nil && problem(split: .test)?.contains("no node is of the part 'test'") == true)
        try write(nodes: Self.nodes.replacingOccurrences(of: "val", with: "vla"))
        #expect(problem() == "nodes.csv:3: column 'split': 'vla' is no part; write train, val, test, none.")
        try write(nodes: Self.nodes.replacingOccurrences(of: "c,red", with: "c,"))
        #expect(
            problem() == "nodes.csv:4: column 'label': a node of the part 'test' has no class; fill it in, or put the "
                + "node in the part 'none'.")
        try write(nodes: Self.nodes.replacingOccurrences(of: "e,green", with: "a,green"))
        #expect(problem() == "nodes.csv:6: column 'node': the node 'a' is there twice; give every node one row.")
        try write(features: "0\n1\n2\n3\n0\n")
        #expect(
            problem()
                == "features.txt:5: 5 rows of features for the 6 nodes of nodes.csv; give every node a row, in the "
                + "order of that table.")
        try write(features: Self.features + "1\n")
        #expect(problem()?.hasPrefix("features.txt:7: 7 rows of features for the 6 nodes") == true)
        for (line, words) in [
            ("x", "'x' is no index of a feature"), ("-1", "no index"), ("1:", "no number behind its index"),
            ("1:2:3", "no index"), ("1 2 1", "a feature stands here twice"), ("1:inf", "no number"),
        ] {
            try write(features: "0\n\(line)\n2\n3\n0\n1\n")
            #expect(problem()?.hasPrefix("features.txt:2: ") == true, "\(line)")
            #expect(problem()?.contains(words) == true, "\(line): \(problem() ?? "")")
        }
        try write()
        #expect(problem(GraphData(featureCount: 3))?.contains("features.txt:5: there is no feature 3 of 3") == true)
        #expect(problem(GraphData(split: "part"))?.contains("data.split names 'part', which is no column") == true)
        #expect(problem(GraphData(edges: "links.csv"))?.contains("links.csv: no such file") == true)
    }

    @Test("batches hand the graph on, with fields as preprocessing leaves them")
    func batches() throws {
        try write()
        let training = try GraphData().open(.train, path: folder.path, imports: [:])
        let preprocessing = [FieldPreprocessing(field: "features", scale: [2, 1, 1, 3], shift: [1, 0, 0, -1])]
        let part = Subset(drawing: 1, of: training)
        let source = try BatchSource(
            dataset: part, plan: EvaluationPlan(sampleCount: 1, grainSize: 4), preprocessing: preprocessing,
            key: RandomKey(seed: 1))
        let batch = try BatchReader(source).read(step: 0, grain: 0).fields
        #expect([0, 4].contains(batch.sampleIDs[0]))
        let nodes = try #require(batch.nodes)
        func row(_ node: Int, _ field: String, _ count: Int) -> [Float] {
            var values = [Float](repeating: 9, count: count)
            values.withUnsafeMutableBufferPointer { nodes.read(node, field: field, into: $0) }
            return values
        }
        #expect(row(batch.sampleIDs[0], "features", 4) == batch.floats("features").values)
        #expect(row(5, "features", 4) == [3, 1, 1, 2] && row(2, "label", 1) == [2] && row(3, "label", 1) == [-1])
    }

    @Test("a graph to predict needs no classes and no parts, and has the features of the one that was trained on")
    func prediction() throws {
        try write(nodes: "node\na\nb\nc\nd\ne\nf\n")
        let field = FieldDescription(name: "features", elementType: .float32, shape: [5], meaning: .real(names: []))
        let samples = try GraphData().openSamples(folder.path, field: field)
        #expect(samples.count == 6 && samples.values(3) == [1.5, 0, 0.5, 0, 0])
        #expect(samples.nodes?.graph.edgeCount == 6)
        let narrow = FieldDescription(name: "features", elementType: .float32, shape: [2], meaning: .real(names: []))
        #expect(throws: DataError.self) { try GraphData().openSamples(folder.path, field: narrow) }
    }
}
