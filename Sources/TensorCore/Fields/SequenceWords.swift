extension FieldMeaning {
    /// The word before the first one, that a decoder is given to begin with.
    package static let startWord = "<start>"
    /// The word behind the last one, with which a decoder ends.
    package static let endWord = "<end>"

    /// Words that a decoder writes: those given, then the one that it begins with and the one that it ends with.
    package static func written(words: [String]) -> FieldMeaning { .tokens(vocabulary: words + [startWord, endWord]) }
}
