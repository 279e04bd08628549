import DataPipeline
import Kernels
import TensorCore
import Testing

/// Sample i has i mod 5 rows of `sequence`, value 100·i + row + 1 in both columns, and as many `words`.
private struct Sequences: Dataset {
    let name = "sequences"
    let count = 11
    let fields = [
        FieldDescription(
            name: "sequence", elementType: .float32, shape: [6, 2], variableAxis: 0, meaning: .real(names: ["a", "b"])),
        FieldDescription(name: "words", elementType: .int32, shape: [6], variableAxis: 0, meaning: .identifiers),
        FieldDescription(name: "label", elementType: .int32, shape: [], meaning: .classes(names: ["no", "yes"])),
    ]
    let defaultInput = "sequence"
    let defaultTarget: String? = "label"
    let fingerprint: UInt64 = 0

    func length(of index: Int, field: Int) -> Int { index % 5 }
    func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(buffer.count == 2 * length(of: index, field: field))
        for place in buffer.indices { buffer[place] = Float(100 * index + place / 2 + 1) }
    }
    func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        for place in buffer.indices { buffer[place] = Int32(100 * index + place + 1) }
    }
}

struct VariableFieldTests {
    private func source(grain: Int, _ preprocessing: [FieldPreprocessing] = []) throws -> BatchSource {
        try BatchSource(
            dataset: Sequences(), plan: EvaluationPlan(sampleCount: 11, grainSize: grain),
            fields: ["words", "sequence", "label"], preprocessing: preprocessing, key: RandomKey(seed: 1))
    }

    @Test("a batch is as long as its longest sample, lengths stand beside it, and the rest is zero")
    func pads() throws {
        let reader = BatchReader(try source(grain: 3))
        for grain in [1, 0, 3, 1] {  // The memory of a longer batch serves a shorter one.
            let batch = try reader.read(step: 0, grain: grain).fields
            let lengths = batch.sampleIDs.map { $0 % 5 }
            let longest = lengths.max() ?? 0
            #expect(batch.fields.map(\.name) == ["words", "words.length", "sequence", "sequence.length", "label"])
            #expect(batch.floats("sequence").shape == [batch.count, longest, 2])
            #expect(batch.integers("words").shape == [batch.count, longest])
            #expect(batch.integers("sequence.length").values == lengths.map(Int32.init))
            #expect(batch.integers("words.length").values == lengths.map(Int32.init))
            let rows = zip(batch.sampleIDs, lengths).map { id, length in
                (0..<longest).map { $0 < length ? Float(100 * id + $0 + 1) : 0 }
            }
            #expect(batch.floats("sequence").values == rows.flatMap { $0.flatMap { [$0, $0] } })
            #expect(batch.integers("words").values == rows.flatMap { $0.map { Int32($0) } })
        }
    }

    @Test("preprocessing leaves the padding zero, and statistics do not count it")
    func preprocesses() throws {
        let statistics = try ChannelStatistics(scanningReal: 0, of: Sequences())
        let values = (0..<11).flatMap { index in (0..<index % 5).map { Double(100 * index + $0 + 1) } }
        let mean = values.reduce(0, +) / Double(values.count)
        #expect(statistics.mean.allSatisfy { abs($0 - mean) < 1e-9 })
        let factors = try #require(
            try Preprocessing.standardize.applied(to: Sequences().fields[0], statistics: statistics))
        let batch = try BatchReader(try source(grain: 5, [factors])).read(step: 0, grain: 0).fields
        let sequence = batch.floats("sequence").values
        #expect(Array(sequence[0..<8]) == Array(repeating: 0, count: 8))
        #expect(sequence[8] == 101 * factors.scale[0] + factors.shift[0] && sequence[10] == 0)
    }

    @Test("what a sample holds does not depend on the grain that it comes in")
    func isPure() throws {
        func samples(_ grain: Int, _ threads: Int) throws -> [[Float]] {
            try everyBatch(try source(grain: grain), threads: threads) { batch -> [[Float]] in
                let (tensor, lengths) = (
                    batch.fields.floats("sequence"), batch.fields.integers("sequence.length").values
                )
                let size = tensor.shape[1] * tensor.shape[2]
                return lengths.enumerated().map { Array(tensor.values[$0 * size..<$0 * size + 2 * Int($1)]) }
            }.flatMap { $0 }
        }
        #expect(try samples(1, 0) == samples(4, 2))
    }
}
