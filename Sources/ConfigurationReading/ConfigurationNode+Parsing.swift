import Yams

extension ConfigurationNode {
    /// Parses YAML into a tree whose nodes know their place, with environment references replaced.
    ///
    /// - Parameters:
    ///   - override: the whole argument, as `--set key=value`, when `yaml` is its value; it is then the place of every
    ///     node.
    ///   - path: the key path that the text's root stands at.
    /// - Throws: `ConfigurationError.syntax` and `.duplicateKey`; other problems are reported to `context`.
    package static func parse(
        yaml: String, override: String? = nil, path: String = "", context: ConfigurationContext
    ) throws(ConfigurationError) -> ConfigurationNode {
        let importer = YAMLImporter(context: context, override: override)
        if aliasCount(in: yaml) > largestAliasCount {
            throw .syntax(
                importer.place(line: 1, column: 1),
                problem:
                    "it has more than \(largestAliasCount) aliases (*name), each of which may stand for many values")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: EnvironmentReference.shield(yaml))
        } catch let error as YamlError {
            throw importer.wrapped(error)
        } catch {
            throw .syntax(importer.place(line: 1, column: 1), problem: "\(error)")
        }
        guard let root else { return ConfigurationNode(.null, at: importer.place(line: 1, column: 1)) }
        return importer.imported(root, path: path)
    }

    /// Aliases of aliases multiply: ten levels of ten stand for ten thousand million values. These many make a hundred
    /// thousand.
    private static let largestAliasCount = 32

    /// Places where an alias may begin, counted in the text because the parser puts values in their stead.
    private static func aliasCount(in yaml: String) -> Int {
        var count = 0
        var before = UInt8(ascii: " ")
        var isAlias = false
        for byte in yaml.utf8 {
            let isSeparator = " \n\t\r[]{},:?-".utf8.contains(byte)
            if isAlias && !isSeparator { count += 1 }
            isAlias = byte == UInt8(ascii: "*") && " \n\t\r[{,:?-".utf8.contains(before)
            before = byte
        }
        return count
    }
}

/// Turns Yams' tree into ours: keeps every mark, replaces environment references, tells null from text.
private struct YAMLImporter {
    let context: ConfigurationContext
    let override: String?

    func place(line: Int, column: Int) -> ConfigurationPlace {
        override.map(ConfigurationPlace.override) ?? .file(context.file, line: line, column: column)
    }

    func imported(_ node: Node, path: String) -> ConfigurationNode {
        let place = place(node.mark)
        switch node {
        case .scalar(let scalar):
            return ConfigurationNode(content(of: scalar, path: path, place: place), at: place)
        case .sequence(let sequence):
            let elements = sequence.enumerated().map { imported($1, path: joined(path, String($0))) }
            return ConfigurationNode(.list(elements), at: place)
        case .mapping(let mapping):
            return ConfigurationNode(.map(mapping.compactMap { entry($0, $1, path: path) }), at: place)
        case .alias:
            return ConfigurationNode(.null, at: place)  // The parser has already put the anchored node in its stead.
        }
    }

    func wrapped(_ error: YamlError) -> ConfigurationError {
        switch error {
        case .scanner(let detail, let problem, let mark, _), .parser(let detail, let problem, let mark, _),
            .composer(let detail, let problem, let mark, _):
            let text = [detail?.text, problem].compactMap(\.self).joined(separator: ", ")
            return .syntax(place(mark), problem: EnvironmentReference.unshield(text))
        case .duplicatedKeysInMapping(let keys, let detail):
            return .duplicateKey(place(detail.mark), key: keys.first ?? "")
        case .reader(let problem, let offset, let value, let yaml):
            let lines = yaml.prefix(offset ?? 0).split(separator: "\n", omittingEmptySubsequences: false)
            let code = value < 0 ? "" : " (character code \(value))"
            let place = place(line: max(1, lines.count), column: (lines.last?.count ?? 0) + 1)
            return .syntax(place, problem: problem + code)
        default:
            return .syntax(place(line: 1, column: 1), problem: "\(error)")
        }
    }

    private func place(_ mark: Mark?) -> ConfigurationPlace {
        place(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    private func entry(_ key: Node, _ value: Node, path: String) -> ConfigurationNode.Entry? {
        guard case .scalar(let scalar) = key else {
            context.report(
                .wrongType(
                    place(key.mark), key: path, expected: "keys that are names", found: "a map with a compound key"))
            return nil
        }
        let name = EnvironmentReference.unshield(scalar.string)
        return .init(key: name, keyPlace: place(key.mark), value: imported(value, path: joined(path, name)))
    }

    private func content(
        of scalar: Node.Scalar, path: String, place: ConfigurationPlace
    ) -> ConfigurationNode.Content {
        let isQuoted = scalar.style != .plain && scalar.style != .any
        if !isQuoted, ["", "~", "null"].contains(scalar.string) { return .null }
        let text = EnvironmentReference.unshield(scalar.string)
        do throws(EnvironmentReference.Failure) {
            let value = try EnvironmentReference.expand(text, environment: context.environment)
            // The parser drops a byte order mark that a value begins with. Without any that follow, what is written of
            // a configuration reads back as the same.
            let scalars = value.unicodeScalars.drop { $0 == "\u{FEFF}" }
            return .scalar(String(scalars), isQuoted: isQuoted)
        } catch {
            switch error {
            case .undefined(let variable): context.report(.undefinedVariable(place, key: path, variable: variable))
            case .malformed(let text): context.report(.malformedVariable(place, key: path, text: text))
            }
            return .invalid
        }
    }
}
