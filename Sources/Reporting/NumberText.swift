import Foundation
import NeuralNetwork
import System

/// Numbers as people read them.
package enum NumberText {
    /// `58214` as "58,214".
    package static func grouped(_ value: Int) -> String { value.grouped }

    /// A speed as a whole number with thousands separated; "?" when it is not known.
    package static func rate(_ value: Double) -> String {
        value.isFinite && abs(value) < 1e15 ? grouped(Int(value.rounded())) : "?"
    }

    /// A loss with four decimals below 100, so that it does not jump about in a line; exponents outside 10⁻³…10⁵.
    package static func loss(_ value: Double) -> String {
        let magnitude = abs(value)
        if !value.isFinite { return value.description }
        if magnitude == 0 { return "0.0000" }
        if magnitude < 1e-3 || magnitude >= 1e5 { return String(format: "%.3e", value) }
        return String(format: magnitude < 100 ? "%.4f" : "%.1f", value)
    }

    /// A metric's value as its format wants it.
    package static func metric(_ value: MetricValue) -> String {
        switch value.description.format {
        case .number: loss(value.value)
        case .fraction: fraction(value.value)
        }
    }

    /// A share of one with three decimals.
    package static func fraction(_ value: Double) -> String {
        value.isFinite ? String(format: "%.3f", value) : value.description
    }

    /// At most `digits` significant digits, without trailing zeros.
    package static func significant(_ value: Double, digits: Int = 6) -> String {
        value.isFinite ? String(format: "%.\(digits)g", value) : value.description
    }

    /// Seconds as "0:04", "12:30" or "3:05:09".
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
        let whole = Int(seconds.rounded())
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }

    /// `1, "thread"` as "1 thread", `2000, "thread"` as "2,000 threads".
    package static func count(_ value: Int, _ noun: String) -> String {
        "\(grouped(value)) \(noun)\(value == 1 ? "" : "s")"
    }
}
