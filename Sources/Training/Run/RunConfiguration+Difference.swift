import ConfigurationReading

extension RunConfiguration {
    /// What influences the weights here and is different in `other`: lines `key.path: value in other → value here`, in
    /// the order of the reference.
    func differences(from other: RunConfiguration) throws(ConfigurationError) -> [String] {
        try RunConfiguration.differences(from: other.resolvedWeightsText, to: resolvedWeightsText)
    }

    /// Every value of the resolved configuration with its key path, in the order of the reference, but for what some
    /// keys and the sections of these names hold.
    package func values(without keys: Set<String> = []) throws(ConfigurationError) -> [(path: String, value: String)] {
        try RunConfiguration.leaves(resolvedText).filter { leaf in
            !keys.contains(leaf.path) && !keys.contains { leaf.path.hasPrefix($0 + ".") }
        }
    }

    /// What is different in two resolved configurations, as lines `key.path: old value → new value`, but for some keys.
    package static func differences(from oldText: String, to newText: String, without keys: Set<String> = [])
        throws(ConfigurationError) -> [String]
    {
        let old = try RunConfiguration.leaves(oldText)
        let new = try RunConfiguration.leaves(newText)
        let before = Dictionary(old.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
        let paths = new.map(\.path) + old.map(\.path).filter { after[$0] == nil }
        return paths.filter { before[$0] != after[$0] && !keys.contains($0) }.map {
            "\($0): \(before[$0] ?? "none") → \(after[$0] ?? "none")"
        }
    }

    /// Every value of a resolved configuration with its key path.
    private static func leaves(_ yaml: String) throws(ConfigurationError) -> [(path: String, value: String)] {
        var result: [(path: String, value: String)] = []
        func collect(_ node: ConfigurationNode, _ path: String) {
            func child(_ name: String) -> String { path.isEmpty ? name : path + "." + name }
            switch node.content {
            case .map(let entries) where !entries.isEmpty:
                for entry in entries { collect(entry.value, child(entry.key)) }
            case .list(let elements) where !elements.isEmpty:
                for (index, element) in elements.enumerated() { collect(element, child("\(index)")) }
            default: result.append((path, node.flowText))
            }
        }
        collect(
            try ConfigurationNode.parse(
                yaml: yaml, context: ConfigurationContext(file: "config.yaml", environment: [:])), "")
        return result
    }
}
