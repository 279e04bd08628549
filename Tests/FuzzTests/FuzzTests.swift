import FuzzTargets
import TestSupport
import Testing

/// Every reader against inputs that are nearly in order. What `Tests/scripts/fuzz` once found is a test of its module.
///
/// One after the other: the targets of readers of files write theirs to one folder of the process.
@Suite(.serialized) struct FuzzTests {
    /// Some 0.2 s a target.
    private static let changed = 1500

    /// A seed that is refused would lead nowhere.
    @Test(arguments: FuzzTarget.all)
    func seedsReachWhatTheyAreFor(_ target: FuzzTarget) throws {
        let seeds = try target.seeds()
        let taken = seeds.filter { seed in seed.withUnsafeBytes { target.takes($0) } }
        #expect(taken.count >= min(2, seeds.count), "\(taken.count) of \(seeds.count) seeds are in order")
        #expect(seeds.allSatisfy { $0.count <= target.longest })
    }

    /// The program would end otherwise.
    @Test(arguments: FuzzTarget.all)
    func changedSeedsGiveValuesOrErrors(_ target: FuzzTarget) throws {
        let (seeds, words) = (try target.seeds(), try target.words())
        var numbers = TestNumbers(seed: 18)
        for round in 0..<FuzzTests.changed {
            var input = seeds[round % seeds.count]
            for _ in 0...numbers.integer(below: 4) { change(&input, words, &numbers) }
            input.prefix(target.longest).withUnsafeBytes { _ = target.takes($0) }
        }
    }

    /// Changes a byte, a piece or a number, or puts a word in.
    private func change(_ input: inout [UInt8], _ words: [[UInt8]], _ numbers: inout TestNumbers) {
        let place = numbers.integer(below: input.count + 1)
        let length = min(numbers.integer(below: 9), input.count - place)
        switch numbers.integer(below: 7) {
        case 0 where place < input.count: input[place] ^= 1 << UInt8(numbers.integer(below: 8))
        case 1 where place < input.count: input[place] = [0, 1, 0x7F, 0x80, 0xFF][numbers.integer(below: 5)]
        case 2: input.removeSubrange(place..<place + length)
        case 3: input.insert(contentsOf: input[place..<place + length], at: numbers.integer(below: input.count + 1))
        case 4: input.removeSubrange(place...)
        case 5 where !words.isEmpty: input.insert(contentsOf: words[numbers.integer(below: words.count)], at: place)
        default: input.insert(contentsOf: (0..<length).map { _ in UInt8(numbers.integer(below: 256)) }, at: place)
        }
    }
}
