import Autograd
import ConfigurationReading
import TensorCore

/// Σ over samples of the mean of max(0, m − c x) over a sample's values; c is −1 for the first of two classes and 1 for
/// the second, or the target's own number.
package struct HingeLoss: Loss {
    /// m: how far beyond 0, on its class's side, an output has to be to cost nothing.
    package let margin: Float

    package init(margin: Float = 1) { self.margin = margin }

    static let entry = LossEntry(
        "hinge",
        "max(0, margin − c · output), one output for two classes: c is −1 for the first and 1 for the second; a target "
            + "of numbers holds c itself."
    ) { reader in
        HingeLoss(
            margin: Float(
                reader.value("margin", .number(above: 0), default: 1, "From which output on a sample costs nothing.")))
    }

    package var name: String { "hinge" }

    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable {
        hinge(output, signs(target, like: output), margin: margin)
    }

    package func count(of output: Shape) -> Int { output[0] }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        guard let classes = target.meaning.choiceCount else {
            return elementwiseProblem(output: output, target: target)
        }
        guard classes == 2 else {
            return "it tells two classes apart, and \(target.name) has \(classes); use crossEntropy"
        }
        return hasOneScoreForTwoClasses(output: output, target: target)
            ? nil
            : "it takes one output for the two classes of \(target.name), but the output is \(output); "
                + "make it [\(target.shape.count)]"
    }

    /// c, of the output's shape.
    private func signs(_ target: Target, like output: Variable) -> Variable {
        guard case .classes(let classes) = target else { return target.values(like: output) }
        let result = Tensor(output.shape, pool: output.tape.pool)
        for (place, label) in classes.enumerated() { result.pointer[place] = label == 1 ? 1 : -1 }
        return output.tape.constant(result)
    }
}
