import TensorCore

/// A graph from its files, with everything about its nodes; immutable.
final class GraphStore: NodeSource {
    /// What a node is for.
    enum Part: String, CaseIterable, Sendable {
        case training = "train"
        case validation = "val"
        case test
        /// Its neighbours read it, and its class is not asked for.
        case unlabelled = "none"

        /// The part that the node table names.
        init?(_ text: String) {
            if Table.isMissing(text) {
                self = .unlabelled
            } else if let part = text == "validation" ? .validation : Part(rawValue: text) {
                self = part
            } else {
                return nil
            }
        }
    }

    let graph: NodeGraph
    let fingerprint: UInt64
    let features: NodeFeatures
    /// The path of the table of nodes.
    let path: String
    /// The name of the column of classes; nil where the table need not have them.
    private let label: String?
    /// The names of the classes.
    let classes: [String]
    /// By node; −1 of those without a class.
    let labels: [Int32]
    private let parts: [Part]

    /// - Parameters:
    ///   - folder: holds the files that the settings name.
    ///   - width: how many features there must be; nil for as many as the settings or the file say.
    ///   - isLabelled: whether classes and parts are read.
    /// - Throws: `DataError` with file and line.
    init(
        _ folder: String, _ settings: GraphData, width: Int? = nil, isLabelled: Bool = true,
        imports: [String: SharedBytes.Export] = [:]
    ) throws(DataError) {
        let expected = [settings.nodes, settings.edges, settings.features]
        var files: [SharedBytes] = []
        for name in expected {
            files.append(try SharedBytes.open(folder + "/" + name, imports: imports, expected: expected))
        }
        let table = try Table(files[0], settings: TableSettings())
        path = files[0].path
        let names = try GraphStore.names(table, settings)
        graph = try GraphStore.graph(try Table(files[1], settings: TableSettings()), names, settings, nodes: path)
        features = try GraphStore.features(files[2], settings, nodeCount: names.count, width: width, nodes: path)
        label = isLabelled ? settings.label : nil
        if isLabelled {
            parts = try GraphStore.parts(table, settings)
            (classes, labels) = try GraphStore.labels(table, settings, parts)
        } else {
            parts = Array(repeating: .unlabelled, count: names.count)
            classes = []
            labels = Array(repeating: -1, count: names.count)
        }
        var hash = Fingerprint()
        for file in files { file.withUnsafeBytes { hash.feed($0) } }
        hash.feed("\(settings)")
        fingerprint = hash.value
    }

    /// The nodes of a part, in the order of the table.
    func nodes(of part: Part) -> [Int32] { parts.indices.filter { parts[$0] == part }.map(Int32.init) }

    func read(_ node: Int, field: String, into buffer: UnsafeMutableBufferPointer<Float>) {
        if field == label {
            buffer[0] = Float(labels[node])
        } else {
            features.read(node, into: buffer)
        }
    }

    // MARK: - Files

    /// The place of each node by its name.
    private static func names(_ table: Table, _ settings: GraphData) throws(DataError) -> [String: Int] {
        var places: [String: Int] = [:]
        for (place, cell) in table.cells(try table.index(settings.node, key: "node")).enumerated() {
            if places.updateValue(place, forKey: cell.text) != nil {
                throw .table(
                    path: table.path, line: cell.line, column: settings.node,
                    problem: "the node '\(cell.text)' is there twice; give every node one row")
            }
        }
        return places
    }

    private static func graph(
        _ table: Table, _ places: [String: Int], _ settings: GraphData, nodes path: String
    ) throws(DataError) -> NodeGraph {
        guard table.columns.count >= 2 else {
            throw .tableSettings(
                path: table.path, problem: "it has one column; an edge is two nodes in the first two columns")
        }
        let ends = (table.cells(0), table.cells(1))
        var edges: [(from: Int, to: Int)] = []
        edges.reserveCapacity(2 * table.count)
        for row in 0..<table.count {
            var pair: [Int] = []
            for (column, cell) in [ends.0[row], ends.1[row]].enumerated() {
                guard let place = places[cell.text] else {
                    throw .table(
                        path: table.path, line: cell.line, column: table.columns[column],
                        problem: "there is no node '\(cell.text)' in \(path); correct the edge, or give the node a row "
                            + "there")
                }
                pair.append(place)
            }
            edges.append((pair[0], pair[1]))
            if !settings.isDirected { edges.append((pair[1], pair[0])) }
        }
        return NodeGraph(nodeCount: places.count, edges: edges)
    }

    private static func features(
        _ file: SharedBytes, _ settings: GraphData, nodeCount: Int, width: Int?, nodes path: String
    ) throws(DataError) -> NodeFeatures {
        let width = width ?? settings.featureCount
        let read: NodeFeatures
        switch settings.featureForm {
        case .indices: read = try NodeFeatures(lines: file, width: width)
        case .table: read = try NodeFeatures(table: Table(file, settings: TableSettings()))
        }
        guard read.nodeCount == nodeCount else {
            let header = settings.featureForm == .table ? 1 : 0
            throw .table(
                path: file.path, line: min(read.nodeCount, nodeCount) + header + (read.nodeCount > nodeCount ? 1 : 0),
                column: nil,
                problem: "\(read.nodeCount) rows of features for the \(nodeCount) nodes of \(path); give every node a "
                    + "row, in the order of that table")
        }
        if let width, read.width != width {
            throw .tableSettings(
                path: file.path, problem: "it has \(read.width) features where \(width) are wanted; give as many")
        }
        return settings.normalizesRows ? read.dividedBySums() : read
    }

    private static func parts(_ table: Table, _ settings: GraphData) throws(DataError) -> [Part] {
        var parts: [Part] = []
        for cell in table.cells(try table.index(settings.split, key: "split")) {
            guard let part = Part(cell.text) else {
                throw .table(
                    path: table.path, line: cell.line, column: settings.split,
                    problem: "'\(cell.text)' is no part; write \(Part.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            parts.append(part)
        }
        return parts
    }

    private static func labels(
        _ table: Table, _ settings: GraphData, _ parts: [Part]
    ) throws(DataError) -> ([String], [Int32]) {
        let cells = table.cells(try table.index(settings.label, key: "label"))
        let classes = Table.categories(cells.map(\.text).filter { !Table.isMissing($0) })
        let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32($0)) })
        for (cell, part) in zip(cells, parts) where part != .unlabelled && places[cell.text] == nil {
            throw .table(
                path: table.path, line: cell.line, column: settings.label,
                problem: "a node of the part '\(part.rawValue)' has no class; fill it in, or put the node in the part "
                    + "'\(Part.unlabelled.rawValue)'")
        }
        return (classes, cells.map { places[$0.text] ?? -1 })
    }
}
