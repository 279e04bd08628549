import TensorCore

/// Vectors of zeros with a one at each index: [N, …] → [N, …, classes]; no gradient.
///
/// - Parameter indices: whole numbers in 0..<classes, held as floats.
package func oneHot(_ indices: Variable, classes: Int) -> Variable {
    let y = indices.makeTensor(Shape(indices.shape.dimensions + [classes]))
    y.fill(0)
    for i in 0..<indices.value.count {
        y.pointer[i * classes + index(indices.value.pointer[i], below: classes, "oneHot")] = 1
    }
    return indices.tape.constant(y)
}
