import Foundation
import TensorCore
import Testing

struct FieldTests {
    static let fields = [
        FieldDescription(
            name: "image", elementType: .float32, shape: [28, 28, 1], meaning: .pixels(scale: 255, background: 7)),
        FieldDescription(
            name: "x", elementType: .float32, shape: [6, 2], variableAxis: 0, meaning: .real(names: ["a", "b"])),
        FieldDescription(name: "label", elementType: .int32, shape: [], meaning: .classes(names: ["no", "yes"])),
        FieldDescription(name: "words", elementType: .int32, shape: [5], meaning: .tokens(vocabulary: ["a", "\n"])),
        FieldDescription(name: "node", elementType: .int32, shape: [], meaning: .identifiers),
    ]

    @Test("declarations survive being stored")
    func codable() throws {
        let stored = try JSONEncoder().encode(Self.fields)
        #expect(try JSONDecoder().decode([FieldDescription].self, from: stored) == Self.fields)
    }

    @Test("a stored shape that cannot be is refused", arguments: ["[1,2,3,4,5,6,7]", "[-1]", "3"])
    func badShape(text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Shape.self, from: Data(text.utf8)) }
    }

    @Test("only a varying field has a length field")
    func lengths() {
        #expect(Self.fields.map { $0.lengthField?.name } == [nil, "x.length", nil, nil, nil])
        #expect(Self.fields.map(\.meaning.choiceCount) == [nil, nil, 2, 2, nil])
    }

    @Test("a batch shows its fields with the number of its samples and the extent of its longest")
    func batch() {
        let pool = StoragePool()
        let floats = pool.storage(count: 24)
        for index in 0..<24 { floats.pointer[index] = Float(index) }
        let numbers: [Int32] = [3, 1 << 24]
        numbers.withUnsafeBufferPointer { numbers in
            guard let base = numbers.baseAddress else { return }
            let batch = FieldBatch(
                count: 2, sampleIDs: [8, 9], lanes: 4..<6, isStartOfSequence: true,
                memory: [
                    FieldMemory(field: Self.fields[1], elements: .floats(floats), variableExtent: 3),
                    FieldMemory(field: Self.fields[2], elements: .integers(base, capacity: 2, owner: nil)),
                ])
            #expect(batch.floats("x").shape == [2, 3, 2] && batch.floats("x").values == (0..<12).map(Float.init))
            #expect(batch.integers("label").shape == [2] && batch.integers("label").values == [3, 1 << 24])
            #expect(batch.input("label", pool: pool).values == [3, 16_777_216])
            #expect(batch.field("label") == Self.fields[2] && batch.field("other") == nil)
            #expect(batch.fields.map(\.name) == ["x", "label"] && batch.lanes == 4..<6)
        }
    }
}
