/// One key as its section declares it; a row of the reference.
package struct KeyDeclaration {
    /// What happens when the key is left out.
    package enum Presence: Equatable {
        case required
        case optional
        /// The default as YAML text.
        case `default`(String)
        /// A default that depends on other keys, in words.
        case computed(String)
    }

    package let key: String
    /// The type in words: "an integer of at least 1".
    package let type: String
    package let presence: Presence
    package let documentation: String
    /// The section that the value is, or that the elements of the list are.
    package let section: SectionReference?
}

/// One of several variants as its section declares it.
package struct VariantDeclaration {
    package let name: String
    package let documentation: String
    /// Whether the name is a key (`{cosine: {…}}`), not the value of a key (`{name: sgd, …}`).
    package let isKey: Bool
    /// False for names that exist only to be refused with a reason.
    package let isListed: Bool
    /// The key that a bare value stands for.
    package let shorthand: String?
    /// What other programs call it.
    package let otherNames: [String]
    /// The variant's own keys.
    package let keys: () -> [KeyDeclaration]
}

/// A section of the reference, described only when asked because sections may contain themselves.
package struct SectionReference {
    package let title: String
    package let describe: () -> (keys: [KeyDeclaration], variants: [VariantDeclaration])
}
