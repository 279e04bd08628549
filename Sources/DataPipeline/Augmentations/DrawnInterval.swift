import ConfigurationReading
import Glibc

/// What a number of an augmentation is drawn from: all numbers between two.
package struct DrawnInterval: Equatable, Sendable {
    package let low: Double
    package let high: Double

    package init(_ low: Double, _ high: Double) {
        precondition(low <= high, "DrawnInterval: \(low) to \(high)")
        self.low = low
        self.high = high
    }

    /// Whether only `value` is drawn.
    func isAlways(_ value: Double) -> Bool { low == value && high == value }

    /// The number at `share` of the way, 0…1.
    func number(at share: Float) -> Double { low + Double(share) * (high - low) }

    /// The number at `share` of the way between the logarithms; of positive ends.
    func ratio(at share: Float) -> Double { exp(log(low) + Double(share) * (log(high) - log(low))) }
}

extension ConfigurationType where Value == DrawnInterval {
    /// Two numbers within a range, the lower first: `[0.08, 1]`.
    static func interval(_ number: ConfigurationType<Double>) -> Self {
        let summary = "two numbers, the lower first, each \(number.summary)"
        return Self(summary, placeholder: DrawnInterval(number.placeholder(), number.placeholder())) {
            node, path, context in
            guard case .list(let elements) = node.content else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            let readings = elements.enumerated().compactMap { number.read($1, joined(path, String($0)), context) }
            guard readings.count == elements.count else { return nil }
            guard readings.count == 2, readings[0].value <= readings[1].value else {
                let found = readings.count == 2 ? "falling numbers" : "a list of \(readings.count)"
                context.report(.outOfRange(node.place, key: path, value: found, expected: summary))
                return nil
            }
            return Reading(
                value: DrawnInterval(readings[0].value, readings[1].value),
                node: ConfigurationNode(.list(readings.map(\.node))))
        }
    }

    /// A number x for the middle ± x, within the range, or the two ends.
    static func spread(around middle: Double, in range: ClosedRange<Double>, atMost most: Double) -> Self {
        let number = ConfigurationType<Double>.number(in: 0...most)
        let ends = interval(.number(in: range))
        let summary = "\(number.summary), or \(ends.summary)"
        return Self(summary, placeholder: DrawnInterval(middle, middle)) { node, path, context in
            switch node.content {
            case .list: return ends.read(node, path, context)
            case .scalar:
                guard let reading = number.read(node, path, context) else { return nil }
                let value = DrawnInterval(
                    max(range.lowerBound, middle - reading.value), min(range.upperBound, middle + reading.value))
                return Reading(value: value, node: reading.node)
            default:
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
        }
    }
}
