import Autograd
import ConfigurationReading
import TensorCore

/// How a layer's weights and biases get their first values.
package struct LayerInitializer: Equatable, Sendable {
    package var weight: Initializer
    /// The first biases, one for each output or one for all; nil for the layer's own rule, or for 0 where nothing else
    /// is drawn.
    package var bias: [Float]?
    /// Whether a hidden layer may begin with all its units equal, to show what comes of it.
    package var demonstratesSymmetry: Bool

    package init(_ weight: Initializer, bias: [Float]? = nil, demonstratesSymmetry: Bool = false) {
        self.weight = weight
        self.bias = bias
        self.demonstratesSymmetry = demonstratesSymmetry
    }

    package static let xavierUniform = LayerInitializer(.xavierUniform)
    package static let xavierNormal = LayerInitializer(.xavierNormal)
    package static let heUniform = LayerInitializer(.heUniform)
    package static let heNormal = LayerInitializer(.heNormal)
    package static func uniformFanIn(_ c: Float) -> LayerInitializer { LayerInitializer(.uniformFanIn(c)) }
    package static func normalFanIn(_ c: Float) -> LayerInitializer { LayerInitializer(.normalFanIn(c)) }
    package static func normal(_ deviation: Float) -> LayerInitializer { LayerInitializer(.normal(deviation)) }
    package static func constant(_ value: Float) -> LayerInitializer { LayerInitializer(.constant(value)) }

    /// The rule of the biases of weights [outputs, …] with a given fan-in: PyTorch's unless it says something else.
    package func biasInitializer(fanIn: Int) -> Initializer {
        if let bias { return bias.count == 1 ? .constant(bias[0]) : .values(bias) }
        return weight.drawsNothing ? .zeros : .uniformBias(fanIn: fanIn)
    }

    /// Whether all units begin with the same weights and the same bias.
    ///
    /// - Parameter shape: of the weights, [units, …].
    fileprivate func makesEqual(_ shape: Shape, hasBias: Bool) -> Bool {
        let units = shape[0]
        if units < 2 { return false }
        if hasBias, let bias, bias.contains(where: { $0 != bias[0] }) { return false }
        switch weight {
        case .zeros, .ones, .constant: return true
        case .values(let values):
            let size = shape.sample.count
            return (size..<values.count).allSatisfy { values[$0] == values[$0 - size] }
        default: return false
        }
    }
}

extension Initializer {
    /// Whether no random number is asked for.
    fileprivate var drawsNothing: Bool {
        switch self {
        case .zeros, .ones, .constant, .values: true
        default: false
        }
    }
}

extension GraphBuilder {
    /// Registers a layer's weights `path.weight` [outputs, …] and biases `path.bias` [outputs], with first values as
    /// the configuration says; without that uniform in ±1/√fan-in, which is PyTorch's rule.
    ///
    /// - Parameters:
    ///   - outputs: how many biases there are, where it is not the first dimension of the weights.
    ///   - fans: those of blocks of the weights and of the biases, where the shape does not say them.
    ///   - factorRows: as ``Parameter/factorRows``.
    /// - Throws: `ModelError.refused` where they don't fit the layer.
    package mutating func weightAndBias(
        _ path: String, _ shape: Shape, _ initializer: LayerInitializer?, bias hasBias: Bool, outputs: Int? = nil,
        fans: (weights: [Initializer.Fans], biases: [Initializer.Fans])? = nil,
        role: ParameterRole = .weight, layout: ExchangeLayout = .same, factorRows: Int? = nil
    ) throws -> (weight: Parameter, bias: Parameter?) {
        let outputs = outputs ?? shape[0]
        let own = try (initializer ?? .uniformFanIn(1)).fitted(
            to: shape, layout, biases: hasBias ? outputs : nil, path)
        if own.makesEqual(shape, hasBias: hasBias), !own.demonstratesSymmetry { equalUnits.insert(path) }
        let drawn = fans.map { Initializer.withFans(own.weight, $0.weights) } ?? own.weight
        let weight = try parameter(
            path + ".weight", shape, drawn, role: role, layout: layout, factorRows: factorRows)
        guard hasBias else { return (weight, nil) }
        var first = own.biasInitializer(fanIn: shape.sample.count)
        if let fans, case .uniformBias = first { first = .withFans(.uniformFanIn(1), fans.biases) }
        return (weight, try parameter(path + ".bias", [outputs], first))
    }

    /// Refuses equal units in hidden layers, which are those that a layer with weights depends on.
    ///
    /// An output's units get gradients of their own; a hidden layer's get the same one for ever.
    /// - Throws: `ModelError.equalUnits`.
    func requireDifferentUnits() throws {
        for path in equalUnits.sorted() {
            var dependents: Set<Node> = []
            for (index, node) in nodes.enumerated() {
                let depends = node.inputs.contains { dependents.contains($0) }
                if depends, weighted.contains(node.name) { throw ModelError.equalUnits(layer: path) }
                if depends || node.name == path { dependents.insert(index) }
            }
        }
    }
}

extension LayerInitializer {
    /// The same with given values in our own order of axes, once they are known to fit. Throws `ModelError`.
    fileprivate func fitted(
        to shape: Shape, _ layout: ExchangeLayout, biases: Int?, _ path: String
    ) throws -> LayerInitializer {
        if let bias {
            guard let biases else {
                throw ModelError.refused(
                    layer: path, because: "its initializer gives biases, and it has none; leave them out")
            }
            guard bias.count == 1 || bias.count == biases else {
                throw ModelError.refused(
                    layer: path,
                    because: "\(bias.count) first biases for \(biases) outputs; give one for each, or one for all")
            }
        }
        var copy = self
        switch weight {
        case .values(let values):
            guard values.count == shape.count else {
                throw ModelError.refused(
                    layer: path,
                    because: "\(values.count) first values for weights \(layout.exchanged(shape)); give \(shape.count)")
            }
            copy.weight = .values(layout.ours(values, shape))
        case .identity where layout == .same && shape.rank != 2:
            throw ModelError.refused(
                layer: path, because: "`identity` is for filters and matrices; choose another initializer")
        case .whitening where layout != .filters || shape[0] % 2 != 0 || shape[0] > 2 * shape.sample.count:
            throw ModelError.refused(
                layer: path,
                because: "`whitening` gives a `conv` an even number of filters, two for each component of the patches"
                    + (layout == .filters ? "; give at most \(2 * shape.sample.count)" : ""))
        case .gabor where layout != .filters || shape[1] < 3 || shape[2] < 3:
            throw ModelError.refused(
                layer: path, because: "Gabor functions are filters of 3×3 or more pixels; use them in such a `conv`")
        default: break
        }
        return copy
    }
}

extension ExchangeLayout {
    /// A parameter's shape in files and configurations.
    fileprivate func exchanged(_ shape: Shape) -> Shape {
        switch self {
        case .same: shape
        case .filters: [shape[0], shape[3], shape[1], shape[2]]
        case .sequenceFilters: [shape[0], shape[3], shape[2]]
        }
    }

    /// Values in the order of files and configurations as we keep them.
    fileprivate func ours(_ values: [Float], _ shape: Shape) -> [Float] {
        if self == .same { return values }
        let (pixels, channels) = (shape[1] * shape[2], shape[3])
        return values.indices.map { i in
            let (o, pixel, c) = (i / (pixels * channels), i / channels % pixels, i % channels)
            return values[(o * channels + c) * pixels + pixel]
        }
    }
}
