import ConfigurationReading
import System
import TensorCore

/// How much the samples of each class count in a loss.
package enum ClassWeights: Equatable, Sendable {
    /// N / (K · nₖ) of N training samples, nₖ of which have class k of K: all classes count alike. A class without
    /// samples gets 0.
    case balanced
    /// A number for each class.
    case list([Double])
    /// Numbers for some classes by name; the others get 1.
    case named([PlacedName: Double])

    /// The number of each class.
    ///
    /// - Parameter counts: how many training samples have each class; needed where classes are balanced.
    func numbers(_ names: [String], counts: [Int]?) -> [Float] {
        switch self {
        case .balanced:
            let counts = counts ?? names.map { _ in 1 }
            let total = counts.reduce(0, +)
            return counts.map { $0 == 0 ? 0 : Float(Double(total) / (Double(counts.count) * Double($0))) }
        case .list(let numbers): return numbers.map { Float($0) }
        case .named(let numbers): return names.map { Float(numbers[PlacedName($0)] ?? 1) }
        }
    }

    /// Why they are no weights of these classes; nil where they are.
    ///
    /// - Parameter field: the field of classes, for the message.
    func problem(_ names: [String], of field: String) -> String? {
        switch self {
        case .balanced: return nil
        case .list(let numbers):
            if numbers.count != names.count {
                return "classWeights has \(numbers.count) numbers, and \(field) has \(names.count) classes; give a "
                    + "number for each"
            }
        case .named(let numbers):
            let unknown = numbers.keys.map(\.name).filter { !names.contains($0) }.sorted()
            if let first = unknown.first {
                let nearest = nearestName(to: first, among: names).map { " (did you mean '\($0)'?)" } ?? ""
                return "classWeights names '\(first)'\(nearest), and the classes of \(field) are "
                    + "\(names.prefix(40).joined(separator: ", ")); name these"
            }
        }
        let isPositive = numbers(names, counts: nil).contains { $0 > 0 }
        return isPositive ? nil : "all classWeights are 0, so that nothing counts; give one that is above 0"
    }
}

extension ConfigurationType where Value == ClassWeights {
    /// `balanced`, `[1, 2.5]`, `{no: 1, yes: 2.5}`.
    static var classWeights: Self {
        let summary = "`balanced`, a list of numbers, or a map of classes to numbers"
        let number = ConfigurationType<Double>.number(in: 0...)
        return Self(summary, placeholder: .balanced) { node, path, context in
            switch node.content {
            case .scalar("balanced", _): return Reading(value: .balanced, node: .plain("balanced"))
            case .list(let elements):
                let readings = elements.enumerated().compactMap {
                    number.read($1, joined(path, String($0)), context)
                }
                guard readings.count == elements.count else { return nil }
                return Reading(
                    value: .list(readings.map(\.value)), node: ConfigurationNode(.list(readings.map(\.node))))
            case .map(let entries):
                var numbers: [PlacedName: Double] = [:]
                var resolved: [ConfigurationNode.Entry] = []
                for entry in entries {
                    let key = joined(path, entry.key)
                    guard let reading = number.read(entry.value, key, context) else { return nil }
                    numbers[PlacedName(entry.key, place: entry.keyPlace, key: key)] = reading.value
                    resolved.append(.init(key: entry.key, keyPlace: .builtIn, value: reading.node))
                }
                return Reading(value: .named(numbers), node: ConfigurationNode(.map(resolved)))
            default:
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
        }
    }
}
