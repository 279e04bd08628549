/// Pieces of JSON (RFC 8259).
package enum JSONText {
    /// `text` as a JSON string: quote, backslash and control characters escaped (the short way where there is one), all
    /// else as it is; Python's `json.dumps(text, ensure_ascii=False)` does the same.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{8}": result += "\\b"
            case "\t": result += "\\t"
            case "\n": result += "\\n"
            case "\u{C}": result += "\\f"
            case "\r": result += "\\r"
            case "\u{0}"..<"\u{10}": result += "\\u000" + String(scalar.value, radix: 16)
            case "\u{10}"..<"\u{20}": result += "\\u00" + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
