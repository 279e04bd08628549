import System

/// Reads one map of the configuration, key by key, for a section's `init(from:)`.
///
/// Each call declares a key: its name, type, default and one line of documentation. The declaration serves four ends:
/// it reads the value, it makes the key known (any other key is refused), it fills the key's row in
/// docs/configuration.md, and it writes the value to the resolved configuration. A call never throws: a problem is
/// reported with its place, the call returns some value of the type, and reading goes on so that the user sees all
/// problems at once.
package final class ConfigurationReader {
    /// The key path of this map, such as `optimizer.groups.0`; empty at the top.
    package let path: String
    /// Where the map begins.
    package let place: ConfigurationPlace
    package let entries: [ConfigurationNode.Entry]
    package let context: ConfigurationContext
    /// The name when the map was written as a bare name, `relu` for `{relu: {}}`.
    package let bareName: String?

    /// What has been declared so far, for unknown-key errors and the reference.
    private(set) var declarations: [KeyDeclaration] = []
    private(set) var variantDeclarations: [VariantDeclaration] = []
    /// The map as read, defaults written out.
    package private(set) var resolved: [ConfigurationNode.Entry] = []
    /// Required keys that are absent, reported by `finish` unless a misspelt key explains them.
    private var missing: [(key: String, expected: String)] = []

    package init(
        path: String, place: ConfigurationPlace, entries: [ConfigurationNode.Entry] = [],
        bareName: String? = nil, context: ConfigurationContext
    ) {
        self.path = path
        self.place = place
        self.entries = entries
        self.bareName = bareName
        self.context = context
    }

    /// A reader of an empty map that reports nothing; sections read from it give placeholders and declarations.
    package static func silent() -> ConfigurationReader {
        ConfigurationReader(path: "", place: .builtIn, context: .silent())
    }

    // MARK: Declaring keys

    /// A key that must be given.
    package func required<Value>(
        _ key: String, _ type: ConfigurationType<Value>, influencesWeights: Bool = true, _ documentation: String
    ) -> Value {
        declare(key, type, presence: .required, documentation)
        guard let node = node(key) else {
            missing.append((key, type.summary))
            return type.placeholder()
        }
        return read(key, node, type, influencesWeights) ?? type.placeholder()
    }

    /// A key that may be left out; `shown` describes a default that depends on other keys.
    package func value<Value>(
        _ key: String, _ type: ConfigurationType<Value>, default fallback: ConfigurationNode, shown: String? = nil,
        influencesWeights: Bool = true, _ documentation: String
    ) -> Value {
        declare(key, type, presence: shown.map { .computed($0) } ?? .default(fallback.flowText), documentation)
        return read(key, node(key) ?? fallback, type, influencesWeights) ?? type.placeholder()
    }

    /// A key whose absence means something: nil.
    package func optional<Value>(
        _ key: String, _ type: ConfigurationType<Value>, influencesWeights: Bool = true, _ documentation: String
    ) -> Value? {
        declare(key, type, presence: .optional, documentation)
        guard let node = node(key) else {
            resolve(key, .null, influencesWeights)
            return nil
        }
        return read(key, node, type, influencesWeights)
    }

    /// One of several keys, each a variant with keys of its own: `{step: {…}}` or `{cosine: {…}}`.
    package func oneOf<Value>(_ variants: [ConfigurationVariant<Value>], default fallback: String? = nil) -> Value {
        variantDeclarations += variants.map(\.declaration)
        let given = entries.filter { entry in variants.contains { $0.name == entry.key } }
        if given.count > 1 {
            context.report(.conflictingKeys(given[1].keyPlace, key: path, keys: given.map(\.key)))
        }
        let chosen = given.first ?? fallback.map { .init(key: $0, keyPlace: place, value: .null) }
        guard let chosen, let variant = variants.first(where: { $0.name == chosen.key }) else {
            let known = Set(declarations.map(\.key))
            if entries.allSatisfy({ known.contains($0.key) }) {  // An unknown key has its own, better report.
                context.report(.missingChoice(place, key: path, allowed: variants.listedNames()))
            }
            return variants[0].placeholder()
        }
        let value = chosen.value.isNull ? ConfigurationNode(.map([]), at: chosen.keyPlace) : chosen.value
        guard let result = variant.type.read(value, joined(path, variant.name), context) else {
            return variant.placeholder()
        }
        resolve(variant.name, result.node, true)
        return result.value
    }

    /// A key whose value names a variant; the variant's own keys stand beside it: `{name: sgd, momentum: 0.9}`.
    package func tagged<Value>(
        by key: String, _ variants: [ConfigurationVariant<Value>], _ documentation: String
    ) -> Value {
        variantDeclarations += variants.map(\.declaration)
        let implied = variants.first { variant in variant.impliedBy.map { node($0) != nil } ?? false }
        let names = ConfigurationType<String>.name(of: variants.listedNames())
        let name: String
        if node(key) == nil, let implied {
            declare(key, names, presence: .required, documentation)
            resolve(key, .plain(implied.name), true)
            name = implied.name
        } else {
            name = required(key, names, documentation)
        }
        // The reference lists each variant's keys apart from the common ones, so they are not declared here then.
        guard !context.isSilent, let variant = variants.first(where: { $0.name == name }) else {
            return variants[0].placeholder()
        }
        return variant.body(self)
    }

    // MARK: Cross checks

    /// Reports that a value cannot work; `reason` ends with what to do. The place is that of the longest part of
    /// `keyPath` that is written down. Says nothing when a value was unreadable before, because then a stand-in is
    /// checked.
    package func refuse(_ keyPath: String, because reason: String) {
        guard context.hasOnlyRefusals, missing.isEmpty else { return }
        var place = place
        var current = ConfigurationNode(.map(entries), at: place)
        for key in keyPath.split(separator: ".") {
            guard case .map(let entries) = current.content, let entry = entries.first(where: { $0.key == key }) else {
                break
            }
            place = entry.keyPlace
            current = entry.value
        }
        context.report(.refused(place, key: keyPath.isEmpty ? path : joined(path, keyPath), reason: reason))
    }

    /// Reports that a key must be given, where that depends on others; the key has been declared as optional.
    package func require<Value>(_ key: String, _ type: ConfigurationType<Value>) {
        missing.append((key, type.summary))
    }

    /// Reports when several keys are given that exclude each other.
    package func excludeEachOther(_ keys: String...) {
        let given = entries.filter { keys.contains($0.key) && !$0.value.isNull }
        if given.count > 1 {
            context.report(.conflictingKeys(given[1].keyPlace, key: path, keys: given.map(\.key)))
        }
    }

    /// Reports every key that has not been declared, and every required key that is absent.
    package func finish() {
        let choices = variantDeclarations.filter { $0.isKey && $0.isListed }.map(\.name)
        let allowed = declarations.map(\.key) + choices
        let known = Set(allowed + variantDeclarations.filter(\.isKey).map(\.name))
        for entry in entries where !known.contains(entry.key) {
            // A bare name stands for a choice, never for a key beside it.
            if entry.key == bareName {
                let nearest = hint(for: entry.key, among: choices)
                context.report(
                    .unknownName(entry.keyPlace, key: path, name: entry.key, nearest: nearest, allowed: choices))
                continue
            }
            let nearest = hint(for: entry.key, among: allowed)
            missing.removeAll { $0.key == nearest }
            context.report(
                .unknownKey(entry.keyPlace, key: joined(path, entry.key), nearest: nearest, allowed: allowed))
        }
        for (key, expected) in missing {
            context.report(.missingKey(place, key: joined(path, key), expected: expected))
        }
    }

    // MARK: Private

    /// What somebody who writes an unknown name may mean: what another program calls so, or what it resembles.
    private func hint(for name: String, among known: [String]) -> String? {
        if let ours = ForeignNames.ours(name, among: known) { return ours }
        let name = ForeignNames.withoutModule(name)
        let plain = withoutUnderscores(name)
        let variant = variantDeclarations.first { variant in
            variant.isListed && variant.isKey && variant.otherNames.contains { withoutUnderscores($0) == plain }
        }
        return variant?.name ?? nearestName(to: name, among: known)
    }

    private func node(_ key: String) -> ConfigurationNode? {
        entries.first { $0.key == key && !$0.value.isNull }?.value
    }

    private func declare<Value>(
        _ key: String, _ type: ConfigurationType<Value>, presence: KeyDeclaration.Presence, _ documentation: String
    ) {
        declarations.append(
            KeyDeclaration(
                key: key, type: type.summary, presence: presence, documentation: documentation, section: type.section))
    }

    private func read<Value>(
        _ key: String, _ node: ConfigurationNode, _ type: ConfigurationType<Value>, _ influencesWeights: Bool
    ) -> Value? {
        guard let result = type.read(node, joined(path, key), context) else { return nil }
        resolve(key, result.node, influencesWeights)
        return result.value
    }

    private func resolve(_ key: String, _ node: ConfigurationNode, _ influencesWeights: Bool) {
        resolved.append(.init(key: key, keyPlace: .builtIn, value: node, influencesWeights: influencesWeights))
    }
}
