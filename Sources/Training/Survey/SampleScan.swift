import DataPipeline
import Kernels
import TensorCore

/// What reading some samples one after the other tells of them; parts are merged in the order of the samples.
struct SampleScan {
    /// Of the numbers of a channel of a field of floats.
    struct Numbers {
        var count = 0
        var missing = 0
        var infinite = 0
        /// Σ (x − shift) and Σ (x − shift)², with the same shift in all parts.
        var sum = 0.0
        var squares = 0.0
        var least = Double.infinity
        var most = -Double.infinity

        mutating func add(_ value: Float, shift: Double) {
            guard value.isFinite else {
                if value.isNaN { missing += 1 } else { infinite += 1 }
                return
            }
            let exact = Double(value)
            count += 1
            sum += exact - shift
            squares += (exact - shift) * (exact - shift)
            least = min(least, exact)
            most = max(most, exact)
        }

        mutating func add(_ other: Numbers) {
            count += other.count
            missing += other.missing
            infinite += other.infinite
            sum += other.sum
            squares += other.squares
            least = min(least, other.least)
            most = max(most, other.most)
        }
    }

    struct Lengths {
        var least = Int.max
        var most = 0
        var sum = 0
    }

    struct Damage {
        let index: Int
        let problem: String
    }

    /// By field of floats, by channel.
    var numbers: [Int: [Numbers]] = [:]
    /// By field of classes, words or levels, how often each is there.
    var choices: [Int: [Int]] = [:]
    /// By field with a varying axis.
    var lengths: [Int: Lengths] = [:]
    /// Of the usual input, by sample.
    var hashes: [UInt64] = []
    /// The class of each sample; −1 where it has none.
    var labels: [Int32] = []
    /// Samples whose usual input is one number everywhere.
    var constant: [Int] = []
    var damaged: [Damage] = []

    init() {}

    /// - Parameter shifts: by field of floats, by channel.
    init(_ dataset: any Dataset, _ indices: Range<Int>, shifts: [Int: [Double]]) {
        var reader = SampleReader(dataset)
        let input = reader.place(of: dataset.defaultInput)
        let target = dataset.targetField.flatMap {
            $0.meaning.choiceCount != nil && $0.shape.count == 1 ? $0.name : nil
        }
        let label = target.flatMap { reader.place(of: $0) }
        for index in indices {
            do {
                try reader.read(index)
            } catch {
                damaged.append(Damage(index: index, problem: "\(error)"))
                hashes.append(0)
                labels.append(-1)
                continue
            }
            for (place, field) in dataset.fields.enumerated() { add(field, place, reader, shifts) }
            hashes.append(input.map { reader.hash(of: $0) } ?? 0)
            labels.append(label.map { reader.integers[$0][0] } ?? -1)
            if let input, reader.isConstant(input) { constant.append(index) }
        }
    }

    private mutating func add(
        _ field: FieldDescription, _ place: Int, _ reader: SampleReader, _ shifts: [Int: [Double]]
    ) {
        let count = reader.counts[place]
        if field.variableAxis != nil {
            let length = count / max(field.shape.count / max(field.shape[0], 1), 1)
            var own = lengths[place] ?? Lengths()
            (own.least, own.most, own.sum) = (min(own.least, length), max(own.most, length), own.sum + length)
            lengths[place] = own
        }
        switch field.elementType {
        case .float32:
            guard let shift = shifts[place], !shift.isEmpty else { return }
            var own = numbers.removeValue(forKey: place) ?? Array(repeating: Numbers(), count: shift.count)
            var channel = 0
            for value in reader.floats[place][..<count] {
                own[channel].add(value, shift: shift[channel])
                channel = channel + 1 == shift.count ? 0 : channel + 1
            }
            numbers[place] = own
        case .int32:
            guard let kinds = field.meaning.choiceCount else { return }
            var own = choices.removeValue(forKey: place) ?? Array(repeating: 0, count: kinds)
            for value in reader.integers[place][..<count] where own.indices.contains(Int(value)) {
                own[Int(value)] += 1
            }
            choices[place] = own
        }
    }

    /// Adds what stands behind these samples.
    mutating func add(_ next: SampleScan) {
        numbers.merge(next.numbers) { own, other in
            zip(own, other).map { a, b in
                var sum = a
                sum.add(b)
                return sum
            }
        }
        choices.merge(next.choices) { zip($0, $1).map(+) }
        lengths.merge(next.lengths) { a, b in
            Lengths(least: min(a.least, b.least), most: max(a.most, b.most), sum: a.sum + b.sum)
        }
        hashes += next.hashes
        labels += next.labels
        constant += next.constant
        damaged += next.damaged
    }
}

/// Reads all fields of one sample after the other into memory of its own.
struct SampleReader {
    private let dataset: any Dataset
    /// By field; empty for those of the other type.
    private(set) var floats: [[Float]]
    private(set) var integers: [[Int32]]
    /// How many values of each field the sample has.
    private(set) var counts: [Int]

    init(_ dataset: any Dataset) {
        self.dataset = dataset
        floats = dataset.fields.map { Array(repeating: 0, count: $0.elementType == .float32 ? $0.shape.count : 0) }
        integers = dataset.fields.map { Array(repeating: 0, count: $0.elementType == .int32 ? $0.shape.count : 0) }
        counts = dataset.fields.map(\.shape.count)
    }

    func place(of name: String) -> Int? { dataset.fields.firstIndex { $0.name == name } }

    mutating func read(_ index: Int) throws {
        for place in dataset.fields.indices { try read(index, field: place) }
    }

    mutating func read(_ index: Int, field place: Int) throws {
        let dataset = dataset
        let field = dataset.fields[place]
        let count =
            field.variableAxis == nil
            ? field.shape.count : dataset.length(of: index, field: place) * (field.shape.count / max(field.shape[0], 1))
        counts[place] = count
        if field.elementType == .float32 {
            try floats[place].withUnsafeMutableBufferPointer {
                try dataset.read(index, field: place, into: UnsafeMutableBufferPointer(rebasing: $0[..<count]))
            }
        } else {
            try integers[place].withUnsafeMutableBufferPointer {
                try dataset.readIntegers(index, field: place, into: UnsafeMutableBufferPointer(rebasing: $0[..<count]))
            }
        }
    }

    /// Calls `body` with the bytes of a field.
    func withBytes<Result>(_ place: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let bytes = 4 * counts[place]
        if dataset.fields[place].elementType == .float32 {
            return floats[place].withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<bytes])) }
        }
        return integers[place].withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<bytes])) }
    }

    func hash(of place: Int) -> UInt64 {
        withBytes(place) { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty else { return 1 }
            return memoryHash(start, byteCount: bytes.count, seed: UInt64(bytes.count))
        }
    }

    /// Whether a field of several values has one everywhere.
    func isConstant(_ place: Int) -> Bool {
        guard counts[place] > 1, dataset.fields[place].elementType == .float32 else { return false }
        let values = floats[place][..<counts[place]]
        return values.allSatisfy { $0 == floats[place][0] }
    }
}
