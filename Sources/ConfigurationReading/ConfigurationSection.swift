/// A part of the configuration that is read from a map.
///
/// A section is a small struct or enum whose `init(from:)` declares every key once, in the order in which the reference
/// and the resolved configuration list them:
/// ```
/// init(from reader: ConfigurationReader) {
///     keep = reader.value("keep", .integer(in: 1...), default: 3, "How many of the last checkpoints stay on disk.")
/// }
/// ```
package protocol ConfigurationSection {
    /// The section's heading in the reference.
    static var title: String { get }
    /// What may stand for the map when the user writes something shorter.
    static var shortForm: ConfigurationShortForm { get }
    init(from reader: ConfigurationReader)
}

extension ConfigurationSection {
    package static var shortForm: ConfigurationShortForm { .none }
}

/// The meaning of a bare value where a map is expected.
package enum ConfigurationShortForm: Equatable, Sendable {
    /// Only the map is allowed.
    case none
    /// A name stands for a map with that one key: `cosine` for `{cosine: {}}`.
    case key
    /// A value stands for a map with that value under the given key: `120` for `{units: 120}`.
    case value(of: String)
}

/// One of the forms that a section can take, with the keys that belong to it.
package struct ConfigurationVariant<Value> {
    package let name: String
    package let documentation: String
    package let shorthand: String?
    /// A key whose presence selects the variant when the naming key is left out.
    package let impliedBy: String?
    package let isKey: Bool
    package let isListed: Bool
    /// What other programs call it, for hints in errors.
    package let otherNames: [String]
    package let body: (ConfigurationReader) -> Value

    private init(
        name: String, documentation: String, shorthand: String?, impliedBy: String?, isKey: Bool, isListed: Bool,
        otherNames: [String] = [], body: @escaping (ConfigurationReader) -> Value
    ) {
        self.name = name
        self.documentation = documentation
        self.shorthand = shorthand
        self.impliedBy = impliedBy
        self.isKey = isKey
        self.isListed = isListed
        self.otherNames = otherNames
        self.body = body
    }

    /// A variant that a key selects, for `ConfigurationReader.oneOf`.
    package static func key(
        _ name: String, _ documentation: String, shorthand: String? = nil, otherNames: [String] = [],
        _ body: @escaping (ConfigurationReader) -> Value
    ) -> Self {
        Self(
            name: name, documentation: documentation, shorthand: shorthand, impliedBy: nil, isKey: true, isListed: true,
            otherNames: otherNames, body: body)
    }

    /// A variant that the value of a key selects, for `ConfigurationReader.tagged`.
    package static func named(
        _ name: String, _ documentation: String, impliedBy: String? = nil,
        _ body: @escaping (ConfigurationReader) -> Value
    ) -> Self {
        Self(
            name: name, documentation: documentation, shorthand: nil, impliedBy: impliedBy, isKey: false,
            isListed: true,
            body: body)
    }

    /// A name that users may try but that cannot work; `reason` ends with what to do instead.
    package static func refused(_ name: String, because reason: String, standIn: Value) -> Self {
        Self(
            name: name, documentation: reason, shorthand: "value", impliedBy: nil, isKey: true, isListed: false
        ) { reader in
            _ = reader.optional("value", .number, "")
            reader.context.report(.refused(reader.place, key: reader.path, reason: reason))
            return standIn
        }
    }

    /// Reads the variant's own map.
    package var type: ConfigurationType<Value> {
        .map(title: name, shortForm: shorthand.map { .value(of: $0) } ?? .none, body)
    }

    /// Some value of the variant, for reading on after a problem.
    package func placeholder() -> Value { body(.silent()) }

    package var declaration: VariantDeclaration {
        VariantDeclaration(
            name: name, documentation: documentation, isKey: isKey, isListed: isListed, shorthand: shorthand,
            otherNames: otherNames
        ) { [body] in
            let reader = ConfigurationReader.silent()
            _ = body(reader)
            return reader.declarations
        }
    }
}

extension Array {
    /// The names of the variants that errors and the reference offer.
    package func listedNames<Value>() -> [String] where Element == ConfigurationVariant<Value> {
        filter(\.isListed).map(\.name)
    }
}
