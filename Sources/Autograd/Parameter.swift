import TensorCore

/// What a parameter is to training.
package enum ParameterRole: Hashable, Sendable {
    /// Learned from its gradient.
    case weight
    /// An average of what a layer saw in training, such as batch normalisation's running mean. `momentum` in 0…1 is the
    /// share that a step's value has in the new average.
    case statistic(momentum: Float)
    /// State that one step hands to the next, such as the hidden state of a lane of text: shape [lanes, …]. The grain
    /// that owns a lane assigns it.
    case carried
    /// Never changed.
    case constant
}

/// A named tensor of a model.
package struct Parameter: Hashable, Sendable {
    /// Position in the order of registration, which is the order of use.
    package let index: Int
    package let name: String
    package let shape: Shape
    package let role: ParameterRole
    package let initializer: Initializer
    /// Of a weight [O, I] that `linear` alone uses: the rows a sample of dy and x, whose product dyᵀ x its gradient is.
    /// Nil where a gradient comes from anything else.
    package let factorRows: Int?

    package init(
        index: Int, name: String, shape: Shape, role: ParameterRole = .weight, initializer: Initializer,
        factorRows: Int? = nil
    ) {
        self.factorRows = factorRows
        self.index = index
        self.name = name
        self.shape = shape
        self.role = role
        self.initializer = initializer
    }

    /// Whether it is learned from its gradient.
    package var isTrainable: Bool { role == .weight }

    /// Whether it is an average of what a layer saw.
    package var isStatistic: Bool {
        if case .statistic = role { return true }
        return false
    }
}
