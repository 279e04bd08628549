/// Tokens in a row of which neighbours can be joined, each at the place of its first byte.
struct TokenChain {
    /// By place; −1 where a token has been joined to the one before.
    private(set) var tokens: [Int32]
    /// The place of the next token; `tokens.count` behind the last.
    private var following: [Int32]
    /// The place of the token before; −1 before the first.
    private var preceding: [Int32]

    init(_ tokens: [Int32]) {
        precondition(tokens.count < Int32.max, "TokenChain: \(tokens.count) tokens")
        self.tokens = tokens
        following = (0..<tokens.count).map { Int32($0 + 1) }
        preceding = (0..<tokens.count).map { Int32($0 - 1) }
    }

    /// The token at a place; nil outside the chain.
    func token(at place: Int) -> Int32? { place >= 0 && place < tokens.count ? tokens[place] : nil }
    func next(_ place: Int) -> Int { Int(following[place]) }
    func previous(_ place: Int) -> Int { Int(preceding[place]) }

    /// Makes one token of the one at `place` and the next.
    mutating func join(at place: Int, into token: Int32) {
        let joined = next(place)
        tokens[place] = token
        tokens[joined] = -1
        following[place] = following[joined]
        if next(place) < tokens.count { preceding[next(place)] = Int32(place) }
    }

    /// The tokens that are left, in order.
    var remaining: [Int32] { tokens.filter { $0 >= 0 } }
}
