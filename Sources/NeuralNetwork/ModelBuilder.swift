import Autograd
import Kernels
import TensorCore

/// Turns layer specifications into layers: infers shapes, registers parameters in order of use, counts costs.
struct ModelBuilder {
    let preference: ConvolutionPreference
    private(set) var parameters: [Parameter] = []
    private(set) var statisticsMomentum: [Int: Float] = [:]
    private(set) var rows: [LayerSummary] = []
    private(set) var convolutions: [ConvolutionGeometry] = []
    private(set) var exchangeLayouts: [ExchangeLayout] = []
    /// The image whose flattened values reach the next linear layer.
    private var flattenedImage: Shape?
    private var names: Set<String> = []
    private var dropouts = 0

    init(preference: ConvolutionPreference) { self.preference = preference }

    typealias Built = (layer: any Layer, output: Shape)

    /// Layers one after another. Activations and pooling that can be computed together with the layer before them are.
    mutating func sequence(_ specifications: [LayerSpecification], input: Shape, prefix: String) throws -> Built {
        if specifications.isEmpty && prefix.isEmpty { throw ModelError.empty }
        var layers: [any Layer] = []
        var shape = input
        for (index, specification) in specifications.enumerated() {
            let (layer, output) = try build(specification, input: shape, prefix: prefix, defaultName: String(index))
            if layer is Rectifier, let fused = (layers.last as? any Rectifiable)?.rectified {
                layers[layers.count - 1] = fused
            } else if let pooling = layer as? MaxPooling,
                let fused = (layers.last as? Convolution2D)?.pooled(pooling.attributes)
            {
                layers[layers.count - 1] = fused
            } else {
                layers.append(layer)
            }
            shape = output
        }
        return (layers.count == 1 ? layers[0] : Sequential(layers: layers), shape)
    }

    private mutating func build(
        _ specification: LayerSpecification, input: Shape, prefix: String, defaultName: String
    ) throws -> Built {
        if case .named(let name, let inner) = specification {
            return try build(inner, input: input, prefix: prefix, defaultName: name)
        }
        let path = prefix.isEmpty ? defaultName : prefix + "." + defaultName
        switch specification {
        case .named: preconditionFailure("handled above")
        case .convolution(let c): return try convolution(c, input, path)
        case .linear(let units, let bias, let initializer): return try linear(units, bias, initializer, input, path)
        case .maxPool(let p):
            let (attributes, output) = try pooling(p, input, path)
            return finish(MaxPooling(attributes: attributes), "maxPool", output, path)
        case .averagePool(let p, let countPadding):
            let (attributes, output) = try pooling(p, input, path)
            return finish(
                AveragePooling(attributes: attributes, countPadding: countPadding), "averagePool", output, path)
        case .globalAveragePool:
            guard input.rank >= 2 else {
                throw ModelError.wrongRank(layer: path, input: input, expected: "an image [H, W, C]")
            }
            return finish(GlobalAveragePooling(), "globalAveragePool", [input[-1]], path)
        case .batchNorm(let momentum, let epsilon): return try batchNorm(Float(momentum), Float(epsilon), input, path)
        case .activation(let activation):
            return finish(activation.layer, activation.name, input, path)
        case .dropout(let probability):
            dropouts += 1
            return finish(Dropout(probability: Float(probability), number: dropouts), "dropout", input, path)
        case .flatten:
            flattenedImage = input.rank == 3 ? input : nil
            return finish(Flatten(), "flatten", [input.count], path)
        case .residual(let main, let shortcut): return try residual(main, shortcut, input, path)
        case .concatenate(let branches): return try concatenation(branches, input, path)
        case .sequence(let layers): return try sequence(layers, input: input, prefix: path)
        }
    }

    // MARK: - Layers with parameters

    private mutating func convolution(_ c: LayerSpecification.Convolution, _ input: Shape, _ path: String) throws
        -> Built
    {
        guard input.rank == 3 else {
            throw ModelError.wrongRank(layer: path, input: input, expected: "an image [H, W, C]")
        }
        guard input[2] % c.groups == 0, c.filters % c.groups == 0 else {
            throw ModelError.groups(layer: path, groups: c.groups, inputChannels: input[2], outputChannels: c.filters)
        }
        let padding = c.padding.extents(input: input, kernel: c.kernel, stride: c.stride, dilation: c.dilation)
        var attributes = ConvolutionAttributes(
            stride: [c.stride.height, c.stride.width], padding: padding,
            dilation: [c.dilation.height, c.dilation.width],
            groups: c.groups)
        let filters: Shape = [c.filters, c.kernel.height, c.kernel.width, input[2] / c.groups]
        try requireSize(filters, path)
        let geometry = attributes.geometry(input: input.batched(1), filters: filters)
        guard geometry.outputHeight > 0, geometry.outputWidth > 0 else {
            throw ModelError.doesNotFit(layer: path, input: input, window: "\(c.kernel.height)×\(c.kernel.width)")
        }
        try requireSize([geometry.outputHeight, geometry.outputWidth, c.filters], path)
        let weight = try parameter(
            path + ".weight", filters, c.initializer?.initializer ?? .uniformFanIn(1), layout: .filters)
        let bias = c.bias ? try parameter(path + ".bias", [c.filters], .uniformBias(fanIn: geometry.patchCount)) : nil
        attributes.algorithm = preference.algorithm(for: geometry)
        convolutions.append(geometry)
        let output: Shape = [geometry.outputHeight, geometry.outputWidth, c.filters]
        return finish(
            Convolution2D(weight: weight, bias: bias, attributes: attributes), "conv", output, path,
            parameters: filters.count + (c.bias ? c.filters : 0), multiplyAdds: geometry.multiplyAdds)
    }

    private mutating func linear(
        _ units: Int, _ hasBias: Bool, _ initializer: LayerSpecification.Initializer?, _ input: Shape, _ path: String
    ) throws -> Built {
        guard input.rank == 1 else {
            throw ModelError.wrongRank(layer: path, input: input, expected: "a vector [features]")
        }
        let layout =
            flattenedImage.map { ExchangeLayout.flattenedImage(height: $0[0], width: $0[1], channels: $0[2]) } ?? .same
        flattenedImage = nil
        let weight = try parameter(
            path + ".weight", [units, input[0]], initializer?.initializer ?? .uniformFanIn(1), layout: layout)
        let bias = hasBias ? try parameter(path + ".bias", [units], .uniformBias(fanIn: input[0])) : nil
        return finish(
            Linear(weight: weight, bias: bias), "linear", [units], path,
            parameters: units * input[0] + (hasBias ? units : 0),
            multiplyAdds: units * input[0])
    }

    private mutating func batchNorm(_ momentum: Float, _ epsilon: Float, _ input: Shape, _ path: String) throws -> Built
    {
        let channels: Shape = [input[-1]]
        let gamma = try parameter(path + ".weight", channels, .ones)
        let beta = try parameter(path + ".bias", channels, .zeros)
        let mean = try parameter(path + ".running_mean", channels, .zeros, isTrainable: false)
        let variance = try parameter(path + ".running_var", channels, .ones, isTrainable: false)
        statisticsMomentum[mean.index] = momentum
        statisticsMomentum[variance.index] = momentum
        return finish(
            BatchNormalization(
                gamma: gamma, beta: beta, runningMean: mean, runningVariance: variance, epsilon: epsilon),
            "batchNorm", input, path, parameters: 2 * channels.count)
    }

    // MARK: - Composite layers

    private mutating func residual(
        _ main: [LayerSpecification], _ shortcut: [LayerSpecification], _ input: Shape, _ path: String
    ) throws -> Built {
        let (mainLayer, mainOutput) = try sequence(main, input: input, prefix: path)
        var shortcutLayer: (any Layer)?
        var shortcutOutput = input
        if !shortcut.isEmpty {
            (shortcutLayer, shortcutOutput) = try named(shortcut, input: input, prefix: path, default: "shortcut")
        }
        guard mainOutput == shortcutOutput else {
            throw ModelError.branchesDiffer(layer: path, mainOutput, shortcutOutput)
        }
        return finish(Residual(main: mainLayer, shortcut: shortcutLayer), "add", mainOutput, path)
    }

    private mutating func concatenation(_ branches: [[LayerSpecification]], _ input: Shape, _ path: String) throws
        -> Built
    {
        var layers: [any Layer] = []
        var outputs: [Shape] = []
        for (index, branch) in branches.enumerated() {
            let (layer, output) = try named(branch, input: input, prefix: path, default: "branch\(index + 1)")
            layers.append(layer)
            outputs.append(output)
            if output.dimensions.dropLast() != outputs[0].dimensions.dropLast() {
                throw ModelError.branchesDiffer(layer: path, outputs[0], output)
            }
        }
        guard let first = outputs.first else { throw ModelError.empty }
        let channels = outputs.reduce(0) { $0 + $1[-1] }
        let output = Shape(first.dimensions.dropLast() + [channels])
        try requireSize(output, path)
        return finish(Concatenation(branches: layers), "concatenate", output, path)
    }

    /// A branch: a single named layer keeps its own name, anything else goes below `name`.
    private mutating func named(
        _ layers: [LayerSpecification], input: Shape, prefix: String, default name: String
    ) throws -> Built {
        if layers.count == 1, case .named = layers[0] { return try sequence(layers, input: input, prefix: prefix) }
        return try sequence(layers, input: input, prefix: prefix.isEmpty ? name : prefix + "." + name)
    }

    // MARK: - Windows, sizes, parameters and the summary

    private func pooling(_ p: LayerSpecification.Pooling, _ input: Shape, _ path: String) throws -> (
        PoolingAttributes, Shape
    ) {
        guard input.rank == 3 else {
            throw ModelError.wrongRank(layer: path, input: input, expected: "an image [H, W, C]")
        }
        let padding = p.padding.extents(input: input, kernel: p.kernel, stride: p.stride, dilation: .init(1))
        let attributes = PoolingAttributes(
            kernel: [p.kernel.height, p.kernel.width], stride: [p.stride.height, p.stride.width],
            padding: [padding[0], padding[2]], extraPadding: [padding[1] - padding[0], padding[3] - padding[2]],
            ceilMode: p.ceil)
        let geometry = attributes.geometry(input: input.batched(1))
        guard geometry.outputHeight > 0, geometry.outputWidth > 0 else {
            throw ModelError.doesNotFit(layer: path, input: input, window: "\(p.kernel.height)×\(p.kernel.width)")
        }
        let output: Shape = [geometry.outputHeight, geometry.outputWidth, input[2]]
        try requireSize(output, path)
        return (attributes, output)
    }

    /// Refuses more values than the libraries' 32-bit indices reach, so that no product of sizes below overflows.
    private func requireSize(_ shape: Shape, _ path: String) throws {
        var count = 1
        for extent in shape.dimensions {
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            if overflows || product > Int(Int32.max) {
                throw ModelError.tooLarge(layer: path, extents: shape.dimensions)
            }
            count = product
        }
    }

    private mutating func parameter(
        _ name: String, _ shape: Shape, _ initializer: Initializer, isTrainable: Bool = true,
        layout: ExchangeLayout = .same
    ) throws -> Parameter {
        try requireSize(shape, name)
        guard names.insert(name).inserted else { throw ModelError.duplicateName(name) }
        let parameter = Parameter(
            index: parameters.count, name: name, shape: shape, isTrainable: isTrainable, initializer: initializer)
        parameters.append(parameter)
        exchangeLayouts.append(layout)
        return parameter
    }

    private mutating func finish(
        _ layer: any Layer, _ kind: String, _ output: Shape, _ path: String, parameters: Int = 0, multiplyAdds: Int = 0
    ) -> Built {
        rows.append(
            LayerSummary(
                name: path, kind: kind, outputShape: output, parameters: parameters, multiplyAdds: multiplyAdds))
        return (layer, output)
    }
}

extension LayerSpecification.Padding {
    /// [top, bottom, left, right].
    fileprivate func extents(
        input: Shape, kernel: LayerSpecification.Size, stride: LayerSpecification.Size,
        dilation: LayerSpecification.Size
    ) -> [Int] {
        switch self {
        case .explicit(let size): return [size.height, size.height, size.width, size.width]
        case .same:
            func split(_ n: Int, _ k: Int, _ s: Int, _ d: Int) -> [Int] {
                let total = max(((n + s - 1) / s - 1) * s + d * (k - 1) + 1 - n, 0)
                return [total / 2, total - total / 2]
            }
            return split(input[0], kernel.height, stride.height, dilation.height)
                + split(input[1], kernel.width, stride.width, dilation.width)
        }
    }
}

extension LayerSpecification.Initializer {
    fileprivate var initializer: Initializer {
        switch self {
        case .xavierUniform: .xavierUniform
        case .xavierNormal: .xavierNormal
        case .heUniform: .heUniform
        case .heNormal: .heNormal
        case .uniformFanIn(let c): .uniformFanIn(Float(c))
        }
    }
}

extension LayerSpecification.Activation {
    fileprivate var layer: any Layer {
        if case .relu = self { return Rectifier() }
        return ActivationLayer(activation: self)
    }

    fileprivate var name: String {
        switch self {
        case .relu: "relu"
        case .leakyReLU: "leakyRelu"
        case .sigmoid: "sigmoid"
        case .tanh: "tanh"
        case .softmax: "softmax"
        case .logSoftmax: "logSoftmax"
        case .elu: "elu"
        case .gelu: "gelu"
        case .silu: "silu"
        case .softplus: "softplus"
        case .ramp: "ramp"
        }
    }
}
