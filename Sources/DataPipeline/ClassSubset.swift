import TensorCore

/// The samples of a data set that are of some classes, in their own order; the numbers of the classes stay.
package struct ClassSubset: Dataset {
    package let name: String
    private let base: any Dataset
    private let indices: [Int32]

    /// - Parameters:
    ///   - classes: ascending.
    ///   - field: of one class a sample.
    ///   - part: what it is called; nil to list the classes.
    package init(_ classes: [Int], of base: any Dataset, field: String, part: String? = nil) throws {
        let place = try base.fieldIndex(field)
        let wanted = Set(classes)
        var indices: [Int32] = []
        try withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1) { label in
            for index in 0..<base.count {
                try base.readIntegers(index, field: place, into: label)
                if wanted.contains(Int(label[0])) { indices.append(Int32(index)) }
            }
        }
        name = "\(base.name)/" + (part ?? "classes \(classes.map(String.init).joined(separator: "-"))")
        self.base = base
        self.indices = indices
    }

    package var count: Int { indices.count }
    package var fields: [FieldDescription] { base.fields }
    package var defaultInput: String { base.defaultInput }
    package var defaultTarget: String? { base.defaultTarget }
    package var partition: Partition { base.partition }
    package var baselines: [Baseline] { base.baselines }
    package var source: any Dataset { base.source }
    package func sourceIndex(of index: Int) -> Int { base.sourceIndex(of: Int(indices[index])) }
    package func prefetch(_ index: Int) { base.prefetch(Int(indices[index])) }
    package var exports: [String: SharedBytes.Export] { base.exports }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        hash.feed(Int(bitPattern: UInt(base.fingerprint)))
        hash.feed(count)
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        try base.read(Int(indices[index]), field: field, into: buffer)
    }
    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        try base.readIntegers(Int(indices[index]), field: field, into: buffer)
    }
    package func length(of index: Int, field: Int) -> Int { base.length(of: Int(indices[index]), field: field) }
    package func sampleID(of index: Int) -> Int { base.sampleID(of: Int(indices[index])) }
}
