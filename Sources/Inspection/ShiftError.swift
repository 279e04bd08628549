import Autograd
import NeuralNetwork
import TensorCore

/// How far a layer's maps are from following a shift of the picture.
package struct ShiftError: Sendable {
    private let graph: TappedGraph
    private let node: GraphNode

    package init(_ model: Model, node: GraphNode) throws(ModelError) {
        graph = try TappedGraph(model, to: [node.name])
        self.node = node
    }

    /// Σ of squares of the difference, and of the unshifted values, over positions whose fields lie inside the picture
    /// before and after; nil of a shift that is no whole number of steps.
    package func squares(
        _ batch: Tensor, _ shifted: Tensor, _ shift: (right: Int, down: Int), on tape: Tape
    ) -> (difference: Double, size: Double)? {
        let axes = node.field.axes
        let (down, right) = (Double(shift.down) / axes[0].step, Double(shift.right) / axes[1].step)
        guard down == down.rounded(), right == right.rounded() else { return nil }
        let before = graph.values([batch], on: tape)[0]
        let after = graph.values([shifted], on: tape)[0]
        func isInside(_ axis: ReceptiveField.Axis, _ position: Int, _ count: Int) -> Bool {
            let begin = axis.start + Double(position) * axis.step
            return begin >= 0 && begin + axis.size <= Double(count)
        }
        let (h, w, c) = (before.shape[1], before.shape[2], before.shape[3])
        let (pixels, lines) = (batch.shape[2], batch.shape[1])
        var (difference, size) = (0.0, 0.0)
        for y in 0..<h {
            for x in 0..<w {
                let (fromY, fromX) = (y - Int(down), x - Int(right))
                guard (0..<h).contains(fromY), (0..<w).contains(fromX), isInside(axes[0], y, lines),
                    isInside(axes[0], fromY, lines), isInside(axes[1], x, pixels), isInside(axes[1], fromX, pixels)
                else { continue }
                for row in 0..<before.shape[0] {
                    for channel in 0..<c {
                        let old = Double(before.pointer[((row * h + fromY) * w + fromX) * c + channel])
                        let new = Double(after.pointer[((row * h + y) * w + x) * c + channel])
                        difference += (new - old) * (new - old)
                        size += old * old
                    }
                }
            }
        }
        return (difference, size)
    }
}
