import System

extension ConfigurationType where Value == Int {
    /// An integer within a range: `1...`, `0...9`.
    ///
    /// - Parameter limit: the largest value of a range without an end: what counts and sizes may be so that products of
    ///   two of them are still integers.
    package static func integer(in range: some RangeExpression<Int>, atMost limit: Int = Int(Int32.max)) -> Self {
        let summary = "an integer \(words(for: range))"
        let bounded = Self(
            scalar: summary, placeholder: lowerBound(of: range) ?? 1,
            parse: { Int($0) }, isInRange: { range.contains($0) }, write: { String($0) })
        return Self(summary, placeholder: bounded.placeholder()) { node, path, context in
            guard let reading = bounded.read(node, path, context) else { return nil }
            guard reading.value <= limit else {
                context.report(
                    .outOfRange(
                        node.place, key: path, value: String(reading.value), expected: "\(summary) and at most \(limit)"
                    ))
                return nil
            }
            return reading
        }
    }
}

extension ConfigurationType where Value == Double {
    /// Any finite number.
    package static var number: Self {
        Self(scalar: "a number", placeholder: 0, parse: finiteNumber, write: { "\($0)" }).fittingFloat()
    }

    /// A finite number within a range: `0...1`, `0..<1`, `0...`.
    package static func number(in range: some RangeExpression<Double>) -> Self {
        Self(
            scalar: "a number \(words(for: range))", placeholder: lowerBound(of: range) ?? 1,
            parse: finiteNumber, isInRange: { range.contains($0) }, write: { "\($0)" }
        ).fittingFloat()
    }

    /// A finite number greater than a bound.
    package static func number(above bound: Double) -> Self {
        Self(
            scalar: "a number above \(short(bound))", placeholder: bound + 1,
            parse: finiteNumber, isInRange: { $0 > bound }, write: { "\($0)" }
        ).fittingFloat(above: bound)
    }

    /// The same without numbers that single precision, in which the program computes, has not: beyond 3.4·10³⁸, or so
    /// near to a bound that they would be rounded to it.
    private func fittingFloat(above bound: Double? = nil) -> Self {
        let base = self
        return Self(summary, placeholder: placeholder()) { node, path, context in
            guard let reading = base.read(node, path, context) else { return nil }
            let rounded = Float(reading.value)
            let limit: String? =
                if !rounded.isFinite {
                    "of size 3.4e38 at most"
                } else if let bound, rounded <= Float(bound) {
                    bound == 0 ? "of at least 1e-44" : "that is still above in single precision"
                } else {
                    nil
                }
            guard let limit else { return reading }
            let text = if case .scalar(let text, _) = node.content { text } else { "\(reading.value)" }
            context.report(.outOfRange(node.place, key: path, value: text, expected: "\(summary), \(limit)"))
            return nil
        }
    }
}

extension ConfigurationType where Value == Bool {
    /// `true` or `false`; YAML 1.1's yes, no, on and off are refused because they surprise.
    package static var flag: Self {
        Self(scalar: "true or false", placeholder: false, parse: { Bool($0) }, write: { String($0) })
    }
}

extension ConfigurationType where Value == String {
    /// Any text that is not empty.
    package static var text: Self {
        Self("a text", placeholder: "") { node, path, context in
            guard case .scalar(let text, _) = node.content, !text.isEmpty else {
                context.reportWrongType(node, path, expected: "a text that is not empty")
                return nil
            }
            return Reading(value: text, node: ConfigurationNode(.scalar(text, isQuoted: true)))
        }
    }

    /// A name made of letters, digits, `-` and `_`, fit to be part of a file or parameter name.
    package static var identifier: Self {
        let summary = "a name of letters, digits, - and _"
        return Self("a name of letters, digits, - and _", placeholder: "") { node, path, context in
            guard case .scalar(let text, _) = node.content, !text.isEmpty,
                text.utf8.allSatisfy({ $0.isOfName || $0 == UInt8(ascii: "-") })
            else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            return Reading(value: text, node: ConfigurationNode(.scalar(text, isQuoted: true)))
        }
    }

    /// One of the given names.
    package static func name(of names: [String]) -> Self {
        let summary = "one of \(names.joined(separator: ", "))"
        return Self(summary, placeholder: names.first ?? "") { node, path, context in
            guard case .scalar(let text, _) = node.content else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            guard names.contains(text) else {
                let nearest =
                    ForeignNames.ours(text, among: names)
                    ?? nearestName(to: ForeignNames.withoutModule(text), among: names)
                context.report(.unknownName(node.place, key: path, name: text, nearest: nearest, allowed: names))
                return nil
            }
            return Reading(value: text, node: .plain(text))
        }
    }
}

extension ConfigurationType where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of an enumeration's names.
    package static func choice(of type: Value.Type) -> Self {
        let cases = Array(Value.allCases)
        let names = ConfigurationType<String>.name(of: cases.map(\.rawValue))
        return names.map { name in cases.first { $0.rawValue == name } ?? cases[0] }
    }
}

private func finiteNumber(_ text: String) -> Double? {
    guard let value = Double(text), value.isFinite, !text.lowercased().contains("x") else { return nil }
    return value
}

/// The range in words that follow "a number".
private func words<Bound>(for range: some RangeExpression<Bound>) -> String {
    switch range {
    case let range as PartialRangeFrom<Bound>: "of at least \(short(range.lowerBound))"
    case let range as ClosedRange<Bound>: "from \(short(range.lowerBound)) to \(short(range.upperBound))"
    case let range as Range<Bound>: "of at least \(short(range.lowerBound)) and below \(short(range.upperBound))"
    default: "in \(range)"
    }
}

private func lowerBound<Bound>(of range: some RangeExpression<Bound>) -> Bound? {
    switch range {
    case let range as PartialRangeFrom<Bound>: range.lowerBound
    case let range as ClosedRange<Bound>: range.lowerBound
    case let range as Range<Bound>: range.lowerBound
    default: nil
    }
}

/// A bound without a needless `.0`.
private func short(_ bound: some Any) -> String {
    let text = "\(bound)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
