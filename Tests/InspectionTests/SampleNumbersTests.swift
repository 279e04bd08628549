import Inspection
import Testing

@Suite struct SampleNumbersTests {
    @Test func `numbers, ranges and lists of both are read, and nothing else`() {
        #expect(SampleNumbers(argument: "5")?.numbers == [5])
        #expect(SampleNumbers(argument: "0-3,7")?.numbers == [0, 1, 2, 3, 7])
        for bad in ["", "a", "3-1", "-1", "1,,2", "1-2-3", "0-99999999"] {
            #expect(SampleNumbers(argument: bad) == nil, "\(bad)")
        }
    }
}
