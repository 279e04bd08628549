import Autograd

/// A layer that can end with max(0, y) in the same pass over memory.
protocol Rectifiable: Layer {
    var rectified: any Layer { get }
}

/// y = x Wᵀ + b: [N, I] → [N, O].
struct Linear: Rectifiable {
    let weight: Parameter
    let bias: Parameter?
    var rectifies = false

    var rectified: any Layer { Linear(weight: weight, bias: bias, rectifies: true) }

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        linear(x, x.parameter(weight), bias: bias.map(x.parameter), rectify: rectifies)
    }
}

/// Cross-correlation: [N, H, W, C] → [N, H′, W′, O].
struct Convolution2D: Rectifiable {
    let weight: Parameter
    let bias: Parameter?
    let attributes: ConvolutionAttributes
    var rectifies = false

    /// Max pooling of the rectified output.
    var pooling: PoolingAttributes?

    var rectified: any Layer { Convolution2D(weight: weight, bias: bias, attributes: attributes, rectifies: true) }

    /// The layer with max pooling behind it, where one operation computes both; nil elsewhere.
    func pooled(_ pooling: PoolingAttributes) -> Convolution2D? {
        guard rectifies && self.pooling == nil else { return nil }
        var copy = self
        copy.pooling = pooling
        return copy
    }

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        if let pooling {
            return convolutionMaxPool2D(
                x, x.parameter(weight), bias: bias.map(x.parameter), attributes, pooling: pooling)
        }
        return convolution2D(x, x.parameter(weight), bias: bias.map(x.parameter), attributes, rectify: rectifies)
    }
}

/// Normalises each channel with the grain's statistics in training, the running ones in evaluation: [N, …, C] → the
/// same.
struct BatchNormalization: Rectifiable, Adding {
    let gamma: Parameter
    let beta: Parameter
    let runningMean: Parameter
    let runningVariance: Parameter
    let epsilon: Float
    var rectifies = false

    var rectified: any Layer {
        var copy = self
        copy.rectifies = true
        return copy
    }

    var canAdd: Bool { !rectifies }

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        normalized(x, adding: nil, rectify: rectifies, mode: mode)
    }

    func callAsFunction(_ x: Variable, adding other: Variable, rectify: Bool, mode: Mode) -> Variable {
        normalized(x, adding: other, rectify: rectify, mode: mode)
    }

    private func normalized(_ x: Variable, adding other: Variable?, rectify: Bool, mode: Mode) -> Variable {
        batchNormalization(
            x, gamma: x.parameter(gamma), beta: x.parameter(beta), runningMean: runningMean,
            runningVariance: runningVariance,
            epsilon: epsilon, mode: mode, adding: other, rectify: rectify)
    }
}
