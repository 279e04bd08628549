import Kernels
import TensorCore

/// yⱼ = Σᵢ (xᵢ − wⱼᵢ)²: how far a vector is from each centre, squared.
///
/// x [N, I], w [O, I] → y [N, O]. LeCun, Bottou, Bengio and Haffner 1998, equation 7, whose units are called Euclidean
/// radial basis functions there. dx = Σⱼ 2 dyⱼ (x − wⱼ), dwⱼ = Σ 2 dyⱼ (wⱼ − x) over rows.
package func squaredDistance(_ x: Variable, centres w: Variable) -> Variable {
    precondition(
        x.shape.rank == 2 && w.shape.rank == 2 && x.shape[1] == w.shape[1],
        "squaredDistance: input \(x.shape), centres \(w.shape)")
    let (rows, units, features) = (x.shape[0], w.shape[0], w.shape[1])
    let y = x.makeTensor([rows, units])
    squaredDistances(
        x.value.pointer, w.value.pointer, rows: rows, units: units, features: features, into: y.pointer)
    return x.tape.record(y, x, w) { [xValue = x.value, wValue = w.value, x = x.target, w = w.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: w) { dw, accumulate in
            squaredDistanceCentreGradient(
                xValue.pointer, wValue.pointer, gradient.pointer, rows: rows, units: units, features: features,
                into: dw, accumulate: accumulate)
        }
        tape.accumulate(into: x) { dx, accumulate in
            squaredDistanceGradient(
                xValue.pointer, wValue.pointer, gradient.pointer, rows: rows, units: units, features: features,
                into: dx, accumulate: accumulate)
        }
    }
}
