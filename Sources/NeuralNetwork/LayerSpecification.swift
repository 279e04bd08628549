/// A layer as a configuration describes it: pure data, from which a model with parameters is built.
package indirect enum LayerSpecification: Equatable, Sendable {
    /// A layer with a name, which becomes a part of its parameters' names.
    case named(String, LayerSpecification)
    /// Cross-correlation, `[N, H, W, C] → [N, H', W', filters]`.
    case convolution(Convolution)
    /// y = Wx + b, `[N, C] → [N, units]`.
    case linear(units: Int, bias: Bool = true, initializer: Initializer? = nil)
    /// Largest value of each window.
    case maxPool(Pooling)
    /// Mean of each window; whether padding counts as zeros in the mean.
    case averagePool(Pooling, countIncludePad: Bool = true)
    /// Mean over all positions, `[N, H, W, C] → [N, C]`.
    case globalAveragePool
    /// Ioffe and Szegedy 2015, statistics of each grain; `momentum` is the weight of the new running statistic.
    case batchNorm(momentum: Double = 0.1, epsilon: Double = 1e-5)
    /// An element-wise function, or softmax over the last dimension.
    case activation(Activation)
    /// Srivastava et al. 2014: zero with this probability in training, the rest scaled by 1/(1 − p).
    case dropout(probability: Double)
    /// `[N, H, W, C] → [N, H·W·C]`.
    case flatten
    /// main(x) + shortcut(x); an empty shortcut is the identity.
    case residual(main: [LayerSpecification], shortcut: [LayerSpecification] = [])
    /// The outputs of all branches on the same input, joined along the channels.
    case concatenate(branches: [[LayerSpecification]])
    /// Layers one after another, as one layer.
    case sequence([LayerSpecification])
}

extension LayerSpecification {
    /// Extents along height and width.
    package struct Size: Equatable, Sendable {
        package var height: Int
        package var width: Int

        package init(height: Int, width: Int) {
            self.height = height
            self.width = width
        }

        /// The same extent in both directions.
        package init(_ extent: Int) { self.init(height: extent, width: extent) }
    }

    /// Zeros around an image.
    package enum Padding: Equatable, Sendable {
        /// So many at the top and the bottom, and so many at the left and the right.
        case explicit(Size)
        /// As many as make the output ⌈input/stride⌉ large; an odd one goes to the bottom and the right.
        case same
    }

    /// The parameters of a 2-D convolution.
    package struct Convolution: Equatable, Sendable {
        package var filters: Int
        package var kernel: Size
        package var stride: Size
        package var padding: Padding
        package var dilation: Size
        package var groups: Int
        package var bias: Bool
        /// How the filters are drawn; nil for the program's default.
        package var initializer: Initializer?

        package init(
            filters: Int, kernel: Size, stride: Size = Size(1), padding: Padding = .explicit(Size(0)),
            dilation: Size = Size(1), groups: Int = 1, bias: Bool = true, initializer: Initializer? = nil
        ) {
            self.filters = filters
            self.kernel = kernel
            self.stride = stride
            self.padding = padding
            self.dilation = dilation
            self.groups = groups
            self.bias = bias
            self.initializer = initializer
        }
    }

    /// The window of a pooling layer.
    package struct Pooling: Equatable, Sendable {
        package var kernel: Size
        package var stride: Size
        package var padding: Padding
        /// Whether a window that does not fit entirely counts (GoogLeNet), instead of being dropped.
        package var ceil: Bool

        /// - Parameter stride: nil for windows that do not overlap.
        package init(kernel: Size, stride: Size? = nil, padding: Padding = .explicit(Size(0)), ceil: Bool = false) {
            self.kernel = kernel
            self.stride = stride ?? kernel
            self.padding = padding
            self.ceil = ceil
        }
    }

    /// Activation functions.
    package enum Activation: Equatable, Sendable {
        case relu
        /// x for x > 0, slope·x otherwise.
        case leakyReLU(slope: Double)
        case sigmoid
        case tanh
        case softmax
        case logSoftmax
        /// x for x > 0, α(eˣ − 1) otherwise; Clevert et al. 2015.
        case elu(alpha: Double)
        /// x·Φ(x); Hendrycks and Gimpel 2016.
        case gelu
        /// x·sigmoid(x).
        case silu
        /// log(1 + eˣ).
        case softplus
        /// x clamped to −1…1.
        case ramp
    }

    /// Distributions from which initial weights are drawn; n is the fan-in, m the fan-out.
    package enum Initializer: Equatable, Sendable {
        /// Uniform in ±√(6/(n + m)); Glorot and Bengio 2010.
        case xavierUniform
        /// Normal with variance 2/(n + m).
        case xavierNormal
        /// Uniform in ±√(6/n); He et al. 2015.
        case heUniform
        /// Normal with variance 2/n.
        case heNormal
        /// Uniform in ±c/√n.
        case uniformFanIn(c: Double)
    }
}
