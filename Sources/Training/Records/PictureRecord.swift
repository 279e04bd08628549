import DataPipeline
import NeuralNetwork
import TensorCore

/// Pictures of one size: what a phase shows of what has been learned, filters, or samples.
package struct PictureRecord: Equatable, Sendable {
    /// Finished steps.
    package var step: Int
    /// The phase's; of filters their layer's, of samples their field's.
    package var name: String
    /// [count, height, width, channels], 0 for black and 255 for white; what lies outside is to be cut off.
    package var values: [Float]
    package var count: Int
    package var height: Int
    package var width: Int
    package var channels: Int
    /// Pictures in a row.
    package var columns: Int

    /// More filters of a layer are not shown.
    static let mostFilters = 96

    /// - Parameters:
    ///   - values: as ``values``.
    ///   - shape: [count, height, width, channels].
    package init(step: Int, name: String, values: [Float], shape: Shape, columns: Int) {
        precondition(values.count == shape.count, "PictureRecord: \(values.count) values for \(shape)")
        self.step = step
        self.name = name
        self.values = values
        self.columns = columns
        (count, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    }

    /// - Parameter preprocessing: of the field, which is undone; nil where values are raw.
    init(step: Int, name: String, _ pictures: Pictures, _ preprocessing: FieldPreprocessing?) {
        let shape = pictures.values.shape
        self.step = step
        self.name = name
        (count, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
        columns = pictures.columns
        values = pictures.values.values
        guard let preprocessing else { return }
        for index in values.indices {
            let channel = index % channels
            values[index] = (values[index] - preprocessing.shift[channel]) / preprocessing.scale[channel]
        }
    }
}
