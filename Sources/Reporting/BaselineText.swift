import NeuralNetwork
import Training

/// What a forecast without a model comes to, as a line beside the result of one.
package enum BaselineText {
    /// `without a model, last value: rmse=1.2 mae=0.9`.
    ///
    /// - Parameter name: of a metric, as the result beside it has it.
    package static func line(_ figures: BaselineFigures, _ name: (MetricDescription) -> String) -> String {
        let values = figures.metrics.map { "\(name($0.description))=\(NumberText.significant($0.value))" }
        return "without a model, \(figures.name): \(values.joined(separator: " "))"
    }
}
