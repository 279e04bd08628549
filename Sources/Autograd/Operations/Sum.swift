import Kernels
import TensorCore

/// Σ of all elements: [N, …] → a scalar.
package func sum(_ x: Variable) -> Variable {
    let y = x.makeTensor([])
    y.fill(laneSum(count: x.value.count) { [pointer = x.value.pointer] in pointer[$0] })
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let factor = dy.pointer[0]
        tape.accumulate(into: x) { dx, accumulate in
            for i in 0..<x.shape.count { dx[i] = accumulate ? dx[i] + factor : factor }
        }
    }
}

/// The mean of all elements; 0 of none.
package func mean(_ x: Variable) -> Variable { scaled(sum(x), by: 1 / Float(max(x.shape.count, 1))) }
