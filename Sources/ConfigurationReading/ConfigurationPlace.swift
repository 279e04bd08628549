/// Where a piece of configuration was written; every configuration error starts with it.
package enum ConfigurationPlace: Equatable, Sendable, CustomStringConvertible {
    /// A position in a file; lines and columns count from 1, columns in Unicode scalars.
    case file(String, line: Int, column: Int)
    /// An argument of the command line, such as `--set key.path=value`.
    case override(String)
    /// A default that the program supplies.
    case builtIn

    /// `file:line:column`, which editors and terminals turn into a link.
    package var description: String {
        switch self {
        case .file(let file, let line, let column): "\(file):\(line):\(column)"
        case .override(let argument): argument
        case .builtIn: "built-in default"
        }
    }

    /// Reading order: the file from top to bottom, then the overrides.
    package static func isOrdered(_ first: ConfigurationPlace, before second: ConfigurationPlace) -> Bool {
        switch (first, second) {
        case (.file(_, let line, let column), .file(_, let otherLine, let otherColumn)):
            (line, column) < (otherLine, otherColumn)
        case (.file, _): true
        default: false
        }
    }
}
