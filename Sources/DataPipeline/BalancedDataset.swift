import Kernels
import TensorCore

/// Which samples are of which class, for an epoch that has every class equally often.
///
/// With K classes of which the largest has L samples an epoch has K · L places: every sample of a class of n samples
/// has ⌊L/n⌋ of them, and L mod n samples, others in every epoch, have one more. Which ones is computed from a key, not
/// stored.
package struct ClassBalance: Equatable, Sendable {
    /// By class, one behind the other.
    private let members: [Int32]
    /// Where each class begins, and the number of all.
    private let starts: [Int]
    /// L
    private let largest: Int

    /// - Parameter members: the samples of each class, none empty.
    init(_ members: [[Int32]]) {
        precondition(!members.isEmpty && members.allSatisfy { !$0.isEmpty }, "ClassBalance: a class without samples")
        self.members = members.flatMap(\.self)
        starts = members.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
        largest = members.map(\.count).max() ?? 0
    }

    private var classCount: Int { starts.count - 1 }
    /// K · L
    var count: Int { classCount * largest }

    /// The class of a place, its how many-th of the class it is, and the samples that the class has.
    private func position(_ place: Int) -> (kind: Int, turn: Int, size: Int) {
        let (turn, kind) = place.quotientAndRemainder(dividingBy: classCount)
        return (kind, turn, starts[kind + 1] - starts[kind])
    }

    /// The sample at a place.
    func sample(at place: Int) -> Int {
        let (kind, turn, size) = position(place)
        return Int(members[starts[kind] + turn % size])
    }

    /// The place whose sample an epoch has at a place, one of the first that its sample has.
    func place(at place: Int, epochKey: RandomKey) -> Int {
        let (kind, turn, size) = position(place)
        return EpochOrder(count: size, key: epochKey.folding(kind))[turn % size] * classCount + kind
    }

    /// How often an epoch has had the sample of a place at places before it.
    func copy(at place: Int) -> Int {
        let (_, turn, size) = position(place)
        return turn / size
    }
}

/// A data set with as many places for samples of each class as the largest has samples; see ``ClassBalance``.
package struct BalancedDataset: Dataset {
    private let base: any Dataset
    package let balance: ClassBalance

    /// - Parameter field: of one class a sample.
    package init(_ base: any Dataset, field: String) throws {
        let place = try base.fieldIndex(field)
        var members = [[Int32]](repeating: [], count: base.fields[place].meaning.choiceCount ?? 0)
        try withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1) { label in
            for index in 0..<base.count {
                try base.readIntegers(index, field: place, into: label)
                if label[0] >= 0 { members[Int(label[0])].append(Int32(index)) }
            }
        }
        self.base = base
        balance = ClassBalance(members.filter { !$0.isEmpty })
    }

    package var name: String { base.name + "/balanced" }
    package var count: Int { balance.count }
    package var fields: [FieldDescription] { base.fields }
    package var defaultInput: String { base.defaultInput }
    package var defaultTarget: String? { base.defaultTarget }
    package var baselines: [Baseline] { base.baselines }
    package var source: any Dataset { base.source }
    package func sourceIndex(of index: Int) -> Int { base.sourceIndex(of: balance.sample(at: index)) }
    package func prefetch(_ index: Int) { base.prefetch(balance.sample(at: index)) }
    package var exports: [String: SharedBytes.Export] { base.exports }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        hash.feed(Int(bitPattern: UInt(base.fingerprint)))
        hash.feed(count)
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        try base.read(balance.sample(at: index), field: field, into: buffer)
    }
    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        try base.readIntegers(balance.sample(at: index), field: field, into: buffer)
    }
    package func length(of index: Int, field: Int) -> Int {
        base.length(of: balance.sample(at: index), field: field)
    }
    package func sampleID(of index: Int) -> Int { base.sampleID(of: balance.sample(at: index)) }
}
