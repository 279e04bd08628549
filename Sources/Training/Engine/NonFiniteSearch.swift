import Autograd
import Kernels
import NeuralNetwork
import Optimization
import TensorCore

/// Where in the computation of a grain the first number is that is not finite.
package struct NonFiniteSearch {
    /// What it is found in: a weight, the input, a layer's output, the loss or a gradient.
    package let what: String
    /// The data set's numbers of the samples that have it, all of the grain's where that is not known.
    package let samples: [Int]

    /// Computes a grain again and looks at every result on the way; nil when all are finite.
    ///
    /// - Parameter weightsHaveMoved: whether some parameters have the step's update already; then what they are says
    ///   nothing.
    package init?(
        _ model: Model, values: FlatBuffer, _ objective: any Objective, _ samples: Samples, mode: Mode,
        weightsHaveMoved: Bool = false
    ) {
        guard samples.inputs.shape[0] > 0 else { return nil }
        func all(_ what: String) -> (String, [Int]) { (what, samples.identities) }
        func some(_ what: String, _ rows: [Int]) -> (String, [Int]) {
            (
                what,
                rows.allSatisfy(samples.identities.indices.contains)
                    ? rows.map { samples.identities[$0] } : samples.identities
            )
        }
        func find() -> (String, [Int])? {
            for parameter in model.layout.parameters where !weightsHaveMoved {
                if NonFiniteSearch.isIn(values.pointer + model.layout.offsets[parameter.index], parameter) {
                    return all("\(parameter.isTrainable ? "weight" : "statistic") \(parameter.name), before the step,")
                }
            }
            let rows = samples.inputs.nonFiniteRows
            if !rows.isEmpty { return some("the input", rows) }
            let vector = FlatBuffer(count: Replica.vectorCount(model))
            let tape = Tape(layout: model.layout, values: values)
            tape.searchesNonFinite = true
            tape.begin(gradients: mode.isTraining ? vector.pointer : nil)
            let (loss, tally) = objective(model, samples, on: tape, mode: mode)
            if let found = tape.nonFinite {
                return found.parameter.map { some("the output of layer \(NonFiniteSearch.layer(of: $0))", found.rows) }
                    ?? all("the loss")
            }
            if !tally.loss.isFinite { return all("the loss") }
            guard mode.isTraining else { return nil }
            tape.backward(from: loss)
            for parameter in model.layout.parameters {
                if NonFiniteSearch.isIn(vector.pointer + model.layout.offsets[parameter.index], parameter) {
                    return all(
                        parameter.isTrainable ? "the gradient of \(parameter.name)" : "statistic \(parameter.name)")
                }
            }
            return nil
        }
        guard let (what, identities) = find() else { return nil }
        self.what = what
        self.samples = identities
    }

    private static func isIn(_ values: UnsafePointer<Float>, _ parameter: Parameter) -> Bool {
        firstNonFinite(values, count: parameter.shape.count) != nil
    }

    /// `conv1` of a parameter `conv1.weight`.
    private static func layer(of parameter: Parameter) -> String {
        parameter.name.lastIndex(of: ".").map { String(parameter.name[..<$0]) } ?? parameter.name
    }
}
