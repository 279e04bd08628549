/// Which parameters a phase of training may change: weights it learns, statistics it averages, state it carries.
///
/// A constant is in no set.
package struct ParameterSet: Equatable, Sendable {
    /// By the parameter's index.
    private let isMember: [Bool]

    /// The parameters whose name satisfies `matches`.
    package init(_ layout: ModelLayout, names matches: (String) -> Bool) {
        isMember = layout.parameters.map { $0.role != .constant && matches($0.name) }
    }

    /// Everything but constants.
    package static func all(_ layout: ModelLayout) -> ParameterSet { ParameterSet(layout) { _ in true } }

    /// Whether it has the parameter of this index.
    package func contains(_ index: Int) -> Bool { isMember[index] }

    /// How many parameters of the layout it was made for; a set fits no other layout.
    var parameterCount: Int { isMember.count }
}
