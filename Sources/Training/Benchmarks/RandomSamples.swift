import Autograd
import Kernels
import NeuralNetwork
import TensorCore

/// Random inputs and classes, the same in every step: numbers, or tokens for a model that reads some, and a class for
/// each row of scores.
struct RandomSamples: Sendable {
    private let fields: [FieldDescription]
    private let count: Int
    private let grain: Int
    private let firstGrain: Int
    private let numbers: FlatBuffer
    private let tokens: IntegerMemory
    private let labels: IntegerMemory

    /// - Parameters:
    ///   - rows: the shape of one sample's scores without the classes.
    ///   - firstGrain: the number of the first grain of these samples.
    init(_ model: ZooModel, rows: Shape, count: Int, grain: Int, firstGrain: Int, key: RandomKey) {
        let input = ModelInput(shape: model.inputShape, vocabulary: model.usualVocabulary)
        fields = RandomSamples.fields(input, rows: rows, classes: model.usualClasses)
        self.count = count
        self.grain = grain
        self.firstGrain = firstGrain
        let key = key.folding(.benchmark)
        let inputs = count * input.shape.count
        numbers = FlatBuffer(count: input.vocabulary == nil ? inputs : 0)
        Initializer.normal(1).fill(numbers.pointer, shape: [numbers.count], key: key)
        func draw(_ count: Int, below limit: Int, _ key: RandomKey) -> IntegerMemory {
            IntegerMemory((0..<count).map { Int32(key.integer(at: UInt64($0), below: limit)) })
        }
        tokens = draw(input.vocabulary == nil ? 0 : inputs, below: input.vocabulary ?? 1, key.folding(2))
        labels = draw(count * rows.count, below: model.usualClasses, key.folding(1))
    }

    /// `input` and `label`.
    static func fields(_ input: ModelInput, rows: Shape, classes: Int) -> [FieldDescription] {
        func names(_ count: Int) -> [String] { (0..<count).map(String.init) }
        return [
            FieldDescription(
                name: "input", elementType: input.vocabulary == nil ? .float32 : .int32, shape: input.shape,
                meaning: input.vocabulary.map { .classes(names: names($0)) } ?? .real(names: [])),
            FieldDescription(name: "label", elementType: .int32, shape: rows, meaning: .classes(names: names(classes))),
        ]
    }

    func samples(_ number: Int) -> FieldBatch {
        let first = (number - firstGrain) * grain
        let n = min(grain, count - first)
        return FieldBatch(
            count: n, sampleIDs: Array(first..<first + n),
            memory: zip(fields, [tokens, labels]).map { field, integers in
                let size = field.shape.count
                let elements: FieldMemory.Elements =
                    field.elementType == .int32
                    ? .integers(UnsafePointer(integers.pointer + first * size), capacity: n * size, owner: integers)
                    : .floats(
                        Storage(borrowing: numbers.pointer + first * size, count: n * size, owner: numbers))
                return FieldMemory(field: field, elements: elements)
            })
    }
}

/// Integers that live as long as this object.
///
/// `@unchecked Sendable`: nobody writes them after they have been made.
private final class IntegerMemory: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Int32>

    init(_ values: [Int32]) {
        pointer = .allocate(capacity: max(values.count, 1))
        pointer.initialize(from: values, count: values.count)
    }

    deinit { pointer.deallocate() }
}
