/// A piece of configuration text with the place it was written at: the tree between YAML and the typed sections.
///
/// Literals make the defaults that sections declare: `default: 0.9`, `default: [2, 2]`, `default: [:]`.
package struct ConfigurationNode: Sendable {
    package enum Content: Sendable {
        /// `null`, `~` or nothing: the key counts as not given.
        case null
        /// A number, name or text; types are decided by the key that reads it, not by YAML's guess.
        case scalar(String, isQuoted: Bool)
        case list([ConfigurationNode])
        case map([Entry])
        /// A value whose problem has been reported already; readers take it without a further word.
        case invalid
    }

    /// One key of a map with its value.
    package struct Entry: Sendable {
        package var key: String
        package var keyPlace: ConfigurationPlace
        package var value: ConfigurationNode
        /// Whether a change of the value changes the trained weights.
        package var influencesWeights = true

        package init(
            key: String, keyPlace: ConfigurationPlace, value: ConfigurationNode, influencesWeights: Bool = true
        ) {
            self.key = key
            self.keyPlace = keyPlace
            self.value = value
            self.influencesWeights = influencesWeights
        }
    }

    package var content: Content
    package var place: ConfigurationPlace

    package init(_ content: Content, at place: ConfigurationPlace = .builtIn) {
        self.content = content
        self.place = place
    }

    /// An unquoted scalar.
    package static func plain(_ text: String, at place: ConfigurationPlace = .builtIn) -> ConfigurationNode {
        ConfigurationNode(.scalar(text, isQuoted: false), at: place)
    }

    package static let null = ConfigurationNode(.null)

    package var isNull: Bool {
        if case .null = content { true } else { false }
    }

    /// The map's value for a key, or nil when there is none or this is no map.
    package subscript(key: String) -> ConfigurationNode? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// What the node is, as error messages put it.
    package var kind: String {
        switch content {
        case .null: "empty"
        case .scalar(let text, isQuoted: true): "the quoted text \"\(text)\""
        case .scalar(let text, isQuoted: false): "'\(text)'"
        case .list: "a list"
        case .map: "a map"
        case .invalid: "invalid"
        }
    }
}

extension ConfigurationNode: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(integerLiteral value: Int) { self = .plain(String(value)) }
    package init(floatLiteral value: Double) { self = .plain(String(value)) }
    package init(stringLiteral value: String) { self = .plain(value) }
    package init(booleanLiteral value: Bool) { self = .plain(String(value)) }
    package init(arrayLiteral elements: ConfigurationNode...) { self.init(.list(elements)) }
    package init(dictionaryLiteral elements: (String, ConfigurationNode)...) {
        self.init(.map(elements.map { Entry(key: $0.0, keyPlace: .builtIn, value: $0.1) }))
    }
}
