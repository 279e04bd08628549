/// The reference of all configuration keys, generated from the declarations that read them.
package enum ConfigurationReference {
    /// The text of docs/configuration.md: the keys of `root`, and of every section below it.
    package static func markdown(of root: any ConfigurationSection.Type) -> String {
        var text = """
            # Configuration

            Every key that a configuration may have. This page is generated from the declarations in
            the sources; a test keeps it current.

            - Any other key, a value of another type or out of its range is refused with file, line and column.
            - `${NAME}` and `${NAME:-default}` in a value stand for an environment variable; `$${` for the characters \
            `${`.
            - `--set key.path=value` on the command line replaces a value or adds one: \
            `--set optimizer.learningRate=0.05`,
              `--set data.augment.0.translate=3`. `null` takes a key away.
            - A one-line form stands for a map where the page says so: `cosine` for `{cosine: {}}`, `{linear: 120}` for
              `{linear: {units: 120}}`.

            """
        func section<Root: ConfigurationSection>(of type: Root.Type) -> SectionReference? {
            ConfigurationType.section(type).section
        }
        var pending = [section(of: root)].compactMap(\.self)
        var seen: Set<String> = []
        while let section = pending.first {
            pending.removeFirst()
            guard seen.insert(section.title).inserted else { continue }
            let (keys, variants) = section.describe()
            text += "\n## \(section.title.prefix(1).uppercased())\(section.title.dropFirst())\n"
            text += table(of: keys) + list(of: variants.filter(\.isListed))
            pending.insert(contentsOf: (keys + variants.flatMap { $0.keys() }).compactMap(\.section), at: 0)
        }
        return text
    }

    private static func table(of keys: [KeyDeclaration]) -> String {
        guard !keys.isEmpty else { return "" }
        let rows = keys.map { key in
            "| `\(key.key)` | \(type(of: key)) | \(presence(of: key)) | \(key.documentation) |\n"
        }
        return "\n| key | value | default | meaning |\n|---|---|---|---|\n" + rows.joined()
    }

    private static func list(of variants: [VariantDeclaration]) -> String {
        guard let first = variants.first else { return "" }
        var text = first.isKey ? "\nOne of these keys:\n" : "\nBy name:\n"
        var rest = variants[...]
        while let variant = rest.first {
            let keys = table(of: variant.keys())
            // Neighbours that say the same share an entry.
            let alike = rest.prefix { $0.documentation == variant.documentation && table(of: $0.keys()) == keys }
            let names = alike.map { "`\($0.name)`" }.joined(separator: ", ")
            text += "\n**\(names)** \(variant.documentation)\(shorthand(of: variant))\n" + keys
            rest = rest.dropFirst(alike.count)
        }
        return text
    }

    private static func shorthand(of variant: VariantDeclaration) -> String {
        variant.shorthand.map { " `{\(variant.name): x}` stands for `{\(variant.name): {\($0): x}}`." } ?? ""
    }

    private static func type(of key: KeyDeclaration) -> String {
        guard let section = key.section else { return key.type }
        let anchor = section.title.lowercased().replacing(" ", with: "-")
        return key.type.replacing("\(section.title) keys", with: "[\(section.title)](#\(anchor)) keys")
    }

    private static func presence(of key: KeyDeclaration) -> String {
        switch key.presence {
        case .required: "required"
        case .optional: ""
        case .default(let text): "`\(text)`"
        case .computed(let words): words
        }
    }
}
