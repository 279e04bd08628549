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
    /// - Parameters:
    ///   - layout: what the phase trains.
    ///   - weightsHaveMoved: whether some parameters have the step's update already; then what they are says nothing.
    package init?(
        layout: GrainVectorLayout, values: FlatBuffer, _ objective: any Objective, _ batch: FieldBatch, mode: Mode,
        key: RandomKey, grain: Int = 0, weightsHaveMoved: Bool = false
    ) {
        guard batch.count > 0 else { return nil }
        let identities = batch.sampleIDs
        let arena = layout.trained.arena
        func all(_ what: String) -> (String, [Int]) { (what, identities) }
        func some(_ what: String, _ rows: [Int]) -> (String, [Int]) {
            (what, rows.allSatisfy(identities.indices.contains) ? rows.map { identities[$0] } : identities)
        }
        func find() -> (String, [Int])? {
            for parameter in arena.parameters where !weightsHaveMoved {
                if NonFiniteSearch.isIn(values.pointer + arena.offsets[parameter.index], parameter) {
                    return all("\(parameter.isTrainable ? "weight" : "statistic") \(parameter.name), before the step,")
                }
            }
            for field in batch.fields where field.elementType == .float32 {
                let rows = batch.floats(field.name).nonFiniteRows
                if !rows.isEmpty { return some("the field '\(field.name)'", rows) }
            }
            let vector = FlatBuffer(count: layout.count)
            let tape = Tape(layout: arena, values: values)
            tape.searchesNonFinite = true
            tape.begin(
                gradients: mode.isTraining ? vector.pointer : nil, layout: layout,
                carried: batch.lanes.map { CarriedLanes(lanes: $0, isStartOfSequence: batch.isStartOfSequence) })
            let result = objective(GrainContext(batch, on: tape, mode: mode, key: key, grain: grain))
            if let found = tape.nonFinite {
                return found.parameter.map { some("the output of layer \(NonFiniteSearch.layer(of: $0))", found.rows) }
                    ?? all("the loss")
            }
            if !MetricSums(samples: batch.count, weight: result.weight, own: result.sums).loss.isFinite {
                return all("the loss")
            }
            guard mode.isTraining, let loss = result.loss else { return nil }
            tape.backward(from: loss)
            for parameter in arena.parameters {
                guard let offset = layout.offset(of: parameter.index) else { continue }
                if NonFiniteSearch.isIn(vector.pointer + offset, parameter) {
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
