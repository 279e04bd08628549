import Autograd
import TensorCore

/// What every differentiable operation promises, checked on one choice of inputs.
///
/// - The value is that of the double-precision reference.
/// - The gradients are the reference's, by central differences.
/// - Inputs and the output's gradient are not written to.
/// - A value that is used twice gets the sum of both gradients.
/// - Constants get no gradient, and the other gradients do not depend on who is constant.
/// - Gradients of parameters overwrite what is in the flat memory.
/// - Recycled memory is not read: the pool begins with NaN in it.
package struct OperationContract: Sendable, CustomStringConvertible {
    /// An input's shape and what its values are drawn from.
    package struct Input: Sendable {
        let shape: [Int]
        let domain: TestDomain

        package init(_ shape: [Int], _ domain: TestDomain = .standard) {
            self.shape = shape
            self.domain = domain
        }
    }

    package typealias Operation = @Sendable (_ inputs: [Variable], _ statistics: [Parameter]) -> Variable

    package let description: String
    /// Relative to the largest value of a tensor; see ``relativeError(_:_:)``.
    package private(set) var tolerance: Double
    let inputs: [Input]
    let statistics: [[Float]]
    let operation: Operation
    let reference: @Sendable ([DoubleTensor]) -> DoubleTensor

    /// - Parameters:
    ///   - tolerance: the default is some ten roundings of single precision (6·10⁻⁸ each) with the growth of short
    ///     sums.
    ///   - statistics: values of the running statistics that the operation reads.
    package init(
        _ name: String, _ inputs: [Input], tolerance: Double = 2e-6, statistics: [[Float]],
        reference: @escaping @Sendable ([DoubleTensor]) -> DoubleTensor, _ operation: @escaping Operation
    ) {
        description = name + " " + inputs.map { "\($0.shape)" }.joined(separator: " ")
        self.inputs = inputs
        self.tolerance = tolerance
        self.statistics = statistics
        self.operation = operation
        self.reference = reference
    }

    /// An operation without statistics.
    package init(
        _ name: String, _ inputs: [Input], tolerance: Double = 2e-6,
        reference: @escaping @Sendable ([DoubleTensor]) -> DoubleTensor,
        _ operation: @escaping @Sendable ([Variable]) -> Variable
    ) {
        self.init(name, inputs, tolerance: tolerance, statistics: [], reference: reference) { variables, _ in
            operation(variables)
        }
    }

    /// The same contract with another tolerance.
    package func within(_ tolerance: Double) -> OperationContract {
        var contract = self
        contract.tolerance = tolerance
        return contract
    }

    /// All comparisons of the contract; a test expects that none fails.
    ///
    /// - Parameter rounding: what happens to inputs and to the output's gradient first.
    package func check(rounding: (Float) -> Float = { $0 }) -> [Comparison] {
        var numbers = TestNumbers(seed: 1)
        let values = inputs.map { numbers.floats($0.shape.reduce(1, *), $0.domain).map(rounding) }
        let doubles = zip(values, inputs).map { DoubleTensor($0, $1.shape) }
        let expected = reference(doubles)
        let cotangent = numbers.floats(expected.count).map(rounding)
        let run = OperationRun(contract: self, values: values, cotangent: cotangent)
        let first = run.gradients(needing: Set(inputs.indices))
        guard first.shape == expected.shape else {
            return [Comparison("shape \(first.shape) instead of \(expected.shape)", holds: false)]
        }
        let numerical = NumericalGradient(of: reference, at: doubles, cotangent: cotangent.map(Double.init))
        return [
            Comparison("value", error: relativeError(first.value, expected.values), tolerance: tolerance),
            Comparison("inputs and cotangent are unchanged", holds: first.leavesInputsUnchanged),
            Comparison("needs no gradient when no input does", holds: !run.gradients(needing: []).needsGradient),
        ] + compare(first.gradients, with: numerical, &numbers) + compareUses(run, with: first)
    }

    /// Each gradient against numerical derivatives: element by element up to 200 elements (or 100 spread ones of more),
    /// and along a random direction.
    private func compare(
        _ gradients: [[Float]?], with numerical: NumericalGradient, _ numbers: inout TestNumbers
    ) -> [Comparison] {
        gradients.indices.flatMap { input -> [Comparison] in
            let count = inputs[input].shape.reduce(1, *)
            guard let gradient = gradients[input], gradient.count == count else {
                return [Comparison("gradient \(input) exists", holds: false)]
            }
            if count == 0 { return [] }
            let elements = count <= 200 ? Array(0..<count) : (0..<100).map { $0 * 7919 % count }
            let derivatives = elements.map { numerical.derivative(input: input, element: $0) }
            // Elements that cancel have the error of their terms, so the scale is that of the whole gradient.
            let scale = max(derivatives.map(abs).max() ?? 0, 1e-30)
            let error = zip(elements, derivatives).map { abs(Double(gradient[$0]) - $1) / scale }.reduce(0) {
                $1 <= $0 ? $0 : $1
            }
            let direction = (0..<count).map { _ in numbers.word() & 1 == 0 ? 1.0 : -1 }
            let slope = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
            let difference =
                abs(slope - numerical.derivative(input: input, direction: direction)) / (scale * Double(count))
            return [
                Comparison("gradient \(input)", error: error, tolerance: tolerance),
                Comparison("gradient \(input) along a direction", error: difference, tolerance: tolerance),
            ]
        }
    }

    /// The gradients when an input is used twice, when the others are constant, and when inputs are parameters.
    private func compareUses(_ run: OperationRun, with first: OperationRun.Result) -> [Comparison] {
        let twice = run.gradients(needing: Set(inputs.indices), uses: 2)
        let asParameters = run.parameterGradients()
        return inputs.indices.flatMap { input -> [Comparison] in
            let gradient = (first.gradients[input] ?? []).map(Double.init)
            let alone = run.gradients(needing: [input])
            return [
                Comparison(
                    "gradient \(input), used twice",
                    error: relativeError(twice.gradients[input] ?? [], gradient.map { 2 * $0 }),
                    tolerance: tolerance),
                Comparison(
                    "gradient \(input), others constant", error: relativeError(alone.gradients[input] ?? [], gradient),
                    tolerance: tolerance),
                Comparison(
                    "no other gradient than \(input)",
                    holds: alone.gradients.indices.allSatisfy { $0 == input || alone.gradients[$0] == nil }),
                Comparison(
                    "gradient \(input), as a parameter", error: relativeError(asParameters[input], gradient),
                    tolerance: tolerance),
            ]
        }
    }
}
