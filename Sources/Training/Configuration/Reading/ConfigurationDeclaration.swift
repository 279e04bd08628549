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

    let key: String
    /// The type in words: "an integer of at least 1".
    let type: String
    let presence: Presence
    let documentation: String
    /// The section that the value is, or that the elements of the list are.
    let section: SectionReference?
}

/// One of several variants as its section declares it.
package struct VariantDeclaration {
    let name: String
    let documentation: String
    /// Whether the name is a key (`{cosine: {…}}`), not the value of a key (`{name: sgd, …}`).
    let isKey: Bool
    /// False for names that exist only to be refused with a reason.
    let isListed: Bool
    /// The key that a bare value stands for.
    let shorthand: String?
    /// The variant's own keys.
    let keys: () -> [KeyDeclaration]
}

/// A section of the reference, described only when asked because sections may contain themselves.
package struct SectionReference {
    let title: String
    let describe: () -> (keys: [KeyDeclaration], variants: [VariantDeclaration])
}
