import ConfigurationReading
import TensorCore

/// The nodes of a graph as samples, each with features and a class, from three files in a folder: a table of nodes, a
/// table of edges and the nodes' features.
///
/// The table of nodes says which of them are for training, validation and test. A model with layers that read
/// neighbours sees all nodes, whatever part they are of, but only the classes of the part.
package struct GraphData: DatasetFactory {
    package static let name = "graph"
    package static let documentation =
        "Nodes of a graph as samples, from a table of nodes, a table of edges and their features: fields `features`, "
        + "real numbers, and the class, named after its column. The node table says which nodes are for training "
        + "(`train`), validation (`val`), test (`test`) or neither (`none`). Where it has some for validation, all of "
        + "them are used unless `validation` is a smaller count."
    package static let location = DatasetLocation.graph

    /// How the file of features is written.
    package enum FeatureForm: String, CaseIterable, Sendable {
        /// A line a node with the indices of what is 1, or `index:value`.
        case indices
        /// A table of numbers with a header, a row a node.
        case table
    }

    // The names of files in the folder.
    package let nodes: String
    package let edges: String
    package let features: String
    package let featureForm: FeatureForm
    /// How many features a node has; nil for what the file says.
    package let featureCount: Int?
    /// Whether each node's features are divided by their sum.
    package let normalizesRows: Bool
    /// Whether the second node of an edge hears from the first alone; else each from the other.
    package let isDirected: Bool
    // Columns of the table of nodes.
    package let node: String
    package let label: String
    package let split: String

    package init(
        nodes: String = "nodes.csv", edges: String = "edges.csv", features: String = "features.txt",
        featureForm: FeatureForm = .indices, featureCount: Int? = nil, normalizesRows: Bool = false,
        isDirected: Bool = false, node: String = "node", label: String = "label", split: String = "split"
    ) {
        self.nodes = nodes
        self.edges = edges
        self.features = features
        self.featureForm = featureForm
        self.featureCount = featureCount
        self.normalizesRows = normalizesRows
        self.isDirected = isDirected
        self.node = node
        self.label = label
        self.split = split
    }

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) throws(DataError) -> any Dataset {
        let store = try GraphStore(try required(path), self, imports: imports)
        return try NodeDataset(store, self, split == .train ? .training : .test)
    }

    /// Another graph of the same kind, or the same one: all its nodes, in the order of their table. It needs no classes
    /// and no parts.
    package func openSamples(_ path: String, field: FieldDescription) throws(DataError) -> any UnlabelledSamples {
        guard case .real = field.meaning, field.shape.rank == 1 else {
            throw .notPredictable(path: path, dataset: GraphData.name, field: field.name)
        }
        return GraphSamples(try GraphStore(path, self, width: field.shape[0], isLabelled: false))
    }
}

/// `{name: graph, path: cora, normalizeRows: true}`
extension GraphData {
    package init(from reader: ConfigurationReader) {
        func column(_ key: String, _ documentation: String) -> String {
            reader.value(key, .text, default: ConfigurationNode(stringLiteral: key), documentation)
        }
        self.init(
            nodes: reader.value(
                "nodes", .text, default: "nodes.csv", "File in the folder: the table of nodes, with a header."),
            edges: reader.value(
                "edges", .text, default: "edges.csv",
                "File in the folder: a table with a header, an edge a row, whose first two columns name its nodes. A "
                    + "repeated edge counts once, one from a node to itself not at all."),
            features: reader.value(
                "features", .text, default: "features.txt",
                "File in the folder: the nodes' features, in the order of their table."),
            featureForm: reader.value(
                "featureForm", .choice(of: FeatureForm.self), default: "indices",
                "`indices`: a line a node with the indices, from 0, of features that are 1, or `index:value`; `table`: "
                    + "a table of numbers with a header."),
            featureCount: reader.optional(
                "featureCount", .integer(in: 1...),
                "How many features a node has; one more than the largest index if absent."),
            normalizesRows: reader.value(
                "normalizeRows", .flag, default: false, "Divide each node's features by their sum."),
            isDirected: reader.value(
                "directed", .flag, default: false,
                "Whether only the second node of an edge hears from the first; else each hears from the other."),
            node: column("node", "Column of the node table with the names that edges use."),
            label: column("label", "Column of the node table with the classes."),
            split: column("split", "Column of the node table with the parts: train, val, test or none."))
    }
}
