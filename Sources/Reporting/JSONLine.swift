/// One JSON object on one line, its keys in the order in which they are added.
///
/// Numbers are written in the shortest form that reads back as the same `Double`. JSON has no NaN and no infinity: they
/// become the strings "NaN", "Infinity" and "-Infinity", which Python's `float` and Swift's `Double` read back.
package struct JSONLine {
    private var fields: [String] = []

    package init() {}

    /// Adds `value`; nil leaves the key out.
    package mutating func add(_ key: String, _ value: Int?) {
        if let value { addField(key, String(value)) }
    }

    package mutating func add(_ key: String, _ value: Double?) {
        if let value { addField(key, JSONLine.number(value)) }
    }

    package mutating func add(_ key: String, _ value: String) { addField(key, JSONLine.string(value)) }

    package mutating func add(_ key: String, _ value: Bool) { addField(key, value ? "true" : "false") }

    /// Adds an object of numbers, sorted by name; an empty one is left out.
    package mutating func add(_ key: String, _ values: [String: Double]) {
        if values.isEmpty { return }
        var object = JSONLine()
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { object.add(name, value) }
        addField(key, object.text)
    }

    /// The object, without a line break.
    package var text: String { "{" + fields.joined(separator: ",") + "}" }

    private mutating func addField(_ key: String, _ text: String) { fields.append(JSONLine.string(key) + ":" + text) }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "\"NaN\"" }
        if value.isInfinite { return value < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
        return value.description
    }

    /// `text` as a JSON string (RFC 8259, section 7): quotation mark, backslash and control characters are escaped.
    private static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
