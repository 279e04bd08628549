import Foundation

/// Figures of runs that differ by seed alone: their mean and how far they lie from each other.
package struct Spread: Equatable, Sendable {
    package let count: Int
    package let mean: Double
    /// The standard deviation of a sample, divided by count − 1; nil of fewer than two figures.
    package let deviation: Double?
    package let lowest: Double
    package let highest: Double

    /// Nil without any figure.
    package init?(_ values: [Double]) {
        guard let lowest = values.min(), let highest = values.max() else { return nil }
        count = values.count
        mean = values.reduce(0, +) / Double(values.count)
        let center = mean
        let squares = values.map { ($0 - center) * ($0 - center) }.reduce(0, +)
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
        (self.lowest, self.highest) = (lowest, highest)
    }

    /// `0.98` or `0.98 ± 0.0021`: so many significant digits of the mean, two of the deviation. A count that is the
    /// same everywhere has all its digits and no deviation.
    package func text(digits: Int = 6, isCount: Bool = false) -> String {
        if isCount, lowest == highest { return NumberText.significant(mean, digits: 15) }
        return NumberText.significant(mean, digits: digits)
            + (deviation.map { " ± " + NumberText.significant($0, digits: 2) } ?? "")
    }
}
