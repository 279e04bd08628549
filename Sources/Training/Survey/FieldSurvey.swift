import DataPipeline
import TensorCore

/// What a field of a part is found to hold.
package struct FieldSurvey: Encodable {
    package let name: String
    /// `pixels`, `numbers`, `classes`, `tokens`, `levels` or `identifiers`.
    package let kind: String
    /// Of one sample; a varying axis with its largest extent.
    package let shape: [Int]
    /// Of all numbers; nil for integers.
    package let values: NumberSurvey?
    /// The same by channel, with its name where it has one; empty for a single one.
    package let channels: [NumberSurvey]
    /// How often each class is there.
    package let classes: [ClassCount]
    /// Of tokens and levels how many are there at all, of how many.
    package let used: Int?
    package let choices: Int?
    /// Of an axis that varies.
    package let lengths: LengthSurvey?

    package struct ClassCount: Encodable {
        package let name: String
        package let count: Int
        package let share: Double
    }

    package struct LengthSurvey: Encodable {
        package let least: Int
        package let mean: Double
        package let most: Int
    }

    /// Of known, finite numbers, but for what is counted. Nil where there are none.
    package struct NumberSurvey: Encodable {
        package let name: String?
        package let count, missing, infinite: Int
        package let least, most, mean, deviation: Double?

        init(_ name: String?, _ numbers: SampleScan.Numbers, shift: Double) {
            self.init(name, [numbers], [shift])
        }

        /// Of several channels together.
        init(_ name: String?, _ channels: [SampleScan.Numbers], _ shifts: [Double]) {
            self.name = name
            count = channels.reduce(0) { $0 + $1.count }
            missing = channels.reduce(0) { $0 + $1.missing }
            infinite = channels.reduce(0) { $0 + $1.infinite }
            guard count > 0 else {
                (least, most, mean, deviation) = (nil, nil, nil, nil)
                return
            }
            let total = Double(count)
            var (sum, spread) = (0.0, 0.0)
            for (own, shift) in zip(channels, shifts) { sum += own.sum + Double(own.count) * shift }
            let middle = sum / total
            for (own, shift) in zip(channels, shifts) where own.count > 0 {
                let (n, distance) = (Double(own.count), own.sum / Double(own.count) + shift - middle)
                spread += max(0, own.squares - own.sum * own.sum / n) + n * distance * distance
            }
            least = channels.map(\.least).min()
            most = channels.map(\.most).max()
            mean = middle
            deviation = (spread / total).squareRoot()
        }
    }

    init(_ field: FieldDescription, _ scan: SampleScan, place: Int, shifts: [Double]) {
        name = field.name
        shape = field.shape.dimensions
        let own = scan.numbers[place] ?? []
        values = own.isEmpty ? nil : NumberSurvey(nil, own, shifts)
        var names: [String] = []
        switch field.meaning {
        case .pixels: kind = "pixels"
        case .real(let given): (kind, names) = ("numbers", given)
        case .classes: kind = "classes"
        case .tokens: kind = "tokens"
        case .levels: kind = "levels"
        case .identifiers: kind = "identifiers"
        }
        channels =
            own.count < 2
            ? []
            : own.indices.map {
                NumberSurvey(names.indices.contains($0) ? names[$0] : nil, own[$0], shift: shifts[$0])
            }
        let counts = scan.choices[place] ?? []
        let total = max(counts.reduce(0, +), 1)
        if case .classes(let names) = field.meaning {
            classes = zip(names, counts).map {
                ClassCount(name: $0, count: $1, share: Double($1) / Double(total))
            }
            (used, choices) = (nil, nil)
        } else {
            classes = []
            used = counts.isEmpty ? nil : counts.count { $0 > 0 }
            choices = field.meaning.choiceCount
        }
        lengths = scan.lengths[place].map {
            LengthSurvey(
                least: $0.least, mean: Double($0.sum) / Double(max(scan.hashes.count - scan.damaged.count, 1)),
                most: $0.most)
        }
    }
}
