/// References to environment variables inside configuration values: `${NAME}` and `${NAME:-default}`.
///
/// As in a shell, the default stands in for a variable that is unset or empty. `$${` stands for the characters `${`.
package enum EnvironmentReference {
    /// Why a reference cannot be replaced.
    package enum Failure: Error {
        case undefined(variable: String)
        case malformed(text: String)
    }

    /// The text with every reference replaced by the variable's value.
    package static func expand(_ text: String, environment: [String: String]) throws(Failure) -> String {
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                result += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let reference = parse(rest) else { throw .malformed(text: String(rest)) }
                result += try value(of: reference, environment: environment)
                rest = rest[reference.end...]
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// The text written so that `expand` gives it back.
    package static func escape(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while !rest.isEmpty {
            let literal = rest.hasPrefix("${")
            result += literal ? "$${" : String(rest.prefix(1))
            rest = rest.dropFirst(literal ? 2 : 1)
        }
        return result
    }

    /// YAML gives `{`, `}`, `:` and `,` a meaning inside `{…}` and `[…]`. To let a reference stand there unquoted, each
    /// of its characters is moved one for one (lines and columns stay true) to a private-use code point until YAML is
    /// parsed.
    package static func shield(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            if let reference = parse(rest) {
                result.unicodeScalars += rest[..<reference.end].unicodeScalars.map { shifted($0, by: Int(privateUse)) }
                rest = rest[reference.end...]
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// The inverse of `shield`.
    package static func unshield(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        result += text.unicodeScalars.map { $0.value > privateUse ? shifted($0, by: -Int(privateUse)) : $0 }
        return String(result)
    }

    /// First code point of Supplementary Private Use Area-A.
    private static let privateUse: UInt32 = 0xF0000

    private static func shifted(_ scalar: Unicode.Scalar, by offset: Int) -> Unicode.Scalar {
        guard scalar.isASCII || offset < 0 else { return scalar }
        return Unicode.Scalar(UInt32(Int(scalar.value) + offset)) ?? scalar
    }

    private struct Parsed {
        var name: String
        var fallback: String?
        var end: Substring.Index
    }

    private static func parse(_ text: Substring) -> Parsed? {
        guard let match = text.prefixMatch(of: /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}\n]*))?\}/) else { return nil }
        return Parsed(name: String(match.1), fallback: match.2.map(String.init), end: match.range.upperBound)
    }

    private static func value(of reference: Parsed, environment: [String: String]) throws(Failure) -> String {
        let value = environment[reference.name]
        if let fallback = reference.fallback { return value.flatMap { $0.isEmpty ? nil : $0 } ?? fallback }
        guard let value else { throw .undefined(variable: reference.name) }
        return value
    }
}
