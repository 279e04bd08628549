/// A time or a rate of transfer as a command line gives it: a number and its unit.
package enum Quantity {
    /// Seconds of a time such as `50us`, `2ms` or `1s`.
    ///
    /// - Throws: ``QuantityError`` for anything else.
    package static func seconds(_ text: String) throws(QuantityError) -> Double {
        let (number, unit) = try split(text, example: timeExample)
        switch unit {
        case "us", "µs", "μs": return number * 1e-6
        case "ms": return number * 1e-3
        case "s": return number
        case "": throw .noUnit(text: text, example: timeExample)
        default:
            if unit.lowercased().hasSuffix("bit") || unit.hasSuffix("/s") {
                throw .otherKind(text: text, what: "a rate of transfer", example: timeExample)
            }
            throw .unknownUnit(text: text, unit: unit, hint: nil, example: timeExample)
        }
    }

    /// Bytes a second of a rate such as `200Mbit`, `25Gbit`, `110MB/s` or `3GB/s`; prefixes are powers of 1,000.
    ///
    /// - Throws: ``QuantityError`` for anything else.
    package static func bytesPerSecond(_ text: String) throws(QuantityError) -> Double {
        let (number, unit) = try split(text, example: rateExample)
        switch unit {
        case "Mbit", "Mbit/s": return number * 1e6 / 8
        case "Gbit", "Gbit/s": return number * 1e9 / 8
        case "MB/s": return number * 1e6
        case "GB/s": return number * 1e9
        case "": throw .noUnit(text: text, example: rateExample)
        case "us", "µs", "μs", "ms", "s": throw .otherKind(text: text, what: "a time", example: rateExample)
        default: throw .unknownUnit(text: text, unit: unit, hint: hint(for: unit), example: rateExample)
        }
    }

    private static let timeExample = "50us, 2ms or 1s"
    private static let rateExample = "200Mbit, 25Gbit, 110MB/s or 3GB/s"

    /// The unit that was probably meant: one that differs in upper and lower case, or lacks its end.
    private static func hint(for unit: String) -> String? {
        let known = ["Mbit", "Gbit", "MB/s", "GB/s"]
        if ["Mb", "Gb", "Mbps", "Gbps", "Mb/s", "Gb/s"].contains(unit) {
            return "\(unit.prefix(1))bit for bits or \(unit.prefix(1))B/s for bytes"
        }
        if let meant = known.first(where: { $0.lowercased() == unit.lowercased() }) { return meant }
        return known.first { $0 == unit + "/s" }
    }

    private static func split(
        _ text: String, example: String
    ) throws(QuantityError) -> (number: Double, unit: String) {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Double(digits), number > 0, number.isFinite else {
            throw .noNumber(text: text, example: example)
        }
        return (number, String(unit))
    }
}

/// Why a text is no time or rate.
package enum QuantityError: Error, Equatable, CustomStringConvertible {
    /// It does not begin with a number above 0.
    case noNumber(text: String, example: String)
    case noUnit(text: String, example: String)
    /// A unit that nothing has; `hint` is what was probably meant.
    case unknownUnit(text: String, unit: String, hint: String?, example: String)
    /// A rate where a time is wanted, or the other way round.
    case otherKind(text: String, what: String, example: String)

    package var description: String {
        switch self {
        case .noNumber(let text, let example): "\(text): does not begin with a number above 0; give \(example)"
        case .noUnit(let text, let example): "\(text): has no unit; give \(example)"
        case .unknownUnit(let text, let unit, let hint, let example):
            "\(text): unknown unit '\(unit)'" + (hint.map { ", did you mean \($0)?" } ?? ";") + " give \(example)"
        case .otherKind(let text, let what, let example): "\(text): is \(what); give \(example)"
        }
    }
}
