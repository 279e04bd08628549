import Autograd
import Kernels
import NeuralNetwork
import TensorCore

/// The gradient of a unit with respect to the pixels, beside the box that windows can reach.
package struct MeasuredField {
    /// The theoretical box, within the picture.
    package let rows: Range<Int>
    package let columns: Range<Int>
    /// [H, W]: the mean over drawn inputs of Σ over the input's channels of |∂ Σ unit / ∂ pixel|.
    package let gradient: [Float]
    /// The smallest box around what is not 0; empty where all is.
    package let moved: (rows: Range<Int>, columns: Range<Int>)
    /// The largest gradient outside of the theoretical box.
    package let outside: Float

    /// - Parameters:
    ///   - node: of an image; all its channels at the position are summed.
    ///   - draws: inputs of standard normal numbers.
    package init(
        _ model: Model, node: GraphNode, row: Int, column: Int, draws: Int, key: RandomKey, on tape: Tape
    ) throws(ModelError) {
        let shape = model.inputShape
        let (height, width, channels) = (shape[0], shape[1], shape[2])
        let graph = try TappedGraph(model, to: [node.name])
        var sum = [Double](repeating: 0, count: height * width)
        for draw in 0..<draws {
            let input = Tensor(
                Noise.normal(count: shape.count, key: key.folding(draw)), shape.batched(1), pool: tape.pool)
            let found = graph.gradients([input], on: tape) { values in
                let seed = Tensor(values[0].shape, pool: tape.pool)
                seed.fill(0)
                let last = values[0].shape[3]
                let start = (row * values[0].shape[2] + column) * last
                for channel in 0..<last { seed.pointer[start + channel] = 1 }
                return [seed]
            }.batch[0].values
            for (index, value) in found.enumerated() { sum[index / channels] += Double(abs(value)) }
        }
        gradient = sum.map { Float($0 / Double(max(draws, 1))) }
        let axes = node.field.axes
        let isWhole = node.field.isWhole || axes.count != 2
        rows = isWhole ? 0..<height : axes[0].pixels(position: row, of: height)
        columns = isWhole ? 0..<width : axes[1].pixels(position: column, of: width)
        var (top, bottom, left, right, outside) = (height, 0, width, 0, Float(0))
        for (index, value) in gradient.enumerated() where value != 0 {
            let (y, x) = index.quotientAndRemainder(dividingBy: width)
            (top, bottom, left, right) = (min(top, y), max(bottom, y + 1), min(left, x), max(right, x + 1))
            if !rows.contains(y) || !columns.contains(x) { outside = max(outside, value) }
        }
        moved = top < bottom ? (top..<bottom, left..<right) : (0..<0, 0..<0)
        self.outside = outside
    }
}
