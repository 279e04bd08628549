/// The text that a generated one goes on with.
///
/// In brackets, as `[Make America]`, it is shown in brackets, so that a reader can tell it from what the model wrote;
/// the model does not see them. `[[x]]` stands for `[x]`.
struct Prime: Equatable {
    /// What the model reads.
    let text: String
    /// What is written before the generated text.
    let shown: String

    /// - Throws: `GenerationError.emptyPrime`.
    init(_ argument: String) throws(GenerationError) {
        let isBracketed =
            argument.utf8.count >= 2 && argument.utf8.first == UInt8(ascii: "[")
            && argument.utf8.last == UInt8(ascii: "]")
        let text = isBracketed ? String(argument.dropFirst().dropLast()) : argument
        if text.isEmpty { throw .emptyPrime }
        self.text = text
        shown = argument
    }
}
