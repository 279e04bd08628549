extension ConfigurationType {
    /// A list whose elements are all of one type.
    package static func list<Element>(of element: ConfigurationType<Element>, atLeast minimum: Int = 0) -> Self
    where Value == [Element] {
        let summary = "a list\(minimum > 0 ? " that is not empty" : ""), each element \(element.summary)"
        return Self(summary, placeholder: [], section: element.section) { node, path, context in
            guard case .list(let elements) = node.content else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            guard elements.count >= minimum else {
                context.report(.outOfRange(node.place, key: path, value: "an empty list", expected: summary))
                return nil
            }
            let readings = elements.enumerated().compactMap { element.read($1, joined(path, String($0)), context) }
            guard readings.count == elements.count else { return nil }
            return Reading(value: readings.map(\.value), node: ConfigurationNode(.list(readings.map(\.node))))
        }
    }

    /// A map of names that the user chooses, each with a value of one type, in the order of the file.
    package static func dictionary<Element>(of element: ConfigurationType<Element>) -> Self
    where Value == [(key: PlacedName, value: Element)] {
        let summary = "a map of names, each to \(element.summary)"
        return Self(summary, placeholder: [], section: element.section) { node, path, context in
            guard case .map(let entries) = node.content else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            let name = ConfigurationType<String>.identifier
            var values: [(key: PlacedName, value: Element)] = []
            var resolved: [ConfigurationNode.Entry] = []
            for entry in entries {
                guard name.read(.plain(entry.key, at: entry.keyPlace), joined(path, entry.key), context) != nil,
                    let reading = element.read(entry.value, joined(path, entry.key), context)
                else { return nil }
                let key = PlacedName(entry.key, place: entry.keyPlace, key: joined(path, entry.key))
                values.append((key, reading.value))
                resolved.append(.init(key: entry.key, keyPlace: .builtIn, value: reading.node))
            }
            return Reading(value: values, node: ConfigurationNode(.map(resolved)))
        }
    }

    /// A list, or a single value that stands for a list of one.
    package static func oneOrMore<Element>(of element: ConfigurationType<Element>) -> Self where Value == [Element] {
        let list = list(of: element, atLeast: 1)
        return Self("\(element.summary), or a list of such", placeholder: [], section: element.section) {
            node, path, context in
            if case .scalar = node.content {
                return list.read(ConfigurationNode(.list([node]), at: node.place), path, context)
            }
            return list.read(node, path, context)
        }
    }

    /// A section read from its own map.
    package static func section(_ type: Value.Type = Value.self) -> Self where Value: ConfigurationSection {
        map(title: Value.title, shortForm: Value.shortForm) { Value(from: $0) }
    }

    /// A map whose keys `body` declares; keys that it does not declare are refused.
    package static func map(
        title: String, shortForm: ConfigurationShortForm, _ body: @escaping (ConfigurationReader) -> Value
    ) -> Self {
        let summary = "a map of \(title) keys"
        let section = SectionReference(title: title) {
            let reader = ConfigurationReader.silent()
            _ = body(reader)
            return (reader.declarations, reader.variantDeclarations)
        }
        return Self(summary, placeholder: body(.silent()), section: section) { node, path, context in
            guard let form = node.asMap(shortForm) else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            let reader = ConfigurationReader(
                path: path, place: node.place, entries: form.entries, bareName: form.bareName, context: context)
            let value = body(reader)
            reader.finish()
            return Reading(value: value, node: ConfigurationNode(.map(reader.resolved)))
        }
    }
}

extension ConfigurationNode {
    /// The node as a map, short forms expanded; nil when it is neither a map nor an allowed short form.
    fileprivate func asMap(_ shortForm: ConfigurationShortForm) -> (entries: [Entry], bareName: String?)? {
        switch (content, shortForm) {
        case (.map(var entries), _):
            guard let index = entries.firstIndex(where: { $0.key == Self.shortFormKey }) else { return (entries, nil) }
            let bare = entries.remove(at: index).value  // An override went into a short form; its keys take precedence.
            guard let expanded = bare.asMap(shortForm) else { return nil }
            let added = expanded.entries.filter { entry in !entries.contains { $0.key == entry.key } }
            return (added + entries, expanded.bareName)
        case (.null, _):
            return ([], nil)
        case (.scalar(let name, _), .key):
            return ([Entry(key: name, keyPlace: place, value: ConfigurationNode(.null, at: place))], name)
        case (.scalar, .value(let key)), (.list, .value(let key)):
            return ([Entry(key: key, keyPlace: place, value: self)], nil)
        default:
            return nil
        }
    }

    /// The key under which an override keeps the short form that it went into; no key of a section can be this
    /// character.
    package static let shortFormKey = "\u{0}"
}
