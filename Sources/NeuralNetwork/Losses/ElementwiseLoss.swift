import TensorCore

/// A loss that compares each value of the output with one of the target; against a class, with its one-hot vector.
protocol ElementwiseLoss: Loss {}

extension ElementwiseLoss {
    package var takesSharesOfClasses: Bool { true }
    package func count(of output: Shape) -> Int { output[0] }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        elementwiseProblem(output: output, target: target)
    }
}
