import System

/// A name in a configuration that can be checked only when models and data are there, with its place for the error.
package struct PlacedName: Hashable, Sendable {
    package let name: String
    package let place: ConfigurationPlace
    /// The key path, such as `losses.0.mse.of`.
    package let key: String

    package init(_ name: String, place: ConfigurationPlace = .builtIn, key: String = "") {
        self.name = name
        self.place = place
        self.key = key
    }

    /// The refusal of the name; `reason` ends with what to do.
    package func refused(because reason: String) -> ConfigurationError { .refused(place, key: key, reason: reason) }

    /// The refusal of a name that is none of `known`.
    ///
    /// - Parameter kind: what it should name: "node", "field".
    package func unknown(_ kind: String, known: [String]) -> ConfigurationError {
        .unknownName(place, key: key, name: name, nearest: nearestName(to: name, among: known), allowed: known)
    }

    /// Two names are equal wherever they stand.
    package static func == (a: PlacedName, b: PlacedName) -> Bool { a.name == b.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension ConfigurationType where Value == PlacedName {
    /// A name that is looked up later.
    package static var placedName: Self {
        let text = ConfigurationType<String>.text
        return Self("a name", placeholder: PlacedName("")) { node, path, context in
            text.read(node, path, context).map {
                Reading(value: PlacedName($0.value, place: node.place, key: path), node: $0.node)
            }
        }
    }
}

extension ConfigurationReader {
    /// The whole of this map as something to refuse later.
    package var placed: PlacedName { PlacedName("", place: place, key: path) }

    /// A key of this map as something to refuse later; the whole of it where the key is not given.
    package func placed(_ key: String) -> PlacedName {
        guard let entry = entries.first(where: { $0.key == key }) else { return placed }
        return PlacedName(key, place: entry.keyPlace, key: joined(path, key))
    }
}
