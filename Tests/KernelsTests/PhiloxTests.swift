import Kernels
import System
import TestSupport
import Testing

@Suite struct PhiloxTests {
    /// A key and a counter with the words that they give.
    struct KnownAnswer: Sendable {
        var counter: SIMD4<UInt32>
        var key: UInt64
        var words: SIMD4<UInt32>
    }

    /// philox4x32-10 in `kat_vectors` of the Random123 distribution: zeros, ones, digits of π.
    static let knownAnswers = [
        KnownAnswer(
            counter: SIMD4(repeating: 0), key: 0, words: SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
        KnownAnswer(
            counter: SIMD4(repeating: .max), key: .max, words: SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
        ),
        KnownAnswer(
            counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: 0x299f_31d0_a409_3822,
            words: SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)),
    ]

    @Test(arguments: knownAnswers) func givesTheKnownAnswers(_ known: KnownAnswer) {
        #expect(philox(key: known.key, counter: known.counter) == known.words)
    }

    @Test(arguments: [UInt32(0), 16, 0x7fff_fff8, 0xffff_fff0])
    func sixteenBlocksAreTheSingleOnesLaneByLane(first: UInt32) {
        let words = philox16(key: 0x0123_4567_89ab_cdef, first: first, word2: 7, word3: 0xdead_beef)
        for lane in 0..<16 {
            let single = philox(key: 0x0123_4567_89ab_cdef, counter: SIMD4(first &+ UInt32(lane), 0, 7, 0xdead_beef))
            #expect(SIMD4(words.0[lane], words.1[lane], words.2[lane], words.3[lane]) == single)
        }
    }

    @Test func keysOfPurposesAndValuesDiffer() {
        let root = RandomKey(seed: 1)
        let keys =
            RandomKey.Purpose.allCases.map { root.folding($0) } + (100..<1100).map { root.folding($0) }
            + (0..<1000).map { root.folding(.dropout).folding($0) } + (0..<1000).map { RandomKey(seed: $0) }
        #expect(Set(keys.map(\.bits)).count == keys.count)
    }

    @Test func uniformNumbersFillTheUnitInterval() {
        let key = RandomKey(seed: 3)
        let count = 100_000
        var bins = Array(repeating: 0, count: 10)
        for i in 0..<count {
            let value = key.uniform(at: UInt64(i))
            #expect(value >= 0 && value < 1)
            bins[min(Int(value * 10), 9)] += 1
        }
        // χ² with 9 degrees of freedom exceeds 27.9 with probability 0.001; the numbers are fixed.
        let expected = Double(count) / 10
        #expect(bins.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected } < 27.9)
        #expect(RandomKey.unit(.max) < 1)
        #expect(RandomKey.unit(0) == 0)
    }

    @Test func integersReachEveryValueBelowTheBound() {
        let key = RandomKey(seed: 4)
        let values = (0..<1000).map { key.integer(at: $0, below: 7) }
        #expect(Set(values) == Set(0..<7))
    }

    @Test func normalNumbersHaveTheMomentsOfTheNormalDistribution() {
        let key = RandomKey(seed: 5)
        let values = (UInt64(0)..<50_000).flatMap { i -> [Double] in
            let (a, b) = key.normals(at: i)
            return [Double(a), Double(b)]
        }
        let count = Double(values.count)
        func mean(_ f: (Double) -> Double) -> Double { values.reduce(0) { $0 + f($1) } / count }
        // Four standard errors of each moment: √(1/n), √(2/n), √(96/n).
        #expect(abs(mean { $0 }) < 4 / count.squareRoot())
        #expect(abs(mean { $0 * $0 } - 1) < 4 * (2 / count).squareRoot())
        #expect(abs(mean { $0 * $0 * $0 * $0 } - 3) < 4 * (96 / count).squareRoot())
    }

    @Test func namesAreHashedByFNV1a() {
        #expect(fnv1a("") == 0xCBF2_9CE4_8422_2325)
        #expect(fnv1a("foobar") == 0x8594_4171_F739_67E8)  // Test vector of the authors, draft-eastlake-fnv.
        #expect(RandomKey(seed: 1).folding(name: "a") != RandomKey(seed: 1).folding(name: "b"))
    }
}
