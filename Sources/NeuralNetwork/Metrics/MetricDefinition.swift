import Glibc

/// How a metric follows from an objective's sums.
package struct MetricDefinition: Equatable, Sendable {
    /// What is made of the numerator a, the denominator b and, where it has more slots, those that follow b.
    package enum Transform: Sendable, Equatable {
        /// a / b.
        case ratio
        /// √(a / b).
        case squareRoot
        /// e to the power of a / b.
        case exponential
        /// a / b nats as bits.
        case bits
        /// 1 − a / (Σt² − (Σt)² / b), where Σt and Σt² follow b.
        case determination
        /// a / b − c / d, where c and d follow b.
        case differenceOfRatios
        /// The mean of a / b and so many such ratios in all, whose parts follow b; one of nothing counts as 0.
        case meanOfRatios(Int)
        /// The same mean over the ratios of something alone.
        case meanOfCountedRatios(Int)
        /// The least of so many numerators, which follow each other, divided by b.
        case least(of: Int)
        /// The Fréchet distance between so many features of two kinds of samples, whose moments begin at a and b.
        case frechetDistance(Int)

        /// How many sums it is made of.
        package var slotCount: Int {
            switch self {
            case .determination, .differenceOfRatios: 4
            case .meanOfRatios(let count), .meanOfCountedRatios(let count): 2 * count
            case .least(let count): count + 1
            case .frechetDistance(let features): 2 * FeatureMoments.count(of: features)
            default: 2
            }
        }
    }

    package let description: MetricDescription
    /// Places in ``MetricSums/values``.
    package let numerator: Int
    package let denominator: Int
    package let transform: Transform

    package init(_ description: MetricDescription, numerator: Int, denominator: Int, transform: Transform = .ratio) {
        self.description = description
        self.numerator = numerator
        self.denominator = denominator
        self.transform = transform
    }

    /// The sum of weighted losses divided by the objective's weight: the first metric of every objective.
    package static let loss = MetricDefinition(
        .loss, numerator: MetricSums.lossSlot, denominator: MetricSums.weightSlot)

    package var name: String { description.name }

    /// The metric with a phase's name before its own: `discriminatorLoss`.
    package func named(of phase: String) -> MetricDefinition {
        MetricDefinition(
            description.named(of: phase), numerator: numerator, denominator: denominator, transform: transform)
    }

    /// The metric where `sums` more stand before its own, if these do not begin before `place`.
    package func moved(by sums: Int, from place: Int) -> MetricDefinition {
        guard numerator >= place else { return self }
        return MetricDefinition(
            description, numerator: numerator + sums, denominator: denominator + sums, transform: transform)
    }

    /// The metric's value; NaN where nothing was counted, as in training of what evaluation alone measures.
    package func value(of sums: MetricSums) -> Double {
        guard max(numerator, denominator) < sums.values.count else { return .nan }
        let a = sums.values[numerator]
        let b = sums.values[denominator]
        switch transform {
        case .ratio: return a / b
        case .squareRoot: return (a / b).squareRoot()
        case .exponential: return exp(a / b)
        case .bits: return a / b / log(2)
        case .differenceOfRatios: return a / b - sums.values[denominator + 1] / sums.values[denominator + 2]
        case .meanOfRatios(let count):
            let ratios = ratios(count, sums)
            return ratios.isEmpty ? .nan : ratios.reduce(0, +) / Double(count)
        case .meanOfCountedRatios(let count):
            let ratios = ratios(count, sums)
            return ratios.reduce(0, +) / Double(ratios.count)
        case .least(let count): return (sums.values[numerator..<numerator + count].min() ?? 0) / b
        case .frechetDistance(let features):
            let size = FeatureMoments.count(of: features)
            let moments = [numerator, denominator].compactMap {
                FeatureMoments(sums.values[$0..<$0 + size], features: features)
            }
            return moments.count == 2 ? moments[0].frechetDistance(to: moments[1]) : .nan
        case .determination:
            let total = sums.values[denominator + 1]
            return 1 - a / (sums.values[denominator + 2] - total * total / b)
        }
    }

    /// Those of so many ratios that have a denominator.
    private func ratios(_ count: Int, _ sums: MetricSums) -> [Double] {
        (0..<count).compactMap {
            let below = sums.values[denominator + 2 * $0]
            return below > 0 ? sums.values[numerator + 2 * $0] / below : nil
        }
    }
}
