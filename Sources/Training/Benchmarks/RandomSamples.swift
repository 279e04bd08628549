import Autograd
import Kernels
import NeuralNetwork
import TensorCore

/// Random samples, the same in every step: numbers for what models get, shares for other numbers, one of the choices
/// for classes and tokens, and the full length where lengths vary.
struct RandomSamples: Sendable {
    private let training: MeasuredTraining
    private let held: Int
    private let firstGrain: Int
    private let memory: [Elements]

    private enum Elements: Sendable {
        case numbers(FlatBuffer)
        case integers(IntegerMemory)
    }

    /// - Parameter grains: those of the step that one rank computes; the samples of at most ``mostGrains`` are made,
    ///   and stand for the others, too.
    init(_ training: MeasuredTraining, grains: Range<Int>, key: RandomKey) {
        self.training = training
        held = max(1, min(grains.count, RandomSamples.mostGrains))
        firstGrain = grains.lowerBound
        let key = key.folding(.benchmark)
        let inputs = training.phase.objective.inputFields
        let (count, lengths) = (held * training.grain, RandomSamples.lengths(of: training.fields))
        memory = training.fields.enumerated().map { place, field in
            let key = key.folding(place)
            let size = count * field.shape.count
            switch field.elementType {
            case .float32:
                let numbers = FlatBuffer(count: size)
                let initializer: Initializer = inputs.contains(field.name) ? .normal(1) : .uniform(below: 1)
                initializer.fill(numbers.pointer, shape: [size], key: key)
                return .numbers(numbers)
            case .int32:
                if let length = lengths[field.name] {
                    return .integers(IntegerMemory(Array(repeating: Int32(length), count: size)))
                }
                let choices = field.meaning.choiceCount ?? 1
                return .integers(
                    IntegerMemory((0..<size).map { Int32(key.integer(at: UInt64($0), below: choices)) }))
            }
        }
    }

    /// Grains whose samples are held at most.
    private static let mostGrains = 64

    /// The fields that carry lengths, and the longest.
    private static func lengths(of fields: [FieldDescription]) -> [String: Int] {
        var result: [String: Int] = [:]
        for field in fields where field.variableAxis != nil { result[field.lengthName] = field.shape[0] }
        return result
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
        let first = (number - firstGrain) % held * training.grain
        let n = training.samples(ofGrain: number)
        let lanes = number * training.grain..<number * training.grain + n
        return FieldBatch(
            count: n, sampleIDs: Array(first..<first + n), lanes: training.isSequence ? lanes : nil,
            memory: zip(training.fields, memory).map { field, elements in
                let size = field.shape.count
                let own: FieldMemory.Elements =
                    switch elements {
                    case .integers(let integers):
                        .integers(
                            UnsafePointer(integers.pointer + first * size), capacity: n * size, owner: integers)
                    case .numbers(let numbers):
                        .floats(Storage(borrowing: numbers.pointer + first * size, count: n * size, owner: numbers))
                    }
                return FieldMemory(
                    field: field, elements: own, variableExtent: field.variableAxis.map { field.shape[$0] })
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
