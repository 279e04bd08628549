import TensorCore

/// Several data sets of the same fields, one after the other: what the phases of a run are trained on.
package struct JoinedDataset: Dataset {
    package let name: String
    private let parts: [any Dataset]
    /// The first sample of each part, and the number of all.
    private let starts: [Int]

    package init(_ parts: [any Dataset]) {
        precondition(
            !parts.isEmpty && parts.allSatisfy { $0.fields == parts[0].fields && !$0.isSequence },
            "JoinedDataset: parts of other fields, or sequences")
        self.parts = parts
        name = parts.map(\.name).joined(separator: " + ")
        var starts = [0]
        for part in parts { starts.append((starts.last ?? 0) + part.count) }
        self.starts = starts
    }

    /// The first sample of a part.
    package func start(ofPart part: Int) -> Int { starts[part] }

    package var count: Int { starts.last ?? 0 }
    package var fields: [FieldDescription] { parts[0].fields }
    package var defaultInput: String { parts[0].defaultInput }
    package var defaultTarget: String? { parts[0].defaultTarget }
    package var partition: Partition { parts[0].partition }
    package var baselines: [Baseline] { parts[0].baselines }
    package var nodes: (any NodeSource)? { parts[0].source.nodes }
    package func prefetch(_ index: Int) {
        let (part, place) = position(of: index)
        parts[part].prefetch(place)
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        for part in parts { hash.feed(Int(bitPattern: UInt(part.fingerprint))) }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        let (part, place) = position(of: index)
        try parts[part].read(place, field: field, into: buffer)
    }
    package func origin(of index: Int) -> String? {
        let (part, place) = position(of: index)
        return parts[part].source.origin(of: parts[part].sourceIndex(of: place))
    }
    package func fillPlan(field: Int) -> FillPlan? { parts[0].source.fillPlan(field: field) }
    package func fieldSource(_ field: Int) -> FieldSource? { parts[0].source.fieldSource(field) }
    package var isSlow: Bool { parts.contains { $0.source.isSlow } }
    package func read(
        _ index: Int, field: Int, changing change: SourceChange, into buffer: UnsafeMutableBufferPointer<Float>
    ) throws {
        let (part, place) = position(of: index)
        let source = parts[part].source
        try source.read(parts[part].sourceIndex(of: place), field: field, changing: change, into: buffer)
    }
    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        let (part, place) = position(of: index)
        try parts[part].readIntegers(place, field: field, into: buffer)
    }
    package func length(of index: Int, field: Int) -> Int {
        let (part, place) = position(of: index)
        return parts[part].length(of: place, field: field)
    }
    package func sampleID(of index: Int) -> Int {
        let (part, place) = position(of: index)
        return parts[part].sampleID(of: place)
    }

    private func position(of index: Int) -> (part: Int, place: Int) {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        let part = (starts.firstIndex { $0 > index } ?? starts.count) - 1
        return (part, index - starts[part])
    }
}
