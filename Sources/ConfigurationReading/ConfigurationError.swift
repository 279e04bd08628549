/// What is wrong with a configuration: each case names the place, the key path and what is allowed.
package enum ConfigurationError: Error, Equatable, Sendable {
    /// The file cannot be read.
    case unreadableFile(String, reason: String)
    /// The text is not YAML.
    case syntax(ConfigurationPlace, problem: String)
    /// A map has the same key twice.
    case duplicateKey(ConfigurationPlace, key: String)
    /// A key that the program does not know; `nearest` is the known key it resembles.
    case unknownKey(ConfigurationPlace, key: String, nearest: String?, allowed: [String])
    /// A name, such as that of a model, that the program does not know.
    case unknownName(ConfigurationPlace, key: String, name: String, nearest: String?, allowed: [String])
    /// A required key is absent.
    case missingKey(ConfigurationPlace, key: String, expected: String)
    /// None of the keys of which exactly one is required is present.
    case missingChoice(ConfigurationPlace, key: String, allowed: [String])
    /// Several keys are present of which only one may be.
    case conflictingKeys(ConfigurationPlace, key: String, keys: [String])
    /// A value of another type than the key wants.
    case wrongType(ConfigurationPlace, key: String, expected: String, found: String)
    /// A value of the right type that is too small or too large.
    case outOfRange(ConfigurationPlace, key: String, value: String, expected: String)
    /// `${NAME}` without a default, and the environment does not define NAME.
    case undefinedVariable(ConfigurationPlace, key: String, variable: String)
    /// `${` that does not begin a well-formed reference to an environment variable.
    case malformedVariable(ConfigurationPlace, key: String, text: String)
    /// A value that is well-formed but cannot work; `reason` ends with what to do.
    case refused(ConfigurationPlace, key: String, reason: String)
    /// An argument such as `--set key.path=value` that cannot be applied; `reason` ends with what to do.
    case invalidOverride(String, reason: String)
    /// All problems of one configuration in the order of the file, at most ten; `omitted` counts the rest.
    case several([ConfigurationError], omitted: Int)
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadableFile(let file, let reason):
            "\(file): cannot be read: \(reason); check the path and its permissions."
        case .several(let problems, let omitted):
            problems.map(\.description).joined(separator: "\n") + (omitted > 0 ? "\n… and \(omitted) more." : "")
        case .invalidOverride(let argument, let reason):
            "\(argument): \(reason)"
        default:
            "\(place): \(message)"
        }
    }

    /// Where the problem is; of several problems, where the first one is.
    package var place: ConfigurationPlace {
        switch self {
        case .unreadableFile(let file, _): .file(file, line: 1, column: 1)
        case .invalidOverride(let argument, _): .override(argument)
        case .several(let problems, _): problems.first?.place ?? .builtIn
        case .syntax(let place, _), .duplicateKey(let place, _), .unknownKey(let place, _, _, _),
            .unknownName(let place, _, _, _, _), .missingKey(let place, _, _), .missingChoice(let place, _, _),
            .conflictingKeys(let place, _, _), .wrongType(let place, _, _, _), .outOfRange(let place, _, _, _),
            .undefinedVariable(let place, _, _), .malformedVariable(let place, _, _), .refused(let place, _, _):
            place
        }
    }

    private var message: String {
        switch self {
        case .syntax(_, let problem):
            "this is not YAML: \(problem); correct the text here or just above."
        case .duplicateKey(_, let key):
            "the key '\(key)' appears more than once in one map; keep one."
        case .unknownKey(_, let key, let nearest, let allowed):
            "unknown key '\(key)'\(Self.suggestion(nearest)); \(Self.allowed(allowed))"
        case .unknownName(_, let key, let name, let nearest, let allowed):
            "'\(key)' names '\(name)', which does not exist\(Self.suggestion(nearest)); \(Self.allowed(allowed))"
        case .missingKey(_, let key, let expected):
            "'\(key)' is missing; give \(expected)."
        case .missingChoice(_, let key, let allowed):
            "\(Self.subject(key)) says nothing; \(Self.allowed(allowed))"
        case .conflictingKeys(_, let key, let keys):
            "\(Self.subject(key)) has \(keys.map { "'\($0)'" }.joined(separator: " and ")), which exclude each "
                + "other; keep one."
        case .wrongType(_, let key, let expected, let found):
            "\(Self.subject(key)) is \(found); give \(expected)."
        case .outOfRange(_, let key, let value, let expected):
            "'\(key)' is \(value), which is out of range; give \(expected)."
        case .undefinedVariable(_, let key, let variable):
            "'\(key)' needs the environment variable \(variable), which is not set; "
                + "set it, or write a default: ${\(variable):-value}."
        case .malformedVariable(_, let key, let text):
            "'\(key)' has '\(text)', which is no reference to an environment variable; "
                + "write ${NAME} or ${NAME:-default}, and $${ for the characters themselves."
        case .refused(_, let key, let reason):
            "\(Self.subject(key)): \(reason)"
        case .unreadableFile, .invalidOverride, .several:
            description
        }
    }

    private static func subject(_ key: String) -> String { key.isEmpty ? "the configuration" : "'\(key)'" }

    private static func suggestion(_ nearest: String?) -> String { nearest.map { " (did you mean '\($0)'?)" } ?? "" }

    private static func allowed(_ names: [String]) -> String {
        names.isEmpty ? "no key is allowed here, remove it." : "allowed here: \(names.joined(separator: ", "))."
    }
}
