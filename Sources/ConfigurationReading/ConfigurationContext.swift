/// What the readers of one configuration share: the file's name, the environment and the problems found so far.
package final class ConfigurationContext {
    /// The name that errors give, usually the path as the user typed it.
    package let file: String
    package let environment: [String: String]
    /// A silent context forgets problems; it serves placeholders and the generated reference.
    package let isSilent: Bool
    private var problems: [ConfigurationError] = []

    package init(file: String, environment: [String: String]) {
        self.file = file
        self.environment = environment
        isSilent = false
    }

    private init() {
        file = ""
        environment = [:]
        isSilent = true
    }

    package static func silent() -> ConfigurationContext { ConfigurationContext() }

    /// Notes a problem; reading goes on so that the user sees all of them at once.
    package func report(_ problem: ConfigurationError) {
        if !isSilent { problems.append(problem) }
    }

    /// Whether every value so far could be read.
    package var hasOnlyRefusals: Bool {
        problems.allSatisfy { if case .refused = $0 { true } else { false } }
    }

    /// Throws what was reported: one problem as itself, more as `.several`, in the order of the file.
    package func throwProblems() throws(ConfigurationError) {
        let ordered = problems.enumerated().sorted { first, second in
            if ConfigurationPlace.isOrdered(first.element.place, before: second.element.place) { return true }
            if ConfigurationPlace.isOrdered(second.element.place, before: first.element.place) { return false }
            return first.offset < second.offset
        }.map(\.element)
        guard let first = ordered.first else { return }
        let limit = 10
        throw ordered.count == 1
            ? first : .several(Array(ordered.prefix(limit)), omitted: max(0, ordered.count - limit))
    }
}

/// Joins a key path and a key with a point: `optimizer` and `momentum` give `optimizer.momentum`.
package func joined(_ path: String, _ key: String) -> String {
    path.isEmpty ? key : path + "." + key
}
