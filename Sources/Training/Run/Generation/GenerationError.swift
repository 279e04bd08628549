import System

/// Why trained weights can't generate what was asked for; each text ends with what to do.
package enum GenerationError: Error, Equatable, CustomStringConvertible {
    /// Weights whose models do not say what comes next in a sequence.
    case nothingToGenerate(path: String)
    /// They do, but the sequence is neither a text nor an answer nor sound.
    case noText(path: String, field: String)
    /// Sound without a file to write to, or a file for what is no sound.
    case needsFile(path: String)
    case noSound(option: String)
    /// An option that is for texts.
    case noTextOption(option: String, remedy: String)
    case emptySequence(field: String)
    case longSequence(field: String, count: Int, most: Int)
    /// A character of the prime is in no token; characters are counted from 1.
    case unknownCharacter(character: String, place: Int, tokens: Int)
    case emptyPrime
    /// There is no prime, and a text can't begin after a line's end because the vocabulary has none.
    case noBeginning
    /// `--given` names what is no condition of the model.
    case unknownCondition(name: String, known: [String])
    case conditionTwice(name: String)
    case missingConditions(names: [String])
    case unknownClass(field: String, name: String, known: [String])
    /// A condition of the model that `--given` can't say.
    case unsayableCondition(path: String, field: String)
    /// The model's scores at a step are not numbers.
    case notFinite(path: String, step: Int)

    package var description: String {
        switch self {
        case .nothingToGenerate(let path):
            return
                "\(path): its models do not say what comes next in a sequence of tokens, so that there is nothing to "
                + "generate; give weights that were trained to, as with configs/shakespeare-rnn.yaml"
        case .noText(let path, let field):
            return
                "\(path): what its model generates, '\(field)', is neither text nor sound; 'trainer predict' applies "
                + "it to samples"
        case .needsFile(let path):
            return "\(path): its model generates sound; give --out FILE.wav"
        case .noSound(let option): return "\(option): the model generates no sound; leave it out"
        case .noTextOption(let option, let remedy):
            return "\(option): the model generates no text that goes on for ever; \(remedy)"
        case .emptySequence(let field): return "--given \(field)=: it is empty; give at least one word"
        case .longSequence(let field, let count, let most):
            return
                "--given \(field)=: \(count) words are more than the \(most) that the model was trained "
                + "with; give fewer"
        case .unknownCharacter(let character, let place, let tokens):
            let code = character.unicodeScalars.count == 1 ? character.unicodeScalars.first?.value : nil
            let number = code.map { " (U+\(GenerationError.hexadecimal($0)))" } ?? ""
            return "--prime: '\(character)'\(number), character \(place), is in none of the \(tokens) tokens that the "
                + "weights were trained with; leave it out"
        case .emptyPrime: return "--prime: it is empty; give the text to go on with, or leave the option out"
        case .noBeginning:
            return "without --prime a text begins after a line's end, which is in none of the tokens that the weights "
                + "were trained with; give --prime"
        case .unknownCondition(let name, let known):
            let nearest = nearestName(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
            return "--given: the model takes no '\(name)'\(nearest); "
                + (known.isEmpty ? "leave it out" : "it takes \(known.joined(separator: ", "))")
        case .conditionTwice(let name): return "--given: '\(name)' is given twice; give it once"
        case .missingConditions(let names):
            return "the model takes \(names.joined(separator: ", ")) too; add "
                + names.map { "--given \($0)=CLASS" }.joined(separator: " ")
        case .unknownClass(let field, let name, let known):
            let nearest = nearestName(to: name, among: known).map { " (did you mean '\($0)'?)" } ?? ""
            return "--given: '\(name)' is no class of \(field)\(nearest); there are: "
                + known.prefix(30).joined(separator: ", ") + (known.count > 30 ? ", …" : "")
        case .unsayableCondition(let path, let field):
            return "\(path): the model also takes '\(field)', which is neither one class nor a sequence of words, "
                + "so that it cannot be given here; 'trainer predict' applies it to samples"
        case .notFinite(let path, let step):
            return
                "\(path): the model's outputs at step \(step) are not finite numbers; give the weights of a run that "
                + "did not diverge"
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
