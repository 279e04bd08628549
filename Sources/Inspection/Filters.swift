import Autograd
import NeuralNetwork
import TensorCore

/// The weights of a layer, cut into filters that can be seen.
package struct Filters: Sendable {
    /// [count, height, width, channels]
    package let values: [Float]
    package let count: Int
    package let height: Int
    package let width: Int
    package let channels: Int

    /// - Parameters:
    ///   - values: of the layer's `weight`, channels last.
    ///   - node: the layer, of `model`.
    package init(_ values: [Float], shape: Shape, of node: GraphNode, in model: Model) {
        switch shape.rank {
        case 4 where shape[1] == 1 && shape[2] > 1 && node.shape.rank == 2:
            // Over the steps of a sequence: a picture with a row for each channel.
            (count, height, width, channels) = (shape[0], shape[3], shape[2], 1)
            let (steps, rows) = (shape[2], shape[3])
            self.values = (0..<shape.count).map { index in
                let (filter, place) = index.quotientAndRemainder(dividingBy: steps * rows)
                return values[(filter * steps + place % steps) * rows + place / steps]
            }
        case 4:
            (count, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
            self.values = values
        case 3:
            // One of each connection of a filter and a channel.
            (count, height, width, channels) = (shape[0], shape[1], shape[2], 1)
            self.values = values
        default:
            let rows = shape[0]
            let columns = shape.count / max(rows, 1)
            if let image = Filters.image(before: node, in: model), image.count == columns {
                (count, height, width, channels) = (rows, image[0], image[1], image[2])
            } else {
                (count, height, width, channels) = (1, rows, columns, 1)
            }
            self.values = values
        }
    }

    /// The image [H, W, C] that a layer reads, whether or not it is flattened before; nil where it reads none.
    private static func image(before node: GraphNode, in model: Model) -> Shape? {
        var index = node.inputs.first
        while let place = index {
            let before = model.nodes[place]
            if before.shape.rank == 3 { return before.shape }
            guard before.kind == "flatten" || before.kind == "dropout" else { return nil }
            index = before.inputs.first
        }
        return nil
    }

    /// Whether a filter is one picture: over one channel, or over three.
    package var areColours: Bool { channels == 1 || channels == 3 }

    /// The largest magnitude of all weights.
    package var largest: Float { values.reduce(0) { max($0, abs($1)) } }

    /// The largest magnitude of a filter's weights.
    package func largest(of filter: Int) -> Float { self[filter].reduce(0) { max($0, abs($1)) } }

    /// The weights of a filter, [height, width, channels].
    private subscript(filter: Int) -> ArraySlice<Float> {
        let size = height * width * channels
        return values[filter * size..<(filter + 1) * size]
    }

    /// The filters as pictures; those over other numbers of channels as rows of tiles.
    ///
    /// - Parameters:
    ///   - peaks: the magnitude that is white or black, by filter; nil for the largest weight of each.
    ///   - most: filters, and channels of each, at most.
    package func sheet(
        _ name: String = "", peaks: [Float]?, most: Int, caption: String? = nil
    ) -> PictureSheet {
        let size = height * width * channels
        let shown = min(count, most)
        var pixels: [Float] = []
        for filter in 0..<shown {
            let own = Shade.signed(self[filter], peak: peaks?[filter])
            if areColours {
                pixels += own
            } else {
                for channel in 0..<min(channels, most) {
                    pixels += stride(from: channel, to: size, by: channels).map { own[$0] }
                }
            }
        }
        let left = count > shown ? " The first \(shown) of \(count) filters." : ""
        let cut = !areColours && channels > most ? " The first \(most) of \(channels) channels." : ""
        return PictureSheet(
            name,
            caption: (caption
                ?? (areColours
                    ? "A picture for each filter."
                    : "A row for each filter, a tile for each "
                        + "channel that it reads."))
                + left + cut,
            values: pixels, height: height, width: width, channels: areColours ? channels : 1,
            columns: areColours
                ? min(shown, max(8, Int(Double(shown).squareRoot().rounded(.up)))) : min(channels, most),
            enlargement: areColours ? nil : max(1, min(72 / max(height, width), 1200 / (min(channels, most) * width))))
    }
}
