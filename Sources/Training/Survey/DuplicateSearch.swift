import DataPipeline

/// Finds samples with the same usual input, by hashes and then value by value.
struct DuplicateSearch {
    private let part: PartSurvey
    private let dataset: any Dataset
    private let input: Int
    /// Those that can be read, by their hash, then their number.
    private let sorted: [Int]

    init(_ part: PartSurvey) throws {
        self.part = part
        dataset = part.dataset
        input = try dataset.fieldIndex(dataset.defaultInput)
        let damaged = Set(part.scan.damaged.map(\.index))
        let hashes = part.scan.hashes
        sorted = hashes.indices.filter { !damaged.contains($0) }.sorted { (hashes[$0], $0) < (hashes[$1], $1) }
    }

    /// Samples that are copies of an earlier one, and those that have a twin of another class.
    func within() throws -> (copies: SampleList, contradictions: SampleList) {
        var (copies, contradictions) = ([Int](), [Int]())
        let (hashes, labels) = (part.scan.hashes, part.scan.labels)
        var comparison = Comparison(dataset, dataset)
        var start = 0
        while start < sorted.count {
            let end = sorted[start...].firstIndex { hashes[$0] != hashes[sorted[start]] } ?? sorted.count
            for place in start + 1..<max(end, start + 1) {
                let (first, other) = (sorted[start], sorted[place])
                guard try comparison.isSame(first, other, input: input) else { continue }
                copies.append(other)
                if labels[first] != labels[other] { contradictions.append(other) }
            }
            start = end
        }
        return (SampleList(copies.sorted(), of: dataset), SampleList(contradictions.sorted(), of: dataset))
    }

    /// The samples of `other` that this part has as well, with the first of them here.
    func shared(with other: DuplicateSearch) throws -> [(here: Int, there: Int)] {
        let (own, others) = (part.scan.hashes, other.part.scan.hashes)
        var comparison = Comparison(dataset, other.dataset)
        var result: [(here: Int, there: Int)] = []
        var place = 0
        for there in other.sorted {
            while place < sorted.count, own[sorted[place]] < others[there] { place += 1 }
            guard place < sorted.count, own[sorted[place]] == others[there] else { continue }
            let here = sorted[place]
            if try comparison.isSame(here, there, input: input) { result.append((here, there)) }
        }
        return result.sorted { $0.there < $1.there }
    }

    /// Compares samples value by value: two may have the same hash by chance.
    private struct Comparison {
        private var first, second: SampleReader

        init(_ a: any Dataset, _ b: any Dataset) { (first, second) = (SampleReader(a), SampleReader(b)) }

        mutating func isSame(_ i: Int, _ j: Int, input: Int) throws -> Bool {
            try first.read(i, field: input)
            try second.read(j, field: input)
            return first.withBytes(input) { one in second.withBytes(input) { one.elementsEqual($0) } }
        }
    }
}
