import Autograd
import TensorCore

/// A loss of one score for two classes: c is −1 for the first of them and 1 for the second, or the target's own number.
protocol SignedLoss: Loss {
    /// Σ over samples of the mean over a sample's values.
    ///
    /// - Parameter signs: c, of the output's shape.
    func loss(_ output: Variable, _ signs: Variable) -> Variable
}

extension SignedLoss {
    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable {
        loss(output, signs(target, like: output))
    }

    package func count(of output: Shape) -> Int { output[0] }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        guard let classes = target.meaning.choiceCount else {
            return elementwiseProblem(output: output, target: target)
        }
        guard classes == 2 else {
            return "it tells two classes apart, and \(target.name) has \(classes); use crossEntropy or maxMargin"
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
