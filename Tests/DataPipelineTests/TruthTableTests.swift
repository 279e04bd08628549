import DataPipeline
import TensorCore
import Testing

struct TruthTableTests {
    @Test(
        "the four cases have the function's values",
        arguments: [
            (.and, [0, 0, 0, 1]), (.or, [0, 1, 1, 1]), (.nand, [1, 1, 1, 0]), (.nor, [1, 0, 0, 0]),
            (.xor, [0, 1, 1, 0]),
        ] as [(TruthTable.Function, [Int32])])
    func cases(function: TruthTable.Function, labels: [Int32]) throws {
        for split in DatasetSplit.allCases {
            let dataset = TruthTable(function: function).open(split, path: nil, imports: [:])
            #expect(try (0..<4).map { try dataset.label($0) } == labels)
            #expect(try (0..<4).map { try dataset.values($0) } == [[0, 0], [1, 0], [0, 1], [1, 1]])
            #expect(TruthTable(function: function).knownFields == dataset.fields)
        }
    }

    @Test("each function and part is another data set")
    func fingerprints() {
        var all: Set<UInt64> = []
        for function in TruthTable.Function.allCases {
            for split in DatasetSplit.allCases {
                let dataset: any Dataset = TruthTable(function: function).open(split, path: nil, imports: [:])
                all.insert(dataset.fingerprint)
            }
        }
        #expect(all.count == 10)
    }
}
