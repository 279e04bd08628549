import Autograd
import ConfigurationReading
import TensorCore

/// What training minimises on one output: a sum over what it counts.
///
/// A new loss is one file: its keys (a ``LossEntry`` in ``lossCatalogue``), its check and the call of its operation.
package protocol Loss: Equatable, Sendable {
    /// The name in configurations, for example `mse`.
    var name: String { get }

    /// Σ over everything counted, a scalar.
    ///
    /// - Parameter output: [N, …].
    func callAsFunction(_ output: Variable, _ target: Target) -> Variable

    /// What an output says that the target is, where it is not that itself: probabilities of logits.
    func estimate(_ output: Variable) -> Variable

    /// What several networks together say, each in an output of its own: the output whose estimate is the mean of
    /// their estimates. A constant.
    func average(_ outputs: [Variable]) -> Variable

    /// How many things of an output of this shape, [N, …], are counted: samples, or positions.
    func count(of output: Shape) -> Int

    /// Why the loss can't compare such an output with such a field; nil where it can.
    ///
    /// - Parameter output: the shape of one sample's output.
    func problem(output: Shape, target: FieldDescription) -> String?
}

extension Loss {
    package func isEqual(to other: any Loss) -> Bool { (other as? Self) == self }
    package func estimate(_ output: Variable) -> Variable { output }
    package func average(_ outputs: [Variable]) -> Variable { Autograd.average(outputs) }
}

package typealias LossEntry = CatalogueEntry<any Loss>

/// Every loss that a configuration can name, a line each.
let lossCatalogue: [LossEntry] =
    [
        CrossEntropyLoss.entry,
        MeanSquaredErrorLoss.entry,
        BinaryCrossEntropyLoss.entry,
        AbsoluteErrorLoss.entry,
        HingeLoss.entry,
        LogLoss.entry,
        MaxMarginLoss.entry,
    ] + SquareSumLoss.entries

/// Whether an output has one score for each two classes: the second of them where it is above 0, else the first.
func hasOneScoreForTwoClasses(output: Shape, target: FieldDescription) -> Bool {
    target.meaning.choiceCount == 2 && target.shape.count == output.count
}

/// Why a field's values can't be compared one by one with an output; nil where they can: as many numbers, or classes of
/// which each has an output.
func elementwiseProblem(output: Shape, target: FieldDescription) -> String? {
    if let classes = target.meaning.choiceCount {
        return target.shape.count * classes == output.count
            ? nil : "\(target.name) has \(classes) classes, but the output is \(output); make it [\(classes)]"
    }
    return target.shape.count == output.count
        ? nil : "\(target.name) is \(target.shape), but the output is \(output); make both equally large"
}
