import System
import TensorCore

/// Which official part of a data set.
package enum DatasetSplit: String, Sendable, CaseIterable {
    case train, test
}

/// How parts of a data set, such as the samples for validation, are cut.
package enum Partition: Equatable, Sendable {
    /// Samples are drawn.
    case drawn
    /// A part is a run of neighbours; so many samples between two parts belong to neither, because they say of one part
    /// what is asked in the other.
    case runs(gap: Int)
}

/// A forecast of a data set's usual target that needs no model.
package struct Baseline: Equatable, Sendable {
    /// For people: `last value`.
    package let name: String
    /// The field that holds it, of the target's shape and units.
    package let field: String

    package init(name: String, field: String) {
        self.name = name
        self.field = field
    }
}

/// Random access to samples that are rows of named fields; any thread may read any sample at any time.
package protocol Dataset: Sendable {
    /// The registered name with its split, such as `mnist/train`.
    var name: String { get }
    /// The number of samples.
    var count: Int { get }
    /// What a sample consists of; names are unique, and reading refers to a field by its place here.
    var fields: [FieldDescription] { get }
    /// The field that a model usually takes.
    var defaultInput: String { get }
    /// The field that is usually to be predicted; nil where there is none.
    var defaultTarget: String? { get }
    /// Fields that say where something in the usual input's picture is, and do not move when the picture is moved.
    /// A view leaves it to its source.
    var placedFields: [String] { get }
    /// Whether a sample continues the one before, as windows of a text do: then parts of the data set are runs of
    /// neighbours, and lanes may read it.
    var isSequence: Bool { get }
    /// How parts of it are cut.
    var partition: Partition { get }
    /// Forecasts of the usual target without a model, to be compared with one.
    var baselines: [Baseline] { get }
    /// The graph whose nodes the samples are, numbered by their sample ids; nil where they have no neighbours. A view
    /// leaves it to its source.
    var nodes: (any NodeSource)? { get }
    /// The part that the data set itself sets aside for validation; nil where it is taken from this one.
    var ownValidation: (any Dataset)? { get }
    /// A 64-bit identity: equal on two hosts when both have the same data. It is computed when it is asked for, small
    /// data sets from their content, large ones from an index of names and sizes.
    var fingerprint: UInt64 { get }
    /// How the samples lie in shards that are read one after the other; nil where every sample is as near as any other.
    /// A view leaves it, and what follows, to its source.
    var shards: (any ShardedSamples)? { get }
    /// Where samples are noted that can't be read and are left out; nil where such a sample is an error.
    var damage: DamageLog? { get }
    /// Whether reading a sample takes as long as a part of a step, so that threads of its own pay.
    var isSlow: Bool { get }
    /// From how many samples statistics are taken, at most.
    var mostStatisticsSamples: Int { get }
    /// What people should know of the files, a sentence each.
    var notes: [String] { get }
    /// Unpacked files that other processes of this host may map instead of unpacking them again.
    var exports: [String: SharedBytes.Export] { get }

    /// The data set that holds the samples of this view of it, itself where it is none.
    var source: any Dataset { get }
    /// Where ``source`` holds sample `index`.
    func sourceIndex(of index: Int) -> Int
    /// Asks for the memory of sample `index`, which will be read soon; does not wait for it.
    func prefetch(_ index: Int)

    /// Writes the raw values of a field of floats in row-major order.
    ///
    /// - Parameters:
    ///   - field: the place in ``fields``.
    ///   - buffer: holds the count of the field's shape, with ``length(of:field:)`` for a varying axis.
    func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws
    /// What a field of floats is computed from, that can be changed before; nil where there is no such thing.
    func fieldSource(_ field: Int) -> FieldSource?
    /// As ``read(_:field:into:)``, from a source that has been changed.
    func read(
        _ index: Int, field: Int, changing change: SourceChange, into buffer: UnsafeMutableBufferPointer<Float>) throws
    /// Writes a field of integers in row-major order, as ``read(_:field:into:)`` does floats.
    func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws
    /// The extent of the varying axis of a field in sample `index`; asked only where an axis varies.
    func length(of index: Int, field: Int) -> Int
    /// How values of a field of floats that are not known, NaN as they are read, are to be filled; nil where all are
    /// known. A view leaves it to its source.
    func fillPlan(field: Int) -> FillPlan?
    /// Where sample `index` comes from, for people: a file, or a place in one; nil where only its number says. A view
    /// leaves it to its source.
    func origin(of index: Int) -> String?
    /// A stable number for sample `index` that a view of the data set keeps: it keys augmentation and names the sample
    /// in reports.
    func sampleID(of index: Int) -> Int
}

extension Dataset {
    package var defaultTarget: String? { nil }
    package var placedFields: [String] { [] }
    package var isSequence: Bool { false }
    package var partition: Partition { isSequence ? .runs(gap: 0) : .drawn }
    package var baselines: [Baseline] { [] }
    package var nodes: (any NodeSource)? { nil }
    package var ownValidation: (any Dataset)? { nil }
    package var exports: [String: SharedBytes.Export] { [:] }
    package var source: any Dataset { self }
    package func sourceIndex(of index: Int) -> Int { index }
    package func prefetch(_ index: Int) {}
    package func sampleID(of index: Int) -> Int { index }
    package func length(of index: Int, field: Int) -> Int { fields[field].shape[0] }
    package func fillPlan(field: Int) -> FillPlan? { nil }
    package func origin(of index: Int) -> String? { nil }
    package func fieldSource(_ field: Int) -> FieldSource? { nil }
    package var shards: (any ShardedSamples)? { nil }
    package var damage: DamageLog? { nil }
    package var isSlow: Bool { false }
    package var mostStatisticsSamples: Int { .max }
    package var notes: [String] { [] }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        preconditionFailure("\(name): '\(fields[field].name)' is no field of floats")
    }
    package func read(
        _ index: Int, field: Int, changing change: SourceChange, into buffer: UnsafeMutableBufferPointer<Float>
    ) throws {
        preconditionFailure("\(name): '\(fields[field].name)' is not computed from a source that can be changed")
    }
    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        preconditionFailure("\(name): '\(fields[field].name)' is no field of integers")
    }

    /// The place of a field in ``fields``.
    ///
    /// - Throws: `DataError.unknownField` with the names that there are.
    package func fieldIndex(_ name: String) throws(DataError) -> Int {
        guard let index = fields.firstIndex(where: { $0.name == name }) else {
            let known = fields.map(\.name)
            throw .unknownField(
                dataset: self.name, name: name, known: known, nearest: nearestName(to: name, among: known))
        }
        return index
    }

    /// The declaration of a field; throws as ``fieldIndex(_:)`` does.
    package func field(_ name: String) throws(DataError) -> FieldDescription { fields[try fieldIndex(name)] }

    /// The declaration of ``defaultInput``.
    package var inputField: FieldDescription {
        guard let field = fields.first(where: { $0.name == defaultInput }) else {
            preconditionFailure("\(name): its default input '\(defaultInput)' is no field")
        }
        return field
    }

    /// The declaration of ``defaultTarget``; nil where there is none.
    package var targetField: FieldDescription? { fields.first { $0.name == defaultTarget } }
}
