import Autograd
import TensorCore

extension GoldenCase {
    /// Runs `operation` on the case's inputs and compares its value with `y` and all gradients with `grad.…`.
    ///
    /// - Parameters:
    ///   - inputs: the tensors given to the operation, in its order, each with its layout in PyTorch.
    ///   - output: the layout of `y` and `cotangent`.
    ///   - tape: the tape to compute on; needed where the operation reads statistics.
    /// - Throws: `CheckpointError` for a tensor that is missing.
    package func check(
        _ inputs: KeyValuePairs<String, ReferenceLayout>, output: ReferenceLayout = .same,
        on tape: Tape = .withoutParameters(),
        _ operation: ([Variable]) throws -> Variable
    ) throws -> [Comparison] {
        tape.begin(gradients: nil)
        let variables = try inputs.map { tape.input(try tensor($0.key, $0.value, tape.pool)) }
        let y = try operation(variables)
        let expected = output.ours(try file.floats(of: "y"), file.tensor("y")?.shape ?? [])
        var comparisons = [
            Comparison("shape of y", holds: y.shape.dimensions == expected.shape),
            Comparison("y", error: relativeError(y.value.values, expected.values), tolerance: tolerance),
        ]
        guard comparisons[0].isClose else { return comparisons }
        tape.backward(from: y, gradient: try tensor("cotangent", output, tape.pool))
        for (variable, input) in zip(variables, inputs) {
            let name = "grad." + input.key
            guard file.tensor(name) != nil else { continue }
            let reference = input.value.ours(try file.floats(of: name), file.tensor(name)?.shape ?? []).values
            let gradient = tape.gradient(of: variable)?.values ?? []
            comparisons.append(Comparison(name, error: relativeError(gradient, reference), tolerance: tolerance))
        }
        let compared = Set(inputs.map { "grad." + $0.key })
        for tensor in file.tensors where tensor.name.hasPrefix("grad.") && !compared.contains(tensor.name) {
            comparisons.append(Comparison("\(tensor.name) is not computed", holds: false))
        }
        return comparisons
    }

    /// Tensor `name` of the file in our layout.
    package func tensor(_ name: String, _ layout: ReferenceLayout = .same, _ pool: StoragePool) throws -> Tensor {
        let (values, shape) = layout.ours(try file.floats(of: name), file.tensor(name)?.shape ?? [])
        return Tensor(values, Shape(shape), pool: pool)
    }
}

extension Tape {
    /// A tape for operations on inputs alone.
    package static func withoutParameters() -> Tape { Tape(layout: ModelLayout([]), values: FlatBuffer(count: 0)) }
}
