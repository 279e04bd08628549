import Foundation

/// A range of values, its round tick marks and where a value lies in it.
package struct ChartAxis: Equatable, Sendable {
    package private(set) var lower: Double
    package private(set) var upper: Double
    package private(set) var ticks: [Double]
    package let isLogarithmic: Bool
    /// Distance of two ticks on a linear axis.
    private var tickStep = 1.0

    /// A linear axis over `values` with about `count` ticks at multiples of 1, 2 or 5 · 10ᵏ.
    ///
    /// - Parameter isExtended: whether the ends move out to ticks.
    package init(linear values: [Double], including extra: [Double] = [], count: Int = 5, isExtended: Bool = true) {
        let finite = (values + extra).filter(\.isFinite)
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        if low == high {
            let margin = low == 0 ? 1 : abs(low) * 0.1
            (low, high) = low == 0 ? (0, 1) : (low - margin, high + margin)
        }
        let step = ChartAxis.roundStep((high - low) / Double(max(count, 1)))
        let first = isExtended ? (low / step + 1e-9).rounded(.down) : (low / step - 1e-9).rounded(.up)
        let last = isExtended ? (high / step - 1e-9).rounded(.up) : (high / step + 1e-9).rounded(.down)
        ticks = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
        lower = isExtended ? first * step : low
        upper = isExtended ? last * step : high
        isLogarithmic = false
        tickStep = step
    }

    /// A logarithmic axis over the positive ones of `values`; ticks at 1, 2, 5 · 10ᵏ, or 10ᵏ alone over more than two
    /// decades.
    package init(logarithmic values: [Double]) {
        let positive = values.filter { $0.isFinite && $0 > 0 }
        let low = positive.min() ?? 1
        let high = positive.max() ?? 10
        let decades = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
        let factors: [Double] = log10(high / low) > 2 ? [1] : [1, 2, 5]
        let candidates = decades.flatMap { decade in factors.map { $0 * pow(10, Double(decade)) } }
        let first = candidates.last { $0 <= low * (1 + 1e-9) } ?? low
        let last = candidates.first { $0 >= high * (1 - 1e-9) && $0 > first } ?? max(high, first * 10)
        (lower, upper) = (first, last)
        ticks = candidates.filter { $0 >= first && $0 <= last }
        let stride = (ticks.count + 6) / 7  // more than seven labels do not fit
        ticks = ticks.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
        isLogarithmic = true
    }

    /// Where `value` lies: 0 at the lower end, 1 at the upper one.
    package func position(of value: Double) -> Double {
        isLogarithmic ? log(value / lower) / log(upper / lower) : (value - lower) / (upper - lower)
    }

    /// A tick's text, with as many decimals as ticks are apart.
    package func label(_ tick: Double) -> String {
        if isLogarithmic { return NumberText.significant(tick) }
        if tickStep >= 1 {
            return abs(tick) < 1e15 ? NumberText.grouped(Int(tick.rounded())) : NumberText.significant(tick)
        }
        let decimals = Int((-log10(tickStep) - 1e-9).rounded(.up))
        return decimals > 6 ? NumberText.significant(tick) : String(format: "%.\(decimals)f", tick == 0 ? 0 : tick)
    }

    /// The smallest of 1, 2, 5 · 10ᵏ that is not below `step`.
    private static func roundStep(_ step: Double) -> Double {
        let power = pow(10, log10(step).rounded(.down))
        for factor in [1.0, 2, 5] where factor * power >= step * (1 - 1e-9) { return factor * power }
        return 10 * power
    }
}
