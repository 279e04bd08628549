import Autograd
import TensorCore

/// The values of a generating model's other inputs, as somebody gives them by name.
struct GivenConditions {
    /// [1, …] each, in the order of the model's conditions.
    private(set) var values: [Tensor] = []
    /// Of sequences, how many steps they have.
    private(set) var lengths: [SequenceLengths?] = []

    /// - Throws: `GenerationError` where one is unknown, missing, twice there or no class or words.
    init(
        _ conditions: [(field: FieldDescription, shape: Shape)], _ given: [(field: String, value: String)],
        path: String, _ pool: StoragePool
    ) throws(GenerationError) {
        let known = conditions.map(\.field.name)
        for (index, item) in given.enumerated() {
            guard known.contains(item.field) else { throw .unknownCondition(name: item.field, known: known) }
            if given[..<index].contains(where: { $0.field == item.field }) { throw .conditionTwice(name: item.field) }
        }
        for (field, _) in conditions {
            switch field.meaning {
            case .classes where field.shape.count == 1: continue
            case .tokens where field.shape.rank == 1 && field.variableAxis == 0: continue
            default: throw .unsayableCondition(path: path, field: field.name)
            }
        }
        let missing = known.filter { name in !given.contains { $0.field == name } }
        guard missing.isEmpty else { throw .missingConditions(names: missing) }
        for (field, shape) in conditions {
            let text = given.first { $0.field == field.name }?.value ?? ""
            if case .tokens = field.meaning {
                let tokens = try AnswerSink.tokens(text, of: field)
                values.append(Tensor(tokens.map { Float($0) }, [1, tokens.count], pool: pool))
                lengths.append(SequenceLengths([tokens.count]))
                continue
            }
            let names = field.meaning.choiceNames
            guard let choice = names.firstIndex(of: text) else {
                throw .unknownClass(field: field.name, name: text, known: names)
            }
            let value = Tensor(shape.batched(1), pool: pool)
            value.fill(Float(choice))
            values.append(value)
            lengths.append(nil)
        }
    }
}
