import Testing
import Training

struct QuantityTests {
    @Test(arguments: [("2us", 2e-6), ("2µs", 2e-6), ("0.5ms", 5e-4), ("1.5 ms", 1.5e-3), ("3s", 3)])
    func `times`(text: String, seconds: Double) throws {
        #expect(abs(try Quantity.seconds(text) - seconds) < 1e-15)
    }

    @Test(arguments: [
        ("200Mbit", 25e6), ("25Gbit", 3.125e9), ("25Gbit/s", 3.125e9), ("110MB/s", 110e6), ("3 GB/s", 3e9),
    ])
    func `rates`(text: String, bytes: Double) throws {
        #expect(try Quantity.bytesPerSecond(text) == bytes)
    }

    @Test(arguments: [
        ("25Gb", "unknown unit 'Gb', did you mean Gbit for bits or GB/s for bytes?"),
        ("25gbit", "unknown unit 'gbit', did you mean Gbit?"), ("3GB", "unknown unit 'GB', did you mean GB/s?"),
        ("25", "has no unit"), ("2ms", "is a time"), ("fast", "does not begin with a number above 0"),
        ("0Gbit", "does not begin with a number above 0"), ("-1Gbit", "does not begin with a number above 0"),
        ("5parsecs", "unknown unit 'parsecs'; give 200Mbit, 25Gbit"),
    ])
    func `wrong rates are refused with what to give`(text: String, words: String) {
        #expect { try Quantity.bytesPerSecond(text) } throws: { "\($0)".contains("\(text): \(words)") }
    }

    @Test(arguments: [("2", "has no unit; give 50us"), ("1Gbit", "is a rate"), ("2min", "unknown unit 'min'")])
    func `wrong times are refused with what to give`(text: String, words: String) {
        #expect { try Quantity.seconds(text) } throws: { "\($0)".contains("\(text): \(words)") }
    }
}
