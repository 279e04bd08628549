import Autograd
import Kernels
import NeuralNetwork
import TensorCore

/// The samples that one grain computes with.
package struct Samples {
    /// [n, sample shape…]
    package var inputs: Tensor
    /// The class of each sample; empty when the target is a vector.
    package var labels: [Int32]
    /// [n, values]; nil when the target is a class.
    package var targets: Tensor?
    /// The data set's numbers of the samples, for messages.
    package var identities: [Int]

    package init(inputs: Tensor, labels: [Int32], targets: Tensor? = nil, identities: [Int] = []) {
        self.inputs = inputs
        self.labels = labels
        self.targets = targets
        self.identities = identities
    }
}

/// Sums over samples that are reported beside the gradients.
package struct Tally: Equatable, Sendable {
    package var loss: Double
    package var samples: Double
    /// Samples whose prediction is right; meaningless unless the objective classifies.
    package var correct: Double

    package init(loss: Double = 0, samples: Double = 0, correct: Double = 0) {
        self.loss = loss
        self.samples = samples
        self.correct = correct
    }

    package static func += (a: inout Tally, b: Tally) {
        a.loss += b.loss
        a.samples += b.samples
        a.correct += b.correct
    }

    package var meanLoss: Double { loss / samples }
    package var accuracy: Double { correct / samples }
}

/// What a grain computes: a pure function of the model, the samples and the mode, to a scalar loss summed over the
/// samples.
///
/// The loop knows nothing of classification; a new kind of training is a new objective.
package protocol Objective: Sendable {
    /// Whether `Tally.correct` means something.
    var hasAccuracy: Bool { get }
    func callAsFunction(_ model: Model, _ samples: Samples, on tape: Tape, mode: Mode) -> (loss: Variable, tally: Tally)
}

/// Learning from labelled samples: the model's output against each sample's class or target vector.
package struct SupervisedObjective: Objective {
    /// The loss that compares outputs with targets.
    package enum Loss: Equatable, Sendable {
        /// Softmax and cross-entropy from logits, against a class.
        case crossEntropy(labelSmoothing: Float)
        /// Mean of squares over a sample's values; against a class, its one-hot vector.
        case meanSquaredError
        /// Binary cross-entropy of probabilities, or of logits; against a class, its one-hot vector.
        case binaryCrossEntropy(fromLogits: Bool)
    }

    package let loss: Loss
    package let hasAccuracy: Bool

    /// - Parameter classifies: whether the targets are classes.
    package init(_ loss: Loss, classifies: Bool = true) {
        self.loss = loss
        hasAccuracy = classifies
    }

    package func callAsFunction(
        _ model: Model, _ samples: Samples, on tape: Tape, mode: Mode
    ) -> (loss: Variable, tally: Tally) {
        let output = model(tape.constant(samples.inputs), mode: mode)
        let count = Double(samples.inputs.shape[0])
        switch loss {
        case .crossEntropy(let smoothing):
            let targets = samples.targets.map(ClassTargets.distribution) ?? .indices(samples.labels)
            let (loss, correct) = crossEntropy(output, targets, smoothing: smoothing)
            return (loss, Tally(loss: Double(loss.value.pointer[0]), samples: count, correct: Double(correct)))
        case .meanSquaredError, .binaryCrossEntropy:
            let target = tape.constant(samples.targets ?? oneHot(samples.labels, like: output.value, tape.pool))
            let value = elementwise(output, target)
            let correct = hasAccuracy ? rowsWithSameLargest(output.value, target.value) : 0
            return (value, Tally(loss: Double(value.value.pointer[0]), samples: count, correct: Double(correct)))
        }
    }

    private func elementwise(_ output: Variable, _ target: Variable) -> Variable {
        switch loss {
        case .binaryCrossEntropy(fromLogits: true): binaryCrossEntropyFromLogits(output, target)
        case .binaryCrossEntropy(fromLogits: false): binaryCrossEntropy(output, target)
        default: meanSquaredError(output, target)
        }
    }

    private func oneHot(_ labels: [Int32], like output: Tensor, _ pool: StoragePool) -> Tensor {
        let result = Tensor(output.shape, pool: pool)
        result.fill(0)
        let classes = output.shape.count / max(labels.count, 1)
        for (row, label) in labels.enumerated() { result.pointer[row * classes + Int(label)] = 1 }
        return result
    }
}

/// In how many rows the largest value stands at the same place.
private func rowsWithSameLargest(_ a: Tensor, _ b: Tensor) -> Int {
    let rows = a.shape[0]
    let columns = a.count / max(rows, 1)
    return (0..<rows).reduce(0) { count, row in
        let place = largest(a.pointer + row * columns, columns)
        return count + (place >= 0 && place == largest(b.pointer + row * columns, columns) ? 1 : 0)
    }
}
