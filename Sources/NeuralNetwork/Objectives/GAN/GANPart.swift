import Autograd
import ConfigurationReading
import TensorCore

/// One of the two models of a GAN: what it makes or judges goes into one of its inputs, and into the others classes of
/// which a sample is to be, or is (Mirza and Osindero, "Conditional generative adversarial nets", 2014).
struct GANPart: Sendable {
    let model: Model
    /// The input of noise, or of samples.
    let own: Int
    /// The inputs of classes, with the fields that say which.
    let conditions: [(input: Int, field: FieldDescription)]

    /// - Parameters:
    ///   - role: what the part is called in errors: the key that names it.
    ///   - takes: the field that the model's own input may be named after; nil for noise, which is no field.
    /// - Throws: `ConfigurationError` where no input, or more than one, is left for noise or samples, and for a field
    ///   that holds no classes.
    init(_ model: Model, role: String, takes: FieldDescription?, name: PlacedName, _ setup: ObjectiveSetup) throws {
        self.model = model
        if model.inputs.count == 1 {
            (own, conditions) = (0, [])
            return
        }
        let what = takes.map { "samples, named '\($0.name)'" } ?? "noise, named as no field"
        let places = model.inputs.indices.filter { index in
            let input = model.inputs[index].name
            if let takes { return input == takes.name }
            return !setup.fields.contains { $0.name == input }
        }
        guard places.count == 1 else {
            throw name.refused(
                because: "\(model.name) has the inputs \(model.inputs.map(\.name).joined(separator: ", ")); of "
                    + "several inputs a \(role) needs just one of \(what), and the others are fields of classes.")
        }
        own = places[0]
        conditions = try model.inputs.indices.filter { $0 != places[0] }.map { index in
            let input = model.inputs[index]
            let field = try setup.field(input.place ?? PlacedName(input.name))
            guard field.meaning.choiceCount != nil, field.shape.count == 1, field.elementType == .int32 else {
                throw (input.place ?? name).refused(
                    because: "'\(field.name)' is no class of a sample, and a \(role) makes or judges samples of "
                        + "classes; take the input away.")
            }
            guard input.shape == [1] else {
                throw (input.place ?? name).refused(because: "\(input.shape) is not the shape of a class; give [1].")
            }
            return (index, field)
        }
    }

    /// The shape of noise or samples.
    var shape: Shape { model.inputs[own].shape }

    /// The model's output [n, …] for noise or samples [n, …].
    ///
    /// - Parameter classes: numbers of a field's classes [n, 1], or [n].
    func callAsFunction(_ values: Variable, _ classes: (FieldDescription) -> Variable, mode: Mode) -> Variable {
        var inputs = [Variable](repeating: values, count: model.inputs.count)
        for (input, field) in conditions { inputs[input] = classes(field) }
        return model(inputs, mode: mode)
    }
}

/// Which classes samples are of.
enum GANClasses {
    /// Those of the batch's samples.
    case ofBatch(GrainContext)
    /// Sample i of all those that may be asked for is of class i mod their count: as many of each.
    case ofNumbers([Int], Tape)

    func callAsFunction(_ field: FieldDescription) -> Variable {
        switch self {
        case .ofBatch(let context):
            return context.tape.constant(context.batch.input(field.name, pool: context.tape.pool))
        case .ofNumbers(let numbers, let tape):
            let count = max(field.meaning.choiceCount ?? 1, 1)
            let classes = Tensor([numbers.count, 1], pool: tape.pool)
            for (row, number) in numbers.enumerated() { classes.pointer[row] = Float(number % count) }
            return tape.constant(classes)
        }
    }
}
