/// How the value of a key is read: a type in the sense of the configuration's user, such as "an integer of at least 1".
package struct ConfigurationType<Value> {
    /// The type in words that complete "give …".
    package let summary: String
    /// Some value of the type, for reading on after a problem has been reported.
    package let placeholder: () -> Value
    /// The section that documents the value's keys, if it has keys.
    package var section: SectionReference?
    /// Reads a node; reports to the context and gives nil when the node is not of this type. The resulting node is the
    /// value in its full form: short forms expanded, defaults written out, numbers in one spelling.
    package let read: (_ node: ConfigurationNode, _ path: String, _ context: ConfigurationContext) -> Reading?

    package struct Reading {
        package let value: Value
        package let node: ConfigurationNode

        package init(value: Value, node: ConfigurationNode) {
            self.value = value
            self.node = node
        }
    }

    package init(
        _ summary: String, placeholder: @escaping @autoclosure () -> Value, section: SectionReference? = nil,
        read: @escaping (ConfigurationNode, String, ConfigurationContext) -> Reading?
    ) {
        self.summary = summary
        self.placeholder = placeholder
        self.section = section
        self.read = read
    }

    /// A type whose values are single scalars.
    ///
    /// - Parameters:
    ///   - parse: the value of an unquoted text, nil when it is of another type.
    ///   - write: the value in its one spelling.
    package init(
        scalar summary: String, placeholder: @escaping @autoclosure () -> Value,
        parse: @escaping (String) -> Value?, isInRange: @escaping (Value) -> Bool = { _ in true },
        write: @escaping (Value) -> String
    ) {
        self.init(summary, placeholder: placeholder()) { node, path, context in
            guard case .scalar(let text, isQuoted: false) = node.content, let value = parse(text) else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            guard isInRange(value) else {
                context.report(.outOfRange(node.place, key: path, value: text, expected: summary))
                return nil
            }
            return Reading(value: value, node: .plain(write(value)))
        }
    }

    /// The same type with its values turned into another Swift type.
    package func map<Other>(_ transform: @escaping (Value) -> Other) -> ConfigurationType<Other> {
        ConfigurationType<Other>(summary, placeholder: transform(placeholder()), section: section) {
            node, path, context in
            read(node, path, context).map { .init(value: transform($0.value), node: $0.node) }
        }
    }
}

extension ConfigurationContext {
    package func reportWrongType(_ node: ConfigurationNode, _ path: String, expected: String) {
        if case .invalid = node.content { return }
        report(.wrongType(node.place, key: path, expected: expected, found: node.kind))
    }
}
