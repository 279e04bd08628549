import DataPipeline
import NeuralNetwork

/// Pictures that a phase shows of what has been learned.
package struct PictureRecord: Equatable, Sendable {
    /// Finished steps.
    package var step: Int
    /// The phase's.
    package var name: String
    /// [count, height, width, channels], 0 for black and 255 for white; what lies outside is to be cut off.
    package var values: [Float]
    package var count: Int
    package var height: Int
    package var width: Int
    package var channels: Int
    /// Pictures in a row.
    package var columns: Int

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
