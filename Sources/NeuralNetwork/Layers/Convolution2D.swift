import Autograd
import ConfigurationReading
import TensorCore

/// Cross-correlation: [N, H, W, C] → [N, H′, W′, O].
struct Convolution2D: UnaryLayer {
    let weight: Parameter
    let bias: Parameter?
    let attributes: ConvolutionAttributes
    /// Which channels are connected, where not all are.
    var connections: ConnectionTable?
    /// Whether the filters are turned by half a circle, which makes it true convolution.
    var flips = false
    /// How far the image goes on behind its opposite border: [top, bottom, left, right]; nil where zeros are around it.
    var circularPadding: [Int]?
    var rectifies = false
    /// Max pooling of the rectified output.
    var pooling: PoolingAttributes?

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        convolved(circularPadding.map { padCircular2D(x, $0) } ?? x, filters(x), bias: bias.map(x.parameter))
    }

    /// An image through these filters, and what is fused with them.
    func convolved(_ image: Variable, _ filters: Variable, bias: Variable?) -> Variable {
        if let pooling {
            return convolutionMaxPool2D(image, filters, bias: bias, attributes, pooling: pooling)
        }
        return convolution2D(image, filters, bias: bias, attributes, rectify: rectifies)
    }

    /// The filters that the weights are, or from which they are made; on x's tape.
    func filters(_ x: Variable) -> Variable {
        let weights = x.parameter(weight)
        let filters = connections.map { connectedFilters(weights, $0) } ?? weights
        return flips ? flipped(filters) : filters
    }

    func fused(with next: any Layer) -> (any Layer)? {
        guard pooling == nil else { return nil }
        var copy = self
        if !rectifies, next is Rectifier {
            copy.rectifies = true
        } else if rectifies, let next = next as? MaxPooling {
            copy.pooling = next.attributes
        } else {
            return nil
        }
        return copy
    }

    static let entry = LayerEntry(
        "conv", "2-D convolution (cross-correlation).", otherNames: ["Conv2D", "Conv2d"]
    ) { Convolution(from: $0) }
}
