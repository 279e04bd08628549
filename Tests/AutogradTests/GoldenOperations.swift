import Autograd
import Kernels
import TensorCore
import TestSupport

/// How a reference case of each operation is computed here, by the reference's name of the operation.
let goldenOperations: [String: @Sendable (GoldenCase) throws -> [Comparison]] = [
    // Layers
    "linear": { try $0.check(["input": .same, "weight": .same, "bias": .same]) { linear($0[0], $0[1], bias: $0[2]) } },
    "conv2d": checkConvolution,
    "conv1d": { golden in
        let before = try golden.attributes.integer("left_padding", default: 0)
        let attributes = ConvolutionAttributes(
            stride: [1, try golden.attributes.integer("stride", default: 1)], padding: [0, 0, before, 0],
            dilation: [1, try golden.attributes.integer("dilation", default: 1)])
        return try golden.check(
            ["input": .sequence, "weight": .sequenceFilters, "bias": .same], output: .sequence
        ) {
            let shape = $0[1].shape
            return convolution1D($0[0], reshape($0[1], [shape[0], 1, shape[1], shape[2]]), bias: $0[2], attributes)
        }
    },
    "conv_transpose2d": { golden in
        let padding = try golden.attributes.pair("padding", default: 0)
        let attributes = ConvolutionAttributes(
            stride: try golden.attributes.pair("stride", default: 1),
            padding: [padding[0], padding[0], padding[1], padding[1]])
        let outputPadding = try golden.attributes.pair("output_padding", default: 0)
        return try golden.check(["input": .image, "weight": .filters, "bias": .same], output: .image) {
            convolutionTranspose2D($0[0], $0[1], bias: $0[2], attributes, outputPadding: outputPadding)
        }
    },
    "max_pool2d": { golden in
        let attributes = try poolingAttributes(golden)
        return try golden.check(["input": .image], output: .image) { maxPool2D($0[0], attributes) }
    },
    "avg_pool2d": { golden in
        let attributes = try poolingAttributes(golden)
        let countPadding = try golden.attributes.boolean("count_include_pad", default: true)
        return try golden.check(["input": .image], output: .image) {
            averagePool2D($0[0], attributes, countPadding: countPadding)
        }
    },
    "l2_pool2d": { golden in
        let attributes = try poolingAttributes(golden)
        return try golden.check(["input": .image], output: .image) { l2Pool2D($0[0], attributes) }
    },
    "global_avg_pool2d": { try $0.check(["input": .image]) { globalAveragePool2D($0[0]) } },
    "batch_norm": checkBatchNormalization,
    "batch_norm_running": checkRunningStatistics,
    "layer_norm": { golden in
        let epsilon = Float(try golden.attributes.number("eps"))
        return try golden.check(["input": .same, "weight": .same, "bias": .same]) {
            layerNormalization($0[0], affine: ($0[1], $0[2]), epsilon: epsilon)
        }
    },
    "local_response_norm": { golden in
        let size = try golden.attributes.integer("size")
        let (alpha, beta) = (try golden.attributes.number("alpha"), try golden.attributes.number("beta"))
        let k = try golden.attributes.number("k")
        return try golden.check(["input": .image], output: .image) {
            localResponseNormalization($0[0], size: size, alpha: Float(alpha), beta: Float(beta), k: Float(k))
        }
    },
    "embedding": { golden in
        let tape = Tape.withoutParameters()
        let shape = Shape(golden.file.tensor("index")?.shape ?? [])
        let indices = Tensor(try golden.file.int64s(of: "index").map(Float.init), shape, pool: tape.pool)
        return try golden.check(["weight": .same], on: tape) { embedding(tape.constant(indices), $0[0]) }
    },
    // Activations
    "relu": { try $0.check(["input": .same]) { relu($0[0]) } },
    "leaky_relu": { golden in
        let slope = Float(try golden.attributes.number("slope", default: 0.01))
        return try golden.check(["input": .same]) { leakyRelu($0[0], slope: slope) }
    },
    "sigmoid": { try $0.check(["input": .same]) { sigmoid($0[0]) } },
    "tanh": { try $0.check(["input": .same]) { tanh($0[0]) } },
    "ramp": { try $0.check(["input": .same]) { ramp($0[0]) } },
    "elu": { golden in
        let alpha = Float(try golden.attributes.number("alpha", default: 1))
        return try golden.check(["input": .same]) { elu($0[0], alpha: alpha) }
    },
    "gelu": { try $0.check(["input": .same]) { gelu($0[0]) } },
    "silu": { try $0.check(["input": .same]) { silu($0[0]) } },
    "softplus": { try $0.check(["input": .same]) { softplus($0[0]) } },
    "softmax": { try $0.check(["input": .same]) { softmax($0[0]) } },
    "log_softmax": { try $0.check(["input": .same]) { logSoftmax($0[0]) } },
    // Losses; the reference takes means over the batch, we sum
    "mse": {
        try $0.check(["input": .same, "target": .same]) { batchMean(meanSquaredError($0[0], $0[1]), of: $0[0]) }
    },
    "bce": { golden in
        let fromLogits = try golden.attributes.boolean("from_logits")
        let labels = try golden.file.int64s(of: "target").map(Float.init)
        let tape = Tape.withoutParameters()
        return try golden.check(["input": .same], on: tape) {
            let target = tape.constant(Tensor(labels, $0[0].shape, pool: tape.pool))
            let loss = fromLogits ? binaryCrossEntropyFromLogits($0[0], target) : binaryCrossEntropy($0[0], target)
            return batchMean(loss, of: $0[0])
        }
    },
    "hinge": { golden in
        let margin = Float(try golden.attributes.number("margin"))
        let signs = try golden.file.int64s(of: "target").map(Float.init)
        let tape = Tape.withoutParameters()
        return try golden.check(["input": .same], on: tape) {
            let classes = tape.constant(Tensor(signs, $0[0].shape, pool: tape.pool))
            return batchMean(hinge($0[0], classes, margin: margin), of: $0[0])
        }
    },
    "log_loss": { golden in
        let signs = try golden.file.int64s(of: "target").map(Float.init)
        let tape = Tape.withoutParameters()
        return try golden.check(["input": .same], on: tape) {
            let classes = tape.constant(Tensor(signs, $0[0].shape, pool: tape.pool))
            return batchMean(logLoss($0[0], classes), of: $0[0])
        }
    },
    "max_margin": { golden in
        let margin = Float(try golden.attributes.number("margin"))
        let labels = try golden.file.int64s(of: "target").map { Int32($0) }
        return try golden.check(["input": .same]) { batchMean(maxMargin($0[0], labels, margin: margin), of: $0[0]) }
    },
    "l1": { try $0.check(["input": .same, "target": .same]) { batchMean(absoluteError($0[0], $0[1]), of: $0[0]) } },
    "half_square": {
        try $0.check(["input": .same, "target": .same]) {
            // ½ of the sum over a sample's values, not of their mean
            let half = scaled(meanSquaredError($0[0], $0[1]), by: 0.5 * Float($0[0].shape[1]))
            return batchMean(half, of: $0[0])
        }
    },
    "gaussian_kl": {
        try $0.check(["mu": .same, "logvar": .same]) { batchMean(gaussianKL($0[0], logVariance: $0[1]), of: $0[0]) }
    },
    "cross_entropy": { golden in
        let smoothing = Float(try golden.attributes.number("label_smoothing", default: 0))
        let isSoft = golden.file.tensor("target")?.dataType == .float32
        let labels = isSoft ? [] : try golden.file.int64s(of: "target").map { Int32($0) }
        let distribution = isSoft ? try golden.file.floats(of: "target") : []
        let pool = StoragePool()
        return try golden.check(["input": .same]) {
            let targets: ClassTargets =
                isSoft ? .distribution(Tensor(distribution, $0[0].shape, pool: pool)) : .indices(labels)
            return batchMean(crossEntropy($0[0], targets, smoothing: smoothing).loss, of: $0[0])
        }
    },
]

/// loss / N for the batch that `x` is.
private func batchMean(_ loss: Variable, of x: Variable) -> Variable { scaled(loss, by: 1 / Float(x.shape[0])) }

private func poolingAttributes(_ golden: GoldenCase) throws -> PoolingAttributes {
    let kernel = try golden.attributes.pair("kernel")
    return PoolingAttributes(
        kernel: kernel, stride: try golden.attributes.pair("stride", default: kernel[0]),
        padding: try golden.attributes.pair("padding", default: 0),
        ceilMode: try golden.attributes.boolean("ceil_mode", default: false))
}

/// With the algorithm that the shape gets, and with each other one that supports it.
private func checkConvolution(_ golden: GoldenCase) throws -> [Comparison] {
    let padding = try golden.attributes.pair("padding", default: 0)
    var attributes = ConvolutionAttributes(
        stride: try golden.attributes.pair("stride", default: 1),
        padding: [padding[0], padding[0], padding[1], padding[1]],
        dilation: try golden.attributes.pair("dilation", default: 1),
        groups: try golden.attributes.integer("groups", default: 1))
    func check() throws -> [Comparison] {
        try golden.check(["input": .image, "weight": .filters, "bias": .same], output: .image) {
            convolution2D($0[0], $0[1], bias: $0[2], attributes)
        }
    }
    var comparisons = try check()
    let pool = StoragePool()
    let geometry = attributes.geometry(
        input: try golden.tensor("input", .image, pool).shape,
        filters: try golden.tensor("weight", .filters, pool).shape)
    for algorithm in Convolution.algorithms(for: geometry) {
        attributes.algorithm = algorithm
        comparisons += try check().map {
            Comparison("\(algorithm) \($0.name)", error: $0.error, tolerance: $0.tolerance)
        }
    }
    return comparisons
}

// MARK: - Batch normalisation

private let runningMean = Parameter(
    index: 0, name: "running_mean", shape: [6], role: .statistic(momentum: 0.1), initializer: .zeros)
private let runningVariance = Parameter(
    index: 1, name: "running_var", shape: [6], role: .statistic(momentum: 0.1), initializer: .ones)

/// In training with the batch's statistics; in evaluation with those of the companion case.
private func checkBatchNormalization(_ golden: GoldenCase) throws -> [Comparison] {
    let layout = ModelLayout([runningMean, runningVariance])
    let values = FlatBuffer(count: layout.count)
    let isTraining = try golden.attributes.boolean("train")
    if !isTraining {
        let companion = try GoldenCase.named("batchnorm_eval_stats").file
        for (parameter, name) in [(runningMean, "running_mean"), (runningVariance, "running_var")] {
            let target = UnsafeMutableBufferPointer(
                start: values.pointer + layout.offsets[parameter.index], count: parameter.shape.count)
            try companion.copyFloats(of: name, into: target)
        }
    }
    let epsilon = Float(try golden.attributes.number("eps"))
    return try golden.check(
        ["input": .image, "weight": .same, "bias": .same], output: .image, on: Tape(layout: layout, values: values)
    ) {
        batchNormalization(
            $0[0], gamma: $0[1], beta: $0[2], runningMean: runningMean, runningVariance: runningVariance,
            epsilon: epsilon,
            mode: isTraining ? .training(RandomKey(seed: 1)) : .evaluation)
    }
}

/// What a grain contributes to the running statistics, which then become (1 − m) · old + m · contribution / weight.
private func checkRunningStatistics(_ golden: GoldenCase) throws -> [Comparison] {
    let layout = ModelLayout([runningMean, runningVariance])
    let tape = Tape(layout: layout, values: FlatBuffer(count: layout.count))
    let sums = FlatBuffer(count: tape.wholeVector.count)
    tape.begin(gradients: sums.pointer)
    let x = tape.constant(try golden.tensor("input", .image, tape.pool))
    let one = Tensor([6], pool: tape.pool)
    one.fill(1)
    _ = batchNormalization(
        x, gamma: tape.constant(one), beta: tape.constant(one), runningMean: runningMean,
        runningVariance: runningVariance,
        epsilon: Float(try golden.attributes.number("eps")), mode: .training(RandomKey(seed: 1)))
    let momentum = Float(try golden.attributes.number("momentum"))
    return try [runningMean, runningVariance].map { parameter in
        let old = try golden.file.floats(of: parameter.name)
        let contribution = sums.pointer + (tape.wholeVector.offset(of: parameter.index) ?? 0)
        let weight = sums.pointer[tape.wholeVector.weightOffset(of: parameter.index) ?? 0]
        let new = old.indices.map { (1 - momentum) * old[$0] + momentum * contribution[$0] / weight }
        let error = relativeError(new, try golden.file.floats(of: "new_" + parameter.name))
        return Comparison(parameter.name, error: error, tolerance: golden.tolerance)
    }
}
