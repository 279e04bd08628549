import Kernels
import TensorCore

/// A part of a data set: a run of positions in a keyed permutation of its samples, in constant memory.
package struct Subset: Dataset {
    package let name: String
    private let base: any Dataset
    private let order: EpochOrder
    private let positions: Range<Int>

    /// The samples of `base` that stand at `positions` in the permutation `order` of all of them.
    init(of base: any Dataset, part: String, order: EpochOrder, positions: Range<Int>) {
        precondition(
            order.count == base.count && positions.upperBound <= base.count,
            "Subset: \(positions) of \(base.count) samples")
        name = "\(base.name)/\(part)"
        self.base = base
        self.order = order
        self.positions = positions
    }

    /// `count` samples of `base`, at most all, chosen by a fixed key: the same for every run.
    package init(drawing count: Int, of base: any Dataset) {
        self.init(
            of: base, part: "\(count)",
            order: EpochOrder(count: base.count, key: RandomKey(seed: 0).folding(.sampling)),
            positions: 0..<min(count, base.count))
    }

    package var count: Int { positions.count }
    package var sampleShape: Shape { base.sampleShape }
    package var target: TargetDescription { base.target }
    package var valueScale: Float { base.valueScale }
    package var background: Float { base.background }
    package var source: any Dataset { base.source }
    package func sourceIndex(of index: Int) -> Int { base.sourceIndex(of: baseIndex(index)) }
    package func prefetch(_ index: Int) { base.prefetch(baseIndex(index)) }
    package var exports: [String: SharedBytes.Export] { base.exports }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        hash.feed(Int(bitPattern: UInt(base.fingerprint)))
        for number in [positions.lowerBound, positions.upperBound, baseIndex(0)] { hash.feed(number) }
        return hash.value
    }

    package func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        try base.read(baseIndex(index), into: buffer)
    }
    package func label(of index: Int) -> Int32 { base.label(of: baseIndex(index)) }
    package func readTarget(_ index: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        try base.readTarget(baseIndex(index), into: buffer)
    }
    package func sampleID(of index: Int) -> Int { base.sampleID(of: baseIndex(index)) }

    private func baseIndex(_ index: Int) -> Int {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        return order[positions.lowerBound + index]
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
    /// validated on the same samples.
    package init(of dataset: any Dataset, validation size: ValidationSize, seed: UInt64 = 0) throws(DataError) {
        let held = try size.count(of: dataset.count)
        let order = EpochOrder(count: dataset.count, key: RandomKey(seed: seed).folding(.split))
        validation = Subset(of: dataset, part: "validation", order: order, positions: 0..<held)
        train = Subset(of: dataset, part: "training", order: order, positions: held..<dataset.count)
    }
}
