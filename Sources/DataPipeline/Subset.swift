import Kernels
import TensorCore

/// A part of a data set, in constant memory: a run of positions in a keyed permutation of its samples, or in their own
/// order where parts are runs of neighbours.
package struct Subset: Dataset {
    package let name: String
    private let base: any Dataset
    /// Nil for the order of the base.
    private let order: EpochOrder?
    private let positions: Range<Int>

    /// The samples of `base` that stand at `positions` in the permutation of all of them that belongs to `key`; where
    /// parts are runs, those at `positions`.
    init(of base: any Dataset, part: String, key: RandomKey, positions: Range<Int>) {
        precondition(
            positions.lowerBound >= 0 && positions.upperBound <= base.count,
            "Subset: \(positions) of \(base.count) samples")
        name = "\(base.name)/\(part)"
        self.base = base
        order = base.partition == .drawn ? EpochOrder(count: base.count, key: key) : nil
        self.positions = positions
    }

    /// `count` samples of `base`, at most all, chosen by a fixed key, the same for every run; where parts are runs the
    /// first ones.
    package init(drawing count: Int, of base: any Dataset) {
        self.init(
            of: base, part: "\(count)", key: RandomKey(seed: 0).folding(.sampling),
            positions: 0..<min(count, base.count))
    }

    package var count: Int { positions.count }
    package var fields: [FieldDescription] { base.fields }
    package var defaultInput: String { base.defaultInput }
    package var defaultTarget: String? { base.defaultTarget }
    package var isSequence: Bool { base.isSequence }
    package var partition: Partition { base.partition }
    package var baselines: [Baseline] { base.baselines }
    package var source: any Dataset { base.source }
    package func sourceIndex(of index: Int) -> Int { base.sourceIndex(of: baseIndex(index)) }
    package func prefetch(_ index: Int) { base.prefetch(baseIndex(index)) }
    package var exports: [String: SharedBytes.Export] { base.exports }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        hash.feed(Int(bitPattern: UInt(base.fingerprint)))
        for number in [positions.lowerBound, positions.upperBound, count > 0 ? baseIndex(0) : 0] { hash.feed(number) }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        try base.read(baseIndex(index), field: field, into: buffer)
    }
    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        try base.readIntegers(baseIndex(index), field: field, into: buffer)
    }
    package func length(of index: Int, field: Int) -> Int { base.length(of: baseIndex(index), field: field) }
    package func sampleID(of index: Int) -> Int { base.sampleID(of: baseIndex(index)) }

    private func baseIndex(_ index: Int) -> Int {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        let position = positions.lowerBound + index
        return order.map { $0[position] } ?? position
    }
}

/// How many training samples are set aside for validation.
package enum ValidationSize: Equatable, Sendable {
    case count(Int)
    /// Of the training set, between 0 and 1, rounded to the nearest count.
    case fraction(Double)

    /// The number of validation samples out of `total`; both sides keep at least one.
    package func count(of total: Int) throws(DataError) -> Int {
        let (result, text): (Int, String)
        switch self {
        case .count(let count): (result, text) = (count, "\(count)")
        case .fraction(let fraction):
            guard fraction > 0, fraction < 1 else {
                throw .invalidValidation(requested: "\(fraction)", available: total)
            }
            (result, text) = (Int((fraction * Double(total)).rounded()), "\(fraction)")
        }
        guard result >= 1, result < total else { throw .invalidValidation(requested: text, available: total) }
        return result
    }
}

/// A training set cut into two disjoint parts.
package struct ValidationSplit: Sendable {
    /// What is trained on.
    package let train: Subset
    /// What is set aside.
    package let validation: Subset

    /// Sets `size` samples of `dataset` aside.
    ///
    /// The choice depends on the data set's size and on `seed` alone, which is fixed, so that runs of other seeds are
    /// validated on the same samples. Of a sequence the last samples are set aside.
    package init(of dataset: any Dataset, validation size: ValidationSize, seed: UInt64 = 0) throws(DataError) {
        let held = try size.count(of: dataset.count)
        let key = RandomKey(seed: seed).folding(.split)
        let total = dataset.count
        let heldPositions: Range<Int>
        let trainPositions: Range<Int>
        switch dataset.partition {
        case .drawn: (heldPositions, trainPositions) = (0..<held, held..<total)
        case .runs(let gap):
            guard total - held - gap >= 1 else {
                throw .invalidValidation(requested: "\(held)", available: total - gap)
            }
            (heldPositions, trainPositions) = (total - held..<total, 0..<total - held - gap)
        }
        validation = Subset(of: dataset, part: "validation", key: key, positions: heldPositions)
        train = Subset(of: dataset, part: "training", key: key, positions: trainPositions)
    }
}
