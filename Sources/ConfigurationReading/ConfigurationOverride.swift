/// A `--set key.path=value` argument: replaces or adds one value of the configuration before it is read.
///
/// The path's parts are keys and, in lists, indices from 0: `data.augment.0.translate=3`. Maps that do not exist are
/// created. The value is YAML: `optimizer={name: adam, learningRate: 0.001}` works too. `null` takes a key away.
package struct ConfigurationOverride {
    /// The argument with its option; the place of everything that it sets.
    private let argument: String
    private let path: [String]
    private let value: ConfigurationNode

    /// - Parameter option: what the text follows on the command line, for errors.
    /// - Throws: `ConfigurationError.invalidOverride` without a path and `=`, and the errors of parsing the value.
    package init(
        _ text: String, option: String = "--set", context: ConfigurationContext
    ) throws(ConfigurationError) {
        argument = "\(option) \(text)"
        let example = "write key.path=value, for example optimizer.learningRate=0.05."
        guard let equals = text.firstIndex(of: "=") else {
            throw .invalidOverride(argument, reason: "this has no '='; \(example)")
        }
        path = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !path.contains("") else {
            throw .invalidOverride(argument, reason: "a key before the '=' is empty; \(example)")
        }
        value = try ConfigurationNode.parse(
            yaml: String(text[text.index(after: equals)...]), override: argument, path: path.joined(separator: "."),
            context: context)
    }

    /// An option that gives one key a text as it is, whatever YAML would make of its characters.
    ///
    /// - Parameters:
    ///   - key: the path, as `data.path`.
    ///   - argument: the place of the value in errors.
    package init(key: String, text: String, argument: String) {
        self.argument = argument
        path = key.split(separator: ".").map(String.init)
        value = ConfigurationNode(.scalar(text, isQuoted: true), at: .override(argument))
    }

    /// The tree with the value put at the path.
    ///
    /// - Throws: `ConfigurationError.invalidOverride` where a list is entered with anything but an index of it.
    package func applied(to root: ConfigurationNode) throws(ConfigurationError) -> ConfigurationNode {
        try put(path[...], into: root)
    }

    private var place: ConfigurationPlace { .override(argument) }

    private func put(
        _ rest: ArraySlice<String>, into node: ConfigurationNode
    ) throws(ConfigurationError) -> ConfigurationNode {
        guard let key = rest.first else { return value }
        let rest = rest.dropFirst()
        switch node.content {
        case .list(var elements):
            guard let index = Int(key), elements.indices.contains(index) else {
                let parent = path.prefix(path.count - rest.count - 1).joined(separator: ".")
                let allowed = elements.isEmpty ? "give the whole list" : "give an index from 0 to \(elements.count - 1)"
                throw .invalidOverride(
                    argument, reason: "'\(parent)' is a list of \(elements.count), which has no '\(key)'; \(allowed).")
            }
            elements[index] = try put(rest, into: elements[index])
            return ConfigurationNode(.list(elements), at: node.place)
        case .map(var entries):
            if let index = entries.firstIndex(where: { $0.key == key }) {
                entries[index].value = try put(rest, into: entries[index].value)
                entries[index].keyPlace = rest.isEmpty ? place : entries[index].keyPlace
            } else {
                entries.append(.init(key: key, keyPlace: place, value: try put(rest, into: emptyMap)))
            }
            return ConfigurationNode(.map(entries), at: node.place)
        case .scalar:
            // A short form such as `model: mlp`: keep it, the section that reads it knows what it stands for.
            let bare = ConfigurationNode.Entry(key: ConfigurationNode.shortFormKey, keyPlace: node.place, value: node)
            return try put([key] + rest, into: ConfigurationNode(.map([bare]), at: place))
        case .null, .invalid:
            return try put([key] + rest, into: emptyMap)
        }
    }

    private var emptyMap: ConfigurationNode { ConfigurationNode(.map([]), at: place) }
}
