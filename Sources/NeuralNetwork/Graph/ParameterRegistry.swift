import Autograd
import TensorCore

/// The parameters of all models of a run, in order of use.
struct ParameterRegistry {
    private(set) var parameters: [Parameter] = []
    private(set) var exchangeLayouts: [ExchangeLayout] = []
    private var indices: [String: Int] = [:]

    subscript(name: String) -> Parameter? { indices[name].map { parameters[$0] } }

    /// Throws `ModelError.duplicateName`.
    mutating func add(
        _ name: String, _ shape: Shape, _ initializer: Initializer, role: ParameterRole, layout: ExchangeLayout,
        factorRows: Int? = nil
    ) throws -> Parameter {
        guard indices[name] == nil else { throw ModelError.duplicateName(name) }
        let parameter = Parameter(
            index: parameters.count, name: name, shape: shape, role: role, initializer: initializer,
            factorRows: factorRows)
        indices[name] = parameter.index
        parameters.append(parameter)
        exchangeLayouts.append(layout)
        return parameter
    }
}
