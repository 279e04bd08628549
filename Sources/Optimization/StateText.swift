/// Reads and writes the numbers of a saved state exactly: doubles as 16 hexadecimal digits of their bit pattern.
struct StateText {
    let owner: String
    let values: [String: String]

    /// More than any run counts; with it no later sum overflows.
    private static let largestCount = 1 << 40

    static func text(_ value: Double) -> String {
        let digits = String(value.bitPattern, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    func double(_ key: String) throws(OptimizationError) -> Double {
        let text = values["\(owner).\(key)"]
        guard let text, text.utf8.count == 16, let bits = UInt64(text, radix: 16), Double(bitPattern: bits).isFinite
        else {
            throw unreadable(key, expected: "16 hexadecimal digits of a finite number")
        }
        return Double(bitPattern: bits)
    }

    func count(_ key: String) throws(OptimizationError) -> Int {
        guard let text = values["\(owner).\(key)"], let count = Int(text), (0...StateText.largestCount).contains(count)
        else {
            throw unreadable(key, expected: "a count")
        }
        return count
    }

    private func unreadable(_ key: String, expected: String) -> OptimizationError {
        .unreadableState(owner: owner, key: "\(owner).\(key)", value: values["\(owner).\(key)"], expected: expected)
    }
}
