import TensorCore

/// The tokens of a text, each some bytes; a token's number is its place. The words alone say how a text is cut into
/// tokens, so that trained weights need nothing else.
///
/// Where every token is one character, the text is cut into characters. Else it is cut into bytes, and of the
/// neighbours that together are a token those with the lowest number are joined, the leftmost first, until no two are:
/// byte-pair encoding, see ``BytePairLearner``, whose later tokens are made of earlier ones.
package struct TextVocabulary: Equatable, Sendable {
    package let tokens: [[UInt8]]
    /// By character; nil where texts are cut into bytes.
    private let characters: [UInt32: Int32]?
    /// By byte; −1 of one that is no token.
    private let singles: [Int32]
    /// What two tokens make together, by their numbers.
    private let joined: [UInt64: Int32]

    /// A character of a text that no token stands for.
    package struct UnknownCharacter: Error, Equatable {
        /// The character, or its first byte as `<0xE9>` where it is none.
        package let character: String
        /// Bytes of the text before it.
        package let offset: Int

        package init(character: String, offset: Int) {
            self.character = character
            self.offset = offset
        }
    }

    /// - Parameter tokens: all different, none without bytes.
    package init(tokens: [[UInt8]]) {
        self.tokens = tokens
        let numbers = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, Int32($0)) })
        var characters: [UInt32: Int32]? = [:]
        var singles = [Int32](repeating: -1, count: 256)
        var joined: [UInt64: Int32] = [:]
        for (number, bytes) in tokens.enumerated() {
            if bytes.count == 1 { singles[Int(bytes[0])] = Int32(number) }
            let scalar = bytes.withUnsafeBytes { UTF8Text.scalar($0, at: 0) }
            if let scalar, scalar.count == bytes.count {
                characters?[scalar.value] = Int32(number)
            } else {
                characters = nil
            }
        }
        for (number, bytes) in tokens.enumerated() where characters == nil {
            for cut in 1..<max(bytes.count, 1) {
                if let left = numbers[Array(bytes[..<cut])], let right = numbers[Array(bytes[cut...])] {
                    joined[Self.pair(left, right)] = Int32(number)
                }
            }
        }
        self.characters = characters
        self.singles = singles
        self.joined = joined
    }

    /// A token for each byte, in this order.
    package init(bytes: [UInt8]) { self.init(tokens: bytes.map { [$0] }) }

    /// The vocabulary whose words are these; nil when two are the same or one is empty.
    package init?(words: [String]) {
        let tokens = words.map(TokenWord.bytes)
        guard Set(tokens).count == tokens.count, tokens.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(tokens: tokens)
    }

    package static func == (a: TextVocabulary, b: TextVocabulary) -> Bool { a.tokens == b.tokens }

    /// The tokens as text, see `TokenWord`.
    package var words: [String] { tokens.map(TokenWord.word) }

    package func decode(_ numbers: some Sequence<Int32>) -> [UInt8] { numbers.flatMap { tokens[Int($0)] } }

    /// The tokens of a text; decoded they are the text again.
    package func encode(_ text: [UInt8]) throws(UnknownCharacter) -> [Int32] {
        var result: Result<[Int32], UnknownCharacter> = .success([])
        text.withUnsafeBytes { bytes in
            result = Result { () throws(UnknownCharacter) in try encode(bytes) }
        }
        return try result.get()
    }

    /// As ``encode(_:)`` for an array.
    package func encode(_ text: UnsafeRawBufferPointer) throws(UnknownCharacter) -> [Int32] {
        if let characters { return try encode(text, characters) }
        var numbers: [Int32] = []
        numbers.reserveCapacity(text.count)
        for (offset, byte) in text.enumerated() {
            if singles[Int(byte)] < 0 { throw unknown(text, at: offset) }
            numbers.append(singles[Int(byte)])
        }
        return joined.isEmpty ? numbers : join(numbers)
    }

    private func encode(
        _ text: UnsafeRawBufferPointer, _ characters: [UInt32: Int32]
    ) throws(UnknownCharacter) -> [Int32] {
        var numbers: [Int32] = []
        var offset = 0
        while offset < text.count {
            guard let (value, count) = UTF8Text.scalar(text, at: offset), let number = characters[value] else {
                throw unknown(text, at: offset)
            }
            numbers.append(number)
            offset += count
        }
        return numbers
    }

    /// The error for the character that the byte at `offset` belongs to.
    private func unknown(_ text: UnsafeRawBufferPointer, at offset: Int) -> UnknownCharacter {
        var first = offset
        while first > 0, offset - first < 3, text[first] & 0xC0 == 0x80 { first -= 1 }
        for start in [first, offset] {
            guard let (_, count) = UTF8Text.scalar(text, at: start), start + count > offset else { continue }
            let character = String(decoding: text[start..<start + count], as: UTF8.self)
            return UnknownCharacter(character: character, offset: start)
        }
        return UnknownCharacter(character: TokenWord.word(of: [text[offset]]), offset: offset)
    }

    /// Joins neighbours until no two together are a token.
    private func join(_ numbers: [Int32]) -> [Int32] {
        var chain = TokenChain(numbers)
        func rank(_ place: Int) -> UInt64? {
            guard let left = chain.token(at: place), left >= 0, let right = chain.token(at: chain.next(place)),
                let token = joined[Self.pair(left, right)]
            else { return nil }
            return UInt64(token) << 32 | UInt64(place)
        }
        var queue = MinimumHeap(numbers.indices.compactMap(rank))
        while let first = queue.pop() {
            let place = Int(first & 0xFFFF_FFFF)
            // What stood there may have been joined with another neighbour since.
            guard rank(place) == first else { continue }
            chain.join(at: place, into: Int32(first >> 32))
            if let next = rank(place) { queue.push(next) }
            let previous = chain.previous(place)
            if previous >= 0, let before = rank(previous) { queue.push(before) }
        }
        return chain.remaining
    }

    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 { UInt64(left) << 32 | UInt64(right) }
}
