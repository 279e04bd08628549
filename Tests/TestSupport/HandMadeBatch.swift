import Autograd
import NeuralNetwork
import TensorCore

/// What the samples of a batch made by hand should give.
package enum HandMadeTarget {
    /// Classes, one a sample or position, of so many.
    case classes([Int32], of: Int)
    case values([Float], Shape)
}

extension FieldBatch {
    /// Samples with the fields `input` and `target`.
    ///
    /// - Parameters:
    ///   - inputs: [n, shape…], row-major.
    ///   - sampleIDs: n numbers; 0, 1, … if absent.
    package init(
        _ inputs: [Float], _ shape: Shape, _ target: HandMadeTarget, sampleIDs: [Int]? = nil,
        mixture: SampleMixture? = nil
    ) {
        let count = inputs.count / shape.count
        func floats(_ name: String, _ values: [Float], _ shape: Shape) -> FieldMemory {
            let field = FieldDescription(name: name, elementType: .float32, shape: shape, meaning: .real(names: []))
            return FieldMemory(
                field: field, elements: .floats(Tensor(values, [values.count], pool: StoragePool()).storage))
        }
        let made: FieldMemory
        switch target {
        case .values(let values, let shape): made = floats("target", values, shape)
        case .classes(let classes, let choices):
            let field = FieldDescription(
                name: "target", elementType: .int32, shape: count == classes.count ? [] : [classes.count / count],
                meaning: .classes(names: (0..<choices).map(String.init)))
            let memory = OwnedIntegers(classes)
            made = FieldMemory(
                field: field, elements: .integers(memory.pointer, capacity: classes.count, owner: memory))
        }
        self.init(
            count: count, sampleIDs: sampleIDs ?? Array(0..<count), mixture: mixture,
            memory: [floats("input", inputs, shape), made])
    }
}

/// Integers that live as long as this object.
package final class OwnedIntegers {
    package let pointer: UnsafePointer<Int32>

    package init(_ values: [Int32]) {
        let memory = UnsafeMutablePointer<Int32>.allocate(capacity: max(values.count, 1))
        memory.initialize(from: values, count: values.count)
        pointer = UnsafePointer(memory)
    }

    deinit { pointer.deallocate() }
}

/// A network of one model with one input.
package func network(_ layers: [LayerSpecification], input: Shape, name: String = "test") throws -> Network {
    try Network([ModelDescription(name: name, inputs: [ModelInput(shape: input)], layers: layers)])
}

extension Network {
    /// The supervised objective on samples of `fields`, whose usual ones are `input` and `target`.
    ///
    /// - Parameter metrics: nil for the usual ones.
    package func objective(
        _ losses: [LossTerm], metrics: [any Metric]? = [], fields: [FieldDescription]
    ) throws -> any Objective {
        try SupervisedSpecification(losses: losses, metrics: metrics?.map { MetricTerm($0) }).make(
            ObjectiveSetup(network: self, fields: fields, defaultInput: "input", defaultTarget: "target"))
    }

    /// The same with one loss, on samples like those of `batch`.
    package func objective(
        _ loss: any Loss, metrics: [any Metric]? = [], like batch: FieldBatch
    ) throws -> any Objective {
        try objective([LossTerm(loss)], metrics: metrics, fields: batch.fields)
    }
}
