import DataParallel
import DataPipeline
import Synchronization
import TensorCore

/// What a part of a data set is found to hold.
package struct PartSurvey: Encodable {
    /// `training`, `validation` or `test`.
    package let part: String
    package let samples: Int
    package let fields: [FieldSurvey]
    /// Samples that are copies of others before them, by the usual input alone.
    package internal(set) var copies: SampleList
    /// Samples with the same input as another one of another class.
    package internal(set) var contradictions: SampleList
    /// Samples whose input is one number everywhere.
    package let constant: SampleList
    /// Samples that can't be read, with what is wrong.
    package let damaged: [DamagedSample]
    package let damagedCount: Int

    let dataset: any Dataset
    let scan: SampleScan

    package struct DamagedSample: Encodable {
        package let sample: String
        package let problem: String
    }

    private enum CodingKeys: CodingKey {
        case part, samples, fields, copies, contradictions, constant, damaged, damagedCount
    }

    /// Reads every sample, on some threads; the figures have the same bits for any number of them.
    ///
    /// - Throws: `SystemError`.
    init(_ part: String, _ dataset: any Dataset, threads: Int) throws {
        self.part = part
        self.dataset = dataset
        samples = dataset.count
        let scan = try PartSurvey.scan(dataset, threads: threads)
        self.scan = scan
        let shifts = PartSurvey.shifts(dataset)
        fields = dataset.fields.enumerated().map { FieldSurvey($1, scan, place: $0, shifts: shifts[$0] ?? []) }
        copies = SampleList()
        contradictions = SampleList()
        constant = SampleList(scan.constant, of: dataset)
        damagedCount = scan.damaged.count
        damaged = scan.damaged.prefix(SampleList.shown).map {
            DamagedSample(sample: sampleName($0.index, of: dataset), problem: $0.problem)
        }
        (copies, contradictions) = try DuplicateSearch(self).within()
    }

    private static func scan(_ dataset: any Dataset, threads: Int) throws -> SampleScan {
        // So many parts whatever the threads, for the same sums.
        let parts = min(64, max(dataset.count, 1))
        let shifts = shifts(dataset)
        let next = Atomic(0)
        let results = Mutex<[Int: SampleScan]>([:])
        let pool = WorkerPool(count: min(threads, parts), busyWaits: false)
        defer { pool.stop() }
        try pool.run { _ in
            while true {
                let part = next.add(1, ordering: .relaxed).oldValue
                guard part < parts else { return }
                let range = part * dataset.count / parts..<(part + 1) * dataset.count / parts
                let scan = SampleScan(dataset, range, shifts: shifts)
                results.withLock { $0[part] = scan }
            }
        }
        return results.withLock { results in
            (0..<parts).reduce(into: SampleScan()) { whole, part in results[part].map { whole.add($0) } }
        }
    }

    /// Near what the numbers of each channel are, so that their squares lose nothing: those of the first sample that
    /// can be read.
    private static func shifts(_ dataset: any Dataset) -> [Int: [Double]] {
        var reader = SampleReader(dataset)
        var isRead = false
        for index in 0..<min(dataset.count, 100) where !isRead {
            do {
                try reader.read(index)
                isRead = true
            } catch {
                // The scan tells of it.
            }
        }
        var result: [Int: [Double]] = [:]
        for (place, field) in dataset.fields.enumerated() where field.elementType == .float32 {
            result[place] = (0..<field.channels).map { channel in
                guard isRead, channel < reader.counts[place] else { return 0 }
                let value = reader.floats[place][channel]
                return value.isFinite ? Double(value) : 0
            }
        }
        return result
    }
}

/// Some samples of a part: how many, and the first of them by name.
package struct SampleList: Encodable {
    static let shown = 8
    package internal(set) var count = 0
    package internal(set) var examples: [String] = []

    init() {}

    init(_ indices: [Int], of dataset: any Dataset) {
        count = indices.count
        examples = indices.prefix(SampleList.shown).map { sampleName($0, of: dataset) }
    }
}

/// What a sample is called: where it comes from, else its number.
func sampleName(_ index: Int, of dataset: any Dataset) -> String {
    dataset.source.origin(of: dataset.sourceIndex(of: index)) ?? "\(dataset.sampleID(of: index))"
}
