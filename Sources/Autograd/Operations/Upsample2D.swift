import Kernels
import TensorCore

/// An image made larger by whole factors: x [N, H, W, C] → [N, fh · H, fw · W, C].
///
/// - Parameter factor: [fh, fw].
package func upsample2D(_ x: Variable, factor: [Int], _ interpolation: Interpolation = .nearest) -> Variable {
    precondition(x.shape.rank == 4 && factor.count == 2 && factor.allSatisfy { $0 > 0 }, "upsample2D: \(x.shape)")
    let g = UpsamplingGeometry(
        batch: x.shape[0], height: x.shape[1], width: x.shape[2], channels: x.shape[3], factorHeight: factor[0],
        factorWidth: factor[1], interpolation: interpolation)
    let y = x.makeTensor([g.batch, g.height * g.factorHeight, g.width * g.factorWidth, g.channels])
    let scratch = x.makeTensor([g.scratchCount])
    upsample(g, x.value.pointer, into: y.pointer, scratch: scratch.pointer)
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            let scratch = Tensor([g.scratchCount], pool: tape.pool)
            upsampleGradient(g, gradient.pointer, into: dx, scratch: scratch.pointer, accumulate: accumulate)
        }
    }
}
