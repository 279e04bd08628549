import Sweeping
import Testing

struct SweepAxisTests {
    @Test(arguments: [
        ("optimizer.learningRate=0.1,0.01", ["0.1", "0.01"]),
        ("a=1", ["1"]),
        ("a= 1 , 2 ", ["1", "2"]),
        ("a=[1, 2],[3]", ["[1, 2]", "[3]"]),
        ("a={x: 1, y: 2};{x: 3}", ["{x: 1, y: 2}", "{x: 3}"]),
        ("a=1,2;3,4", ["1,2", "3,4"]),
        ("a=\"x,y\",'z;w'", ["\"x,y\"", "'z;w'"]),
        ("a=b=c,d", ["b=c", "d"]),
    ])
    func valuesStandBetweenCommasOrSemicolons(text: String, values: [String]) throws {
        let axis = try SweepAxis(vary: text)
        #expect(axis.values == values)
        #expect(try SweepAxis(vary: String(axis.option.dropFirst("--vary ".count))).values == values)
    }

    @Test(arguments: ["learningRate", "=1,2", "a=", "a=1,,2", "a=1;"])
    func whatIsNoListIsRefused(text: String) {
        #expect { try SweepAxis(vary: text) } throws: { "\($0)".hasPrefix("--vary \(text): ") }
    }

    @Test func seedsAreANumberOfThemOrAList() throws {
        #expect(try SweepAxis(seeds: "3").values == ["1", "2", "3"])
        #expect(try SweepAxis(seeds: "7,11").values == ["7", "11"])
        #expect(try SweepAxis(seeds: "7,").values == ["7"])
        #expect(try SweepAxis(ranks: "1, 2").values == ["1", "2"])
        for text in ["", "0", "x", "-1", "1,,2", "99999999999999999999", "20000"] {
            #expect { try SweepAxis(seeds: text) } throws: { "\($0)".hasPrefix("--seeds \(text): ") }
        }
        #expect {
            try SweepAxis(seeds: "99999999999999999999")
        } throws: {
            "\($0)".contains("is no number of 0 to 9223372036854775807")
        }
        #expect(throws: SweepError.self) { try SweepAxis(threads: "0") }
        #expect(throws: SweepError.self) { try SweepAxis(ranks: "70000") }
    }
}
