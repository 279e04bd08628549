import System
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000"),
        (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func digitsAreGroupedByThree(_ number: Int, _ expected: String) { #expect(number.grouped == expected) }

    @Test func quotedTextEscapesWhatJSONForbids() {
        #expect(JSONText.quoted("a\"\\\u{8}\t\n\u{C}\r\u{1}\u{1f}é/") == "\"a\\\"\\\\\\b\\t\\n\\f\\r\\u0001\\u001fé/\"")
    }
}
