import Autograd
import TensorCore

/// A loss of one score for two classes: c is −1 for the first of them and 1 for the second, or the target's own number.
protocol SignedLoss: Loss {
    /// Σ over samples of the mean over a sample's values.
    ///
    /// - Parameters:
    ///   - signs: c, of the output's shape.
    ///   - weights: of the samples; nil for 1.
    func loss(_ output: Variable, _ signs: Variable, weights: Tensor?) -> Variable
}

extension SignedLoss {
    package func callAsFunction(_ input: LossInput) -> Variable {
        loss(input.output, signs(input.target, like: input.output), weights: input.weights)
    }

    package func reading(_ end: OutputEnd) -> LossReading { readingScores(end, of: name, through: [.sigmoid]) }

    package func rule(for target: FieldDescription) -> TargetRule.Numbers? {
        target.meaning.choiceCount == nil ? .signs : nil
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
