import Kernels
import TensorCore

/// The filters of a convolution over a group G, each of the learned ones in all its positions: w [O, k, k, E · C] →
/// [|G| · O, k, k, E · C]. Cohen and Welling 2016, sections 4 and 5.
///
/// Output g · O + o is filter o after the element g: its tap u is that from g⁻¹ u. Where the inputs lie over the group
/// (E = |G|), its part for the element h is that for g⁻¹ h too. An image has E = 1.
package func groupFilters(_ weights: Variable, _ group: SymmetryGroup, inputElements: Int) -> Variable {
    let shape = weights.shape
    precondition(
        shape.rank == 4 && shape[1] == shape[2] && [1, group.order].contains(inputElements)
            && shape[3] % inputElements == 0,
        "groupFilters: \(shape) over \(inputElements) elements of \(group)")
    let places = GroupPlaces(
        group: group, outputs: shape[0], side: shape[1], elements: inputElements, channels: shape[3] / inputElements)
    let filters = weights.makeTensor([group.order * shape[0], shape[1], shape[2], shape[3]])
    for element in 0..<group.order {
        places.forEach(of: element) { here, there in
            (filters.pointer + here).update(from: weights.value.pointer + there, count: places.channels)
        }
    }
    return weights.tape.record(filters, weights) { [weights = weights.target] tape, gradient in
        let gradient = gradient
        tape.accumulate(into: weights) { dw, accumulate in
            for element in 0..<group.order {
                // The neutral element, which is the first, meets every weight once.
                let adds = accumulate || element > 0
                places.forEach(of: element) { here, there in
                    if adds {
                        Kernels.accumulate(gradient.pointer + here, into: dw + there, count: places.channels)
                    } else {
                        (dw + there).update(from: gradient.pointer + here, count: places.channels)
                    }
                }
            }
        }
    }
}

/// Where the channels of each tap are in the filters, and in the weights that they come from.
private struct GroupPlaces {
    let group: SymmetryGroup
    let outputs: Int
    let side: Int
    let elements: Int
    let channels: Int

    @inline(__always)
    func forEach(of element: Int, _ body: (_ here: Int, _ there: Int) -> Void) {
        let inverse = group.inverse(of: element)
        for row in 0..<side {
            for column in 0..<side {
                let from = group.source(of: element, row: row, column: column, side: side)
                let (hereTap, thereTap) = (row * side + column, from.row * side + from.column)
                for other in 0..<elements {
                    let source = elements == 1 ? 0 : group.product(inverse, other)
                    for output in 0..<outputs {
                        let here = ((element * outputs + output) * side * side + hereTap) * elements + other
                        let there = (output * side * side + thereTap) * elements + source
                        body(here * channels, there * channels)
                    }
                }
            }
        }
    }
}

/// A vector so many times over: x [C] → [times · C].
package func repeated(_ x: Variable, times: Int) -> Variable {
    precondition(x.shape.rank == 1 && times > 0, "repeated: \(x.shape), \(times) times")
    let count = x.shape.count
    let y = x.makeTensor([times * count])
    for i in 0..<times { (y.pointer + i * count).update(from: x.value.pointer, count: count) }
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            for i in 0..<times {
                if accumulate || i > 0 {
                    Kernels.accumulate(gradient.pointer + i * count, into: dx, count: count)
                } else {
                    dx.update(from: gradient.pointer, count: count)
                }
            }
        }
    }
}
