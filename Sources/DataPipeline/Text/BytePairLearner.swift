/// Learns a vocabulary from a text: the pair of neighbouring tokens that is most frequent becomes a token, again and
/// again. Gage 1994; for language models Sennrich, Haddow and Birch 2016, section 3.2.
///
/// Unlike theirs it joins bytes, not characters, and does not stop at words' ends: it knows nothing of any language. Of
/// pairs that are as frequent the one with the smaller first, then second number is taken. Cost: in proportion to the
/// text and to the joined places, times the logarithm of the number of pairs.
struct BytePairLearner {
    /// More bytes than these are not counted: frequencies hardly change beyond.
    static let mostBytes = 1 << 24
    /// More tokens have no room in a pair's key.
    static let mostTokens = 1 << 16

    private(set) var tokens: [[UInt8]]
    private var numbers: [[UInt8]: Int32]
    private var chain: TokenChain
    /// By pair, see ``key(_:_:)``.
    private var counts: [UInt32: Int] = [:]
    /// Where a pair has stood; some of these places have changed since.
    private var places: [UInt32: [Int32]] = [:]
    /// Pairs by frequency; of one that has become rarer since, at its former place.
    private var queue = MinimumHeap([])

    /// - Parameters:
    ///   - text: only bytes of `base`; those beyond ``mostBytes`` are not read.
    ///   - base: the first tokens, a byte each.
    init(_ text: UnsafeRawBufferPointer, base: [UInt8]) {
        tokens = base.map { [$0] }
        numbers = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, Int32($0)) })
        var table = [Int32](repeating: -1, count: 256)
        for (token, byte) in base.enumerated() { table[Int(byte)] = Int32(token) }
        chain = TokenChain(text.prefix(Self.mostBytes).map { table[Int($0)] })
        for place in chain.tokens.indices.dropLast() {
            count(chain.tokens[place], chain.tokens[place + 1], at: place)
        }
        queue = MinimumHeap(counts.map { Self.rank($1, $0) })
    }

    /// Adds tokens until there are `count`, or until no pair occurs twice.
    mutating func learn(count: Int) {
        precondition(count <= Self.mostTokens, "BytePairLearner: \(count) tokens")
        while tokens.count < count, let pair = mostFrequent() {
            let (left, right) = (Int32(pair >> 16), Int32(pair & 0xFFFF))
            let bytes = tokens[Int(left)] + tokens[Int(right)]
            // Two pairs may spell the same token, which then has the number of the first.
            let token = numbers[bytes] ?? Int32(tokens.count)
            if token == tokens.count {
                tokens.append(bytes)
                numbers[bytes] = token
            }
            join(left, right, into: token)
        }
    }

    private mutating func mostFrequent() -> UInt32? {
        while let rank = queue.pop() {
            let pair = UInt32(truncatingIfNeeded: rank)
            let count = counts[pair] ?? 0
            if count < 2 { continue }
            if Self.rank(count, pair) == rank { return pair }
            queue.push(Self.rank(count, pair))
        }
        return nil
    }

    /// Joins every occurrence of a pair, from left to right; then it occurs no more.
    private mutating func join(_ left: Int32, _ right: Int32, into token: Int32) {
        let pair = Self.key(left, right)
        var changed: Set<UInt32> = []
        for place in (places.removeValue(forKey: pair) ?? []).sorted().map(Int.init) {
            guard chain.token(at: place) == left else { continue }
            let second = chain.next(place)
            guard chain.token(at: second) == right else { continue }
            let (before, after) = (chain.previous(place), chain.next(second))
            if let neighbour = chain.token(at: before) {
                counts[Self.key(neighbour, left), default: 0] -= 1
                count(neighbour, token, at: before)
                changed.insert(Self.key(neighbour, token))
            }
            if let neighbour = chain.token(at: after) {
                counts[Self.key(right, neighbour), default: 0] -= 1
                count(token, neighbour, at: place)
                changed.insert(Self.key(token, neighbour))
            }
            chain.join(at: place, into: token)
        }
        counts[pair] = nil
        for pair in changed { queue.push(Self.rank(counts[pair] ?? 0, pair)) }
    }

    private mutating func count(_ left: Int32, _ right: Int32, at place: Int) {
        let pair = Self.key(left, right)
        counts[pair, default: 0] += 1
        places[pair, default: []].append(Int32(place))
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt32 { UInt32(left) << 16 | UInt32(right) }

    /// Smaller for pairs that are more frequent, then for smaller numbers.
    private static func rank(_ count: Int, _ pair: UInt32) -> UInt64 {
        UInt64(UInt32.max - UInt32(max(count, 0))) << 32 | UInt64(pair)
    }
}
