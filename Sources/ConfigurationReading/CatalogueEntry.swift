/// What a catalogue says of a thing that a configuration can name, such as a layer, a loss or a schedule.
///
/// A new thing is one file with its entry, and a line in its catalogue.
package struct CatalogueEntry<Product>: Sendable {
    /// What a configuration calls it.
    package let name: String
    /// One sentence for the reference.
    package let documentation: String
    /// The key that a bare value stands for: `units` in `{linear: 10}`; nil where a bare value means nothing.
    package let shorthand: String?
    /// What other programs call it, for hints in errors: `CategoricalCrossentropy`.
    package let otherNames: [String]
    /// Declares the thing's keys and reads them; the only place where their ranges are checked.
    package let read: @Sendable (ConfigurationReader) -> Product

    package init(
        _ name: String, _ documentation: String, shorthand: String? = nil, otherNames: [String] = [],
        read: @escaping @Sendable (ConfigurationReader) -> Product
    ) {
        self.name = name
        self.documentation = documentation
        self.shorthand = shorthand
        self.otherNames = otherNames
        self.read = read
    }
}
