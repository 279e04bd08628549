import Autograd
import Checkpointing
import Foundation
import System
import TensorCore

/// The values of a layer for many samples, and the classes of these where the data have them.
package struct FeatureTable {
    /// The layer's name.
    package let name: String
    /// Of one sample's values.
    package let shape: Shape
    /// What the data say of the samples; nil where there is nothing, as in files without labels.
    package let label: FieldDescription?
    /// Row by row, channels last.
    private(set) var values: [Float] = []
    private(set) var labels: [Int32] = []

    /// How many samples it has.
    package var count: Int { values.count / max(shape.count, 1) }

    init(name: String, shape: Shape, label: FieldDescription?) {
        self.name = name
        self.shape = shape
        self.label = label
    }

    mutating func append(_ rows: Tensor, labels: [Int32]) {
        values += rows.values
        self.labels += labels
    }

    /// Writes a table of text where the path ends in `.csv`, a column for each value in the order of channels last and
    /// one for the label; else a safetensors file with a tensor [samples, …] in PyTorch's order of axes, and the labels
    /// as numbers.
    ///
    /// - Throws: `SystemError`, `CheckpointError`.
    package func write(to path: String) throws {
        guard path.hasSuffix(".csv") else {
            var sources = [TensorSource.exchanged(name: name, shape: shape, values: values)]
            if let label {
                sources.append(
                    TensorSource(
                        name: label.name, dataType: .int64, shape: [labels.count], values: labels.map { Int64($0) }))
            }
            return try SafetensorsFile(metadata: ["format": "pt"], sources: sources).write(to: path)
        }
        try AtomicFile.write(bytes: Array(text.utf8), to: path, isDurable: false)
    }

    private var text: String {
        let columns = (0..<shape.count).map { "\(name).\($0)" } + (label.map { [$0.name] } ?? [])
        var text = columns.joined(separator: ",") + "\n"
        let names = label?.meaning.choiceNames ?? []
        for row in 0..<count {
            text += values[row * shape.count..<(row + 1) * shape.count].map { "\($0)" }.joined(separator: ",")
            if label != nil {
                let number = Int(labels[row])
                text += "," + (names.indices.contains(number) ? names[number] : "\(number)")
            }
            text += "\n"
        }
        return text
    }
}

extension TensorSource {
    /// Samples [n, …], channels last, as a tensor in PyTorch's order of axes.
    ///
    /// - Parameter shape: of one sample.
    package static func exchanged(name: String, shape: Shape, values: [Float]) -> TensorSource {
        let exchanged = shape.rank == 3 ? [shape[2], shape[0], shape[1]] : shape.dimensions
        let rows = values.count / max(shape.count, 1)
        return TensorSource(name: name, shape: [rows] + exchanged) { target in
            for index in 0..<values.count {
                let (row, place) = index.quotientAndRemainder(dividingBy: shape.count)
                let position =
                    shape.rank == 3 ? place % shape[2] * (shape[0] * shape[1]) + place / shape[2] : place
                target[row * shape.count + position] = values[index]
            }
        }
    }
}
