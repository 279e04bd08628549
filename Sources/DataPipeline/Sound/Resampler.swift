import Glibc
import Kernels

/// Brings sound from one rate to another: a low-pass filter evaluated at the new places.
///
/// y(t) = Σ x[j] · h(t − j), h a sinc at 95 % of the lower of both Nyquist frequencies under a Kaiser window (Oppenheim
/// and Schafer, "Discrete-Time Signal Processing", section 7.6) that reaches 52 samples of the lower rate to each side.
/// There is a filter for each of the places that a new sample can have between two old ones. Frequencies up to 90 % of
/// the lower Nyquist frequency keep their amplitude within 2 · 10⁻⁴; what lies above that frequency is damped below
/// 2 · 10⁻⁴ (−74 dB). Outside of the recording there are zeros, so its ends fade. Nothing is delayed.
package struct Resampler: Sendable {
    private let up: Int
    private let down: Int
    /// [up, taps]
    private let filters: [Float]
    private let taps: Int
    /// Samples that a filter reaches to each side.
    private let reach: Int
    private static let crossings = 52.0
    private static let cutoff = 0.95
    /// Of the window, for a damping of 80 dB.
    private static let beta = 0.1102 * (80 - 8.7)
    /// Coefficients of all filters.
    private static let largestTable = 1 << 24

    /// - Throws: `SoundProblem.unsupportedRate` where the rates have so little in common, or differ by so much, that
    ///   filters would take more than 64 MB.
    package init(from: Int, to: Int) throws(SoundProblem) {
        guard from > 0, to > 0 else { throw .unsupportedRate(from: from, to: to) }
        let common = Resampler.greatestDivisor(from, to)
        (up, down) = (to / common, from / common)
        let ratio = min(1, Double(to) / Double(from))
        guard Resampler.crossings / ratio < Double(Resampler.largestTable) else {
            throw .unsupportedRate(from: from, to: to)
        }
        reach = Int((Resampler.crossings / ratio).rounded(.up))
        taps = (2 * reach + 15) / 16 * 16
        let (table, overflow) = taps.multipliedReportingOverflow(by: up)
        guard !overflow, table <= Resampler.largestTable else { throw .unsupportedRate(from: from, to: to) }
        filters = Resampler.makeFilters(up: up, taps: taps, reach: reach, ratio: ratio)
    }

    /// `samples` at the new rate: ⌈count · up / down⌉ of them.
    package func callAsFunction(_ samples: [Float]) -> [Float] {
        if up == down { return samples }
        let count = (samples.count * up + down - 1) / down
        // Filters begin `reach` − 1 samples before the place that they compute.
        let padded = [Float](repeating: 0, count: reach - 1) + samples + [Float](repeating: 0, count: taps + 1)
        var result = [Float](repeating: 0, count: count)
        padded.withUnsafeBufferPointer { x in
            filters.withUnsafeBufferPointer { h in
                result.withUnsafeMutableBufferPointer { y in
                    guard let x = x.baseAddress, let h = h.baseAddress, let y = y.baseAddress else { return }
                    filterPolyphase(x, filters: h, taps: taps, up: up, down: down, into: y, count: count)
                }
            }
        }
        return result
    }

    /// Tap t of a phase weighs the sample t − reach + 1 places after the new one's; the taps of a phase add up to 1.
    private static func makeFilters(up: Int, taps: Int, reach: Int, ratio: Double) -> [Float] {
        var filters = [Float](repeating: 0, count: up * taps)
        let scale = bessel(beta)
        for phase in 0..<up {
            let weights = (0..<taps).map { tap -> Double in
                let distance = (Double(phase) / Double(up) - Double(tap - reach + 1)) * ratio
                let share = distance / crossings
                if share.magnitude >= 1 { return 0 }
                return sinc(cutoff * distance) * bessel(beta * (1 - share * share).squareRoot()) / scale
            }
            let sum = weights.reduce(0, +)
            for tap in 0..<taps { filters[phase * taps + tap] = Float(weights[tap] / sum) }
        }
        return filters
    }

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(.pi * x) / (.pi * x)
    }

    /// I₀(x) = Σ ((x/2)ᵏ / k!)²
    private static func bessel(_ x: Double) -> Double {
        var (sum, term, k) = (1.0, 1.0, 1.0)
        while term > sum * 1e-17 {
            term *= (x / (2 * k)) * (x / (2 * k))
            sum += term
            k += 1
        }
        return sum
    }

    private static func greatestDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestDivisor(b, a % b) }
}
