import Inspection
import Testing

@Suite struct RandomizationTestTests {
    private typealias Map = RandomizationTest.Map

    private func map(_ values: [Float]) -> Map { Map(signed: values, shown: values.map { abs($0) }) }

    @Test func `the same maps correlate wholly, other samples' as their magnitudes do`() {
        let maps = [map([1, -2, 3, -4]), map([4, 3, -2, 1])]
        let test = RandomizationTest(maps, maps)
        #expect(test.signed == 1 && test.absolute == 1 && test.ofAnother == -1)
    }

    @Test func `a map whose signs are turned round is another with signs, and the same without`() {
        let test = RandomizationTest([map([1, -2, 3, -4])], [map([-1, 2, -3, 4])])
        #expect(test.signed == -1 && test.absolute == 1 && test.ofAnother == nil)
    }

    @Test func `a map without signs has one correlation less`() {
        let test = RandomizationTest([Map(signed: nil, shown: [0, 1, 2])], [Map(signed: nil, shown: [5, 7, 9])])
        #expect(test.signed == nil && test.absolute == 1)
    }

    @Test func `what is white is the value that a share of the values lies above`() {
        let values = (0..<200).map { Float($0) }
        #expect(Shade.highest(values, butFor: 0.01) == 197)
        #expect(Shade.highest([0, 0, 0, 9], butFor: 0.5) == 9)
        #expect(Shade.highest([.nan, .infinity, 3], butFor: 0) == 3)
        #expect(Shade.highest([], butFor: 0.01) == 0)
    }
}
