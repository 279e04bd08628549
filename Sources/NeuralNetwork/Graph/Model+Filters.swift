import Autograd
import TensorCore

/// The weights of a layer that looks at an image, those of each unit as a small image.
package struct ImageFilters: Sendable {
    /// The layer's name.
    package let layer: String
    package let weight: Parameter
    /// [units, height, width, channels], with one or three channels.
    package let shape: Shape
    /// Whether a unit's weights lie in the order (c, h, w), as ``Flatten`` leaves the image.
    let isChannelsFirst: Bool

    /// The filters of the first units as images, [units, height, width, channels].
    ///
    /// - Parameter weights: the parameter's values.
    package func images(_ weights: UnsafePointer<Float>, units: Int) -> [Float] {
        let (pixels, channels) = (shape[1] * shape[2], shape[3])
        return (0..<units * pixels * channels).map { place in
            let (unit, rest) = place.quotientAndRemainder(dividingBy: pixels * channels)
            let own = isChannelsFirst ? rest % channels * pixels + rest / channels : rest
            return weights[unit * pixels * channels + own]
        }
    }
}

extension Model {
    /// The filters of the first layer that reads an image of one or three channels: a convolution, or a layer over all
    /// pixels; nil where no such layer comes first, or its filters are single pixels.
    ///
    /// - Parameter pixels: the image that an input of vectors takes; nil where it takes none.
    package func firstFilters(pixels: Shape?) -> ImageFilters? {
        // The image that a node's values are.
        var images: [Shape?] = []
        for node in nodes {
            guard let first = node.inputs.first else {
                let image = node.shape.rank == 3 ? node.shape : pixels?.count == node.shape.count ? pixels : nil
                images.append(image.flatMap { $0.rank == 3 && ($0[2] == 1 || $0[2] == 3) ? $0 : nil })
                continue
            }
            let isSameImage = node.layer is Flatten || node.layer is Dropout || node.layer is GaussianNoise
            images.append(isSameImage ? images[first] : nil)
            guard let image = images[first], let weight = (node.layer as? any FilteringLayer)?.filterWeight else {
                continue
            }
            let isOverAll = weight.shape.rank == 2
            let shape = isOverAll ? Shape([weight.shape[0]] + image.dimensions) : weight.shape
            guard weight.shape.count == shape.count, shape[3] == image[2], shape[1] * shape[2] > 1 else { continue }
            return ImageFilters(layer: node.name, weight: weight, shape: shape, isChannelsFirst: isOverAll)
        }
        return nil
    }
}

/// A layer each of whose units weighs the values that it reads.
protocol FilteringLayer: Layer {
    /// [O, kh, kw, I] over places of an image, or [O, I] over all values; nil where weights are laid out otherwise.
    var filterWeight: Parameter? { get }
}

extension Convolution2D: FilteringLayer {
    var filterWeight: Parameter? { connections == nil ? weight : nil }
}

extension Linear: FilteringLayer {
    var filterWeight: Parameter? { weight }
}

extension BoltzmannMachine: FilteringLayer {
    var filterWeight: Parameter? { weight }
}

extension SimpleCells: FilteringLayer {
    var filterWeight: Parameter? { weight }
}
