import DataPipeline
import Testing

/// How the text of a table may be written, and what an error says of where something is wrong.
struct TableFormTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    func open(_ bytes: [UInt8], _ settings: TableSettings) throws -> any Dataset {
        try CSV(table: settings, test: 0).open(.train, path: try folder.write("t.csv", bytes), imports: [:])
    }

    func features(_ text: String, _ settings: TableSettings = TableSettings()) throws -> [[Float]] {
        let dataset = try open(Array(text.utf8), settings)
        var rows = [[Float]](repeating: [], count: dataset.count)
        for index in 0..<dataset.count { rows[dataset.sampleID(of: index)] = try dataset.values(index) }
        return rows
    }

    func problem(_ text: String, _ settings: TableSettings = TableSettings()) -> String {
        problem(bytes: Array(text.utf8), settings)
    }

    func problem(bytes: [UInt8], _ settings: TableSettings = TableSettings()) -> String {
        do {
            _ = try open(bytes, settings)
            return "nothing"
        } catch { return "\(error)".replacingOccurrences(of: folder.path + "/", with: "") }
    }

    @Test("any character separates, of one byte or several", arguments: [",", ";", "\t", "|", "x", "§", "¦", "→", ":"])
    func separators(separator: Character) throws {
        let text = ["a", "b\n1", "-2.5\n\"3\"", " 4 \n"].joined(separator: String(separator))
        #expect(try features(text, TableSettings(separator: separator)) == [[1, -2.5], [3, 4]])
    }

    @Test func severalSpacesSeparateOnceAndThoseAtTheEndOfALineDoNot() throws {
        let text = "a b\n  1   2  \n3 \"4\"\n"
        #expect(try features(text, TableSettings(separator: " ")) == [[1, 2], [3, 4]])
        #expect(try features("1 2 ", TableSettings(hasHeader: false, separator: " ")) == [[1, 2]])
    }

    @Test(
        "lines end as on Windows, on Unix and on old Macintoshes, and a byte order mark does not count",
        arguments: ["\n", "\r\n", "\r"])
    func lineEnds(end: String) throws {
        let text = "\u{FEFF}a,b\(end)1,2\(end)\(end)3,4"
        #expect(try features(text) == [[1, 2], [3, 4]])
        #expect(problem("a,b\(end)1,2\(end)\(end)3,x").hasPrefix("t.csv:4: column 'b': 'x'"), "\(problem(text))")
    }

    @Test func linesAreCountedThroughQuotedLineEnds() {
        let text = "name,b\n\"one\ntwo\r\nthree\",1\nplain,x\n"
        var settings = TableSettings(categorical: ["name"])
        #expect(
            problem(text, settings).hasPrefix("t.csv:5: column 'b': 'x' is no number"), "\(problem(text, settings))")
        settings.ignored = ["name"]
        #expect(problem("name,b\n\"a\n\nb\",y\n", settings).hasPrefix("t.csv:2: column 'b': 'y'"))
        #expect(problem("name,b\n\"a\n\nb\",1\n1,2,3\n").hasPrefix("t.csv:5: 3 values for 2 columns"))
    }

    @Test func aNumberMayHaveADecimalComma() throws {
        var settings = TableSettings(separator: ";")
        #expect(problem("a;b\n1,5;2\n", settings).contains("'1,5' is no number; correct it, set data.decimal: comma"))
        settings.decimal = .comma
        #expect(try features("a;b\n1,5;-,25\n2;1,e2\n", settings) == [[1.5, -0.25], [2, 100]])
        // A point could separate thousands.
        #expect(
            problem("a;b\n1.500;2\n", settings).contains("'1.500' is no number; correct it, set data.decimal: point"))
        settings.separator = ","
        #expect(try features("a,b\n\"1,5\",2\n", settings) == [[1.5, 2]])
    }

    @Test func furtherTextsStandForValuesThatAreMissing() throws {
        var settings = TableSettings()
        #expect(try features("a\n-999\n", settings) == [[-999]])
        settings.missing = ["-999", "unknown"]
        for text in ["-999", "unknown", "", "NA"] {
            #expect(problem("a,b\n1,\(text)\n", settings).hasPrefix("t.csv:2: column 'b': the value is missing"))
        }
    }

    @Test(
        "a first row of data is not taken for names unless somebody says so",
        arguments: [
            ("5.1,3.5,setosa\n4.9,3.0,setosa\n", "t.csv:1: the first row holds '5.1' and does not look like names"),
            ("1,2\n3,4\n", "t.csv:1: the first row holds '1'"), ("a,-1\n3,4\n", "t.csv:1: the first row holds '-1'"),
            ("country,1990,1991\nx,2,3\n", "nothing"), ("a,b\n1,2\n", "nothing"),
        ])
    func guessedHeader(text: String, expected: String) {
        var settings = TableSettings(categorical: ["1"])
        settings.headerIsGuess.isOne = true
        #expect(problem(text, settings).hasPrefix(expected), "\(problem(text, settings))")
        settings.headerIsGuess.isOne = false
        #expect(!problem(text, settings).contains("look like names"))
    }

    @Test func aHeaderThatNobodyExpectsIsExplained() {
        let named = TableSettings(hasHeader: false, columns: ["a", "b"])
        #expect(problem("a,b\n1,2\n", named).contains("holds the names of data.columns; set data.header: true"))
        #expect(
            problem("x,y\n1,2\n", TableSettings(hasHeader: false)).contains(
                "'x' is no number; correct it, set data.header: true if the first row names the columns"))
        #expect(!problem("1,2\n1,y\n", TableSettings(hasHeader: false)).contains("data.header"))
    }

    @Test func whatNoTableHoldsIsRefused() {
        let long = String(repeating: "7", count: 1 << 20)
        #expect(problem("a\n\(long)\n").contains("is no number"))
        #expect(problem("a\n\(long)7\n").hasPrefix("t.csv:2: column '1': the value has more than 1048576 bytes"))
        #expect(
            problem("a,b\n1,\"2\n" + String(repeating: "3,4\n", count: 300_000)).hasPrefix("t.csv:2: column '2': the"))
        #expect(problem(bytes: [0xFF, 0xFE, 97, 0, 10, 0]).contains("UTF-16; convert it with iconv"))
    }
}
