import System

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

    package mutating func add(_ key: String, _ value: String) { addField(key, JSONText.quoted(value)) }

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

    private mutating func addField(_ key: String, _ text: String) { fields.append(JSONText.quoted(key) + ":" + text) }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "\"NaN\"" }
        if value.isInfinite { return value < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
        return value.description
    }
}
