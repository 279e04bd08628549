import TensorCore

/// The nodes of one part of a graph as samples: field `features` [F], and the class of each.
struct NodeDataset: Dataset {
    let name: String
    let fields: [FieldDescription]
    let defaultInput = "features"
    let defaultTarget: String?
    private let store: GraphStore
    private let members: [Int32]
    /// The nodes that the table sets aside; nil for parts that are none of training, and where there are none.
    private let validation: [Int32]?

    /// - Throws: `DataError.tableSettings` where the part has no nodes.
    init(_ store: GraphStore, _ settings: GraphData, _ part: GraphStore.Part) throws(DataError) {
        let members = store.nodes(of: part)
        guard !members.isEmpty else {
            throw .tableSettings(
                path: store.path,
                problem: "no node is of the part '\(part.rawValue)': the column '\(settings.split)' never says it; "
                    + "write it at some")
        }
        let validation = part == .training ? store.nodes(of: .validation) : []
        self.init(store, settings, part, members, validation: validation.isEmpty ? nil : validation)
    }

    private init(
        _ store: GraphStore, _ settings: GraphData, _ part: GraphStore.Part, _ members: [Int32], validation: [Int32]?
    ) {
        name = "graph/\(part.rawValue)"
        fields = [
            FieldDescription(
                name: defaultInput, elementType: .float32, shape: [store.features.width], meaning: .real(names: [])),
            FieldDescription(
                name: settings.label, elementType: .int32, shape: [], meaning: .classes(names: store.classes)),
        ]
        defaultTarget = settings.label
        self.store = store
        self.members = members
        self.validation = validation
        self.settings = settings
    }

    private let settings: GraphData

    var count: Int { members.count }
    var nodes: (any NodeSource)? { store }
    var ownValidation: (any Dataset)? {
        validation.map { NodeDataset(store, settings, .validation, $0, validation: nil) }
    }

    var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        hash.feed(Int(bitPattern: UInt(store.fingerprint)))
        hash.feed(count)
        return hash.value
    }

    /// The node's place in the table.
    func sampleID(of index: Int) -> Int { Int(members[index]) }

    func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(field == 0, "\(name): '\(fields[field].name)' is no field of floats")
        store.features.read(Int(members[index]), into: buffer)
    }

    func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(field == 1 && buffer.count == 1, "\(name): field \(field) is not \(buffer.count) integers")
        buffer[0] = store.labels[Int(members[index])]
    }
}

/// All nodes of a graph, for a trained model to be applied to.
struct GraphSamples: UnlabelledSamples {
    private let store: GraphStore

    init(_ store: GraphStore) { self.store = store }

    var count: Int { store.graph.nodeCount }
    var nodes: (any NodeSource)? { store }

    func values(_ index: Int) -> [Float] {
        var result = [Float](repeating: 0, count: store.features.width)
        result.withUnsafeMutableBufferPointer { store.features.read(index, into: $0) }
        return result
    }
}
