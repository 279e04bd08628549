import Reporting
import Testing

struct SpreadTests {
    @Test func theDeviationIsThatOfASample() throws {
        let spread = try #require(Spread([1, 2, 6]))
        #expect(spread.mean == 3 && spread.lowest == 1 && spread.highest == 6 && spread.count == 3)
        // (4 + 1 + 9) / 2 = 7
        #expect(spread.deviation == 7.0.squareRoot() && spread.text() == "3 ± 2.6")
    }

    @Test func oneFigureHasNoDeviation() {
        #expect(Spread([]) == nil && Spread([0.125])?.deviation == nil && Spread([0.125])?.text() == "0.125")
        #expect(Spread([12_345_678, 12_345_678])?.text(isCount: true) == "12345678")
        #expect(Spread([40, 41, 43])?.text(isCount: true) == "41.3333 ± 1.5")
        #expect(Spread([20, 20])?.text(isCount: true) == "20" && Spread([20, 20])?.text() == "20 ± 0")
        #expect(Spread([.nan, 1])?.text() == "nan ± nan")
    }
}
