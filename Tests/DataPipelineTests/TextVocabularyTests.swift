import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

struct TextVocabularyTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func open(
        _ bytes: [UInt8], _ vocabulary: Text.Vocabulary, _ split: DatasetSplit = .train, window: Int = 4,
        test: Double = 0.2
    ) throws -> any Dataset {
        try Text(window: window, vocabulary: vocabulary, test: test)
            .open(split, path: try folder.write("text.txt", bytes), imports: [:])
    }

    private func vocabulary(_ dataset: any Dataset) throws -> TextVocabulary {
        try #require(TextVocabulary(words: dataset.fields[0].meaning.choiceNames))
    }

    /// The text of a data set's windows.
    private func text(_ dataset: any Dataset) throws -> [UInt8] {
        try vocabulary(dataset).decode(try (0..<dataset.count).flatMap { try dataset.integers($0, "tokens") })
    }

    /// Words of a small made-up language, in Latin, Greek and other letters, some of them of two scalars.
    private static func words(_ count: Int, seed: UInt64) -> [UInt8] {
        let words = ["the ", "then ", "hat\n", "über ", "λόγος ", "猫", "👩‍🚀 ", "e\u{301}t ", "<0xE9> ", "\u{0}"]
        let key = RandomKey(seed: seed)
        return (0..<count).flatMap { Array(words[key.integer(at: UInt64($0), below: words.count)].utf8) }
    }

    private static func randomBytes(_ count: Int, of kinds: Int, seed: UInt64) -> [UInt8] {
        let key = RandomKey(seed: seed)
        return (0..<count).map { UInt8(truncatingIfNeeded: key.integer(at: UInt64($0), below: kinds) &* 37) }
    }

    @Test("the words of a vocabulary give its tokens back, bytes that are no text and texts that look like such too")
    func wordsGiveTokensBack() throws {
        let all = TextVocabulary(bytes: Array(0...255))
        #expect(TextVocabulary(words: all.words) == all && Set(all.words).count == 256)
        #expect(all.words[65] == "A" && all.words[10] == "\n" && all.words[0xE9] == "<0xE9>")
        let odd: [[UInt8]] = [
            [0xC3], [0xA9], [0xC3, 0xA9], Array("<0xC3>".utf8), Array("<0xC3".utf8), Array("a<0xC3>".utf8),
            [0x61, 0xC3], Array("<0xc3>".utf8), Array("e\u{301}".utf8), Array("\u{E9}e".utf8),
        ]
        let vocabulary = TextVocabulary(tokens: odd)
        #expect(vocabulary.words.map { TokenWord.bytes(of: $0) } == odd)
        #expect(vocabulary.words[0] == "<0xC3>" && vocabulary.words[2] == "é" && vocabulary.words[6] == "<0x61><0xC3>")
        let json = try JSONDecoder().decode([String].self, from: JSONEncoder().encode(vocabulary.words))
        #expect(TextVocabulary(words: json) == vocabulary)
        #expect(TextVocabulary(words: ["a", "a"]) == nil && TextVocabulary(words: ["a", ""]) == nil)
    }

    @Test("byte pairs give any text back, learned from one and used for another", arguments: 0..<12)
    func bytePairsRoundTrip(seed: Int) throws {
        let kinds = [2, 3, 17, 256][seed % 4]
        let trained =
            seed < 8 ? Self.randomBytes(3000, of: kinds, seed: UInt64(seed)) : Self.words(700, seed: UInt64(seed))
        let distinct = Set(trained).count
        let dataset = try open(trained, .bytePairs(distinct + 20), window: 1)
        let vocabulary = try vocabulary(dataset)
        #expect(vocabulary.tokens.count == distinct + 20 && Set(vocabulary.tokens).count == distinct + 20)
        let other =
            seed < 8 ? Self.randomBytes(999, of: kinds, seed: 99) : Self.words(200, seed: 99)
        let tokens = try vocabulary.encode(other)
        #expect(vocabulary.decode(tokens) == other)
        // Of 256 kinds of bytes hardly a pair of one text is in another.
        #expect(tokens.count < other.count || kinds == 256 && seed < 8)
        #expect(try text(dataset).elementsEqual(trained.prefix(try text(dataset).count)))
        // Every token can come of a text: it is what its own bytes are joined to, or they are joined another way.
        for token in vocabulary.tokens { #expect(vocabulary.decode(try vocabulary.encode(token)) == token) }
    }

    /// The encoding by its definition: the lowest token that two neighbours make, the leftmost, again and again.
    private static func slowEncoding(_ text: [UInt8], _ tokens: [[UInt8]]) -> [[UInt8]] {
        var pieces = text.map { [$0] }
        while true {
            let ranks = pieces.indices.dropLast().map { tokens.firstIndex(of: pieces[$0] + pieces[$0 + 1]) ?? .max }
            guard let lowest = ranks.min(), lowest < .max, let place = ranks.firstIndex(of: lowest) else {
                return pieces
            }
            pieces[place] += pieces.remove(at: place + 1)
        }
    }

    @Test("a text is encoded as the definition says", arguments: 0..<6)
    func encodingFollowsItsDefinition(seed: Int) throws {
        let trained = seed < 3 ? Self.randomBytes(900, of: 3, seed: UInt64(seed)) : Self.words(200, seed: UInt64(seed))
        let vocabulary = try vocabulary(open(trained, .bytePairs(Set(trained).count + 30), window: 1))
        for length in [0, 1, 2, 3, 50, 301] {
            let text = Array(trained.suffix(length))
            #expect(
                try vocabulary.encode(text).map { vocabulary.tokens[Int($0)] }
                    == Self.slowEncoding(text, vocabulary.tokens))
        }
    }

    @Test("pairs are learned by frequency in the training part alone, and equal ones by their numbers")
    func learning() throws {
        // Sennrich et al. 2016, figure 1, as one text: e s, then es t, then l o are the most frequent.
        let text = Array(
            "low low low low low lower lower newest newest newest newest newest newest widest widest widest".utf8)
        let tokens = try vocabulary(open(text, .bytePairs(Set(text).count + 4), window: 1, test: 0)).tokens
        #expect(
            tokens.dropFirst(Set(text).count).map { String(decoding: $0, as: UTF8.self) }
                == Self.slowLearning(text, 4))
        #expect(tokens.prefix(2) == [[0x20], [UInt8(ascii: "d")]])
        // The last part, which is the test, would make `zz` the most frequent by far.
        let half = Array(repeating: UInt8(ascii: "z"), count: 50)
        let tested = Array("abababcabababcabababcabababcabababcabababcabababcz".utf8) + half
        let learned = try vocabulary(open(tested, .bytePairs(5), window: 1, test: 0.5)).tokens
        #expect(learned.last == Array("ab".utf8))
        let runs = Self.randomBytes(500, of: 2, seed: 5)
        #expect(
            try vocabulary(open(runs, .bytePairs(14), window: 1, test: 0)).tokens.dropFirst(2).map { $0 }
                == Self.slowTokens(runs, 12))
    }

    private static func slowLearning(_ text: [UInt8], _ count: Int) -> [String] {
        slowTokens(text, count).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Learning by its definition: all pairs are counted anew for each token.
    private static func slowTokens(_ text: [UInt8], _ count: Int) -> [[UInt8]] {
        let base = Set(text).sorted()
        var tokens = base.map { [$0] }
        var pieces = text.map { byte in base.firstIndex(of: byte) ?? 0 }
        while tokens.count < base.count + count {
            var counts: [[Int]: Int] = [:]
            for (left, right) in zip(pieces, pieces.dropFirst()) { counts[[left, right], default: 0] += 1 }
            guard
                let best = counts.filter({ $0.value > 1 }).min(by: {
                    (-$0.value, $0.key[0], $0.key[1]) < (-$1.value, $1.key[0], $1.key[1])
                })?.key
            else { break }
            let bytes = tokens[best[0]] + tokens[best[1]]
            let token = tokens.firstIndex(of: bytes) ?? tokens.count
            if token == tokens.count { tokens.append(bytes) }
            var place = 0
            while place + 1 < pieces.count {
                if pieces[place] == best[0], pieces[place + 1] == best[1] {
                    pieces[place] = token
                    pieces.remove(at: place + 1)
                }
                place += 1
            }
        }
        return Array(tokens.dropFirst(base.count))
    }

    @Test("characters are the scalars of the file, and the parts are cut between two")
    func characters() throws {
        let text = Self.words(100, seed: 1)
        for vocabularyKind in [Text.Vocabulary.characters, .bytePairs(60)] {
            for test in stride(from: 0.1, to: 0.5, by: 0.013) {
                let parts = try DatasetSplit.allCases.map { try open(text, vocabularyKind, $0, window: 1, test: test) }
                let texts = try parts.map(self.text)
                // A window needs a successor, so that each part lacks its last token.
                let missing = try parts.map { part in
                    try vocabulary(part).tokens[Int(part.integers(part.count - 1, "next")[0])]
                }
                #expect(texts[0] + missing[0] + texts[1] + missing[1] == text)
                #expect(String(validating: texts[1] + missing[1], as: UTF8.self) != nil)
                #expect(parts[0].fields == parts[1].fields)
            }
        }
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
        let dataset = try open(text, .characters, window: 1)
        #expect(dataset.fields[0].meaning.choiceNames == Set(scalars).sorted().map { String($0) })
    }

    @Test("a character outside the vocabulary is named, with the place where it stands")
    func unknownCharacters() throws {
        let ascii = TextVocabulary(bytes: Array("abc".utf8))
        #expect(throws: TextVocabulary.UnknownCharacter(character: "é", offset: 2)) {
            try ascii.encode(Array("abé".utf8))
        }
        let bytes = TextVocabulary(bytes: [97, 0xC3])  // the first half of é
        #expect(throws: TextVocabulary.UnknownCharacter(character: "é", offset: 1)) {
            try bytes.encode(Array("aéa".utf8))
        }
        #expect(throws: TextVocabulary.UnknownCharacter(character: "<0xFF>", offset: 1)) {
            try bytes.encode([97, 255])
        }
        let letters = try vocabulary(open(Self.words(100, seed: 1), .characters))
        #expect(throws: TextVocabulary.UnknownCharacter(character: "€", offset: 0)) {
            try letters.encode(Array("€".utf8))
        }
    }

    @Test(
        "bytes that are no UTF-8 are refused where characters are asked for, with line and offset",
        arguments: [
            [0xE9], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82, 0x41],
            [0xFF],
        ] as [[UInt8]])
    func invalidText(wrong: [UInt8]) throws {
        let before = Array("ab\nü".utf8)
        let path = "\(folder.path)/text.txt"
        #expect(throws: DataError.invalidUTF8(path: path, line: 2, offset: 5)) { try open(before + wrong, .characters) }
        #expect(String(validating: wrong, as: UTF8.self) == nil)
        for taken in [Text.Vocabulary.distinct, .bytes] {
            #expect(try text(open(before + wrong + before, taken, window: 1, test: 0)).starts(with: before + wrong))
        }
    }

    @Test("numbers of byte pairs that the text does not give are refused, and say which it gives")
    func impossibleCounts() throws {
        let path = "\(folder.path)/text.txt"
        let text = Array("abcabd".utf8)
        #expect(throws: DataError.bytePairCount(path: path, asked: 4, problem: .tooFew(distinct: 4))) {
            try open(text, .bytePairs(4), window: 1, test: 0)
        }
        #expect(throws: DataError.bytePairCount(path: path, asked: 6, problem: .tooMany(possible: 5))) {
            try open(text, .bytePairs(6), window: 1, test: 0)
        }
        let dataset = try open(text, .bytePairs(5), window: 1, test: 0)
        #expect(dataset.count == 3 && dataset.fields[0].meaning.choiceNames == ["a", "b", "c", "d", "ab"])
        #expect(throws: DataError.textTooShort(path: path, part: "train", tokens: 4, window: 4)) {
            try open(text, .bytePairs(5), window: 4, test: 0)
        }
    }
}
