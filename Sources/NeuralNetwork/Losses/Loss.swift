import Autograd
import ConfigurationReading
import TensorCore

/// What training minimises on one output: a sum over what it counts.
///
/// A new loss is one file: its keys (a ``LossEntry`` in ``lossCatalogue``), its check and the call of its operation.
package protocol Loss: Equatable, Sendable {
    /// The name in configurations, for example `mse`.
    var name: String { get }

    /// Σ w · loss over everything counted, a scalar.
    func callAsFunction(_ input: LossInput) -> Variable

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

    // MARK: - What most losses leave as it is

    /// What the numbers that it compares say of classes.
    var scores: ClassScores { get }
    /// Whether it compares the output itself, or the scores that the output's last layer reads.
    func reading(_ end: OutputEnd) -> LossReading
    /// The loss where ``reading(_:)`` says that it compares the scores.
    var ofScores: any Loss { get }
    /// What the numbers of a target must be, beside its shape; nil where any will do.
    func rule(for target: FieldDescription) -> TargetRule.Numbers?
    /// Whether a target of numbers may be a distribution over classes.
    var takesDistributions: Bool { get }
    /// Whether it compares shares of classes, one-hot vectors of mixed samples, as well as a class.
    var takesSharesOfClasses: Bool { get }
    /// How much each class counts; nil where all count alike.
    var classWeights: ClassWeights? { get }
    /// The loss with a number for each class in the place of ``classWeights``.
    func weighing(_ classes: [Float]) -> any Loss
    /// Σ w of everything counted: what the sum is divided by to be a mean.
    func weight(_ input: LossInput) -> Double
    /// Whether there is something to compare the output with.
    var needsTarget: Bool { get }
    /// Outputs that it reads beside the one whose loss it is.
    var others: [PlacedName] { get }
    /// Why the loss can't read ``others`` of these shapes beside the output; nil where it can.
    func problem(output: Shape, others: [Shape]) -> String?
}

extension Loss {
    package func isEqual(to other: any Loss) -> Bool { (other as? Self) == self }
    package func callAsFunction(_ output: Variable, _ target: Target) -> Variable { self(LossInput(output, target)) }

    package func estimate(_ output: Variable) -> Variable { output }
    package func average(_ outputs: [Variable]) -> Variable { Autograd.average(outputs) }
    package var scores: ClassScores { .scores }
    package func reading(_ end: OutputEnd) -> LossReading { .output }
    package var ofScores: any Loss { self }
    package func rule(for target: FieldDescription) -> TargetRule.Numbers? { nil }
    package var takesDistributions: Bool { false }
    package var takesSharesOfClasses: Bool { takesDistributions }
    package var classWeights: ClassWeights? { nil }
    package func weighing(_ classes: [Float]) -> any Loss { self }
    package func weight(_ input: LossInput) -> Double {
        let count = count(of: input.output.shape)
        guard let weights = input.weights else { return Double(count) }
        let sum = weights.values.reduce(0.0) { $0 + Double($1) }
        return sum * Double(count) / Double(max(weights.count, 1))
    }
    package var needsTarget: Bool { true }
    package var others: [PlacedName] { [] }
    package func problem(output: Shape, others: [Shape]) -> String? { nil }
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
        PerceptronLoss.entry,
        AdalineLoss.entry,
    ] + SquareSumLoss.entries + [GaussianKLLoss.entry]

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

/// How a loss of scores reads an output: the scores themselves, before the layer whose function its formula has.
///
/// - Parameter links: the last layers that fit the loss.
func readingScores(_ end: OutputEnd, of name: String, through links: [OutputEnd.Link]) -> LossReading {
    guard let link = end.link else { return .output }
    if links.contains(link) { return .scores }
    let better = link == .sigmoid ? "binaryCrossEntropy" : "crossEntropy"
    return .refused(
        "the output ends in \(link.rawValue), and \(name) compares scores of any size; take the layer away, put "
            + "\(links[0].rawValue) there, or use \(better)")
}
