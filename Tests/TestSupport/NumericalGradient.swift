/// Derivatives of Σ cotangent · f(inputs) by central differences of a double-precision f.
///
/// With step h = 10⁻⁵ and values of order 1 the truncation error is h² |f‴| / 6 ≈ 10⁻¹¹ and the rounding error
/// 10⁻¹⁶ Σ|terms| / h ≈ 10⁻⁹, both far below the 10⁻⁶ that single precision allows to be seen.
package struct NumericalGradient {
    private let function: ([DoubleTensor]) -> DoubleTensor
    private let inputs: [DoubleTensor]
    private let cotangent: [Double]
    private let step = 1e-5

    package init(
        of function: @escaping ([DoubleTensor]) -> DoubleTensor, at inputs: [DoubleTensor], cotangent: [Double]
    ) {
        self.function = function
        self.inputs = inputs
        self.cotangent = cotangent
    }

    /// The derivative for element `element` of input `input`.
    package func derivative(input: Int, element: Int) -> Double {
        var direction = Array(repeating: 0.0, count: inputs[input].count)
        direction[element] = 1
        return derivative(input: input, direction: direction)
    }

    /// The derivative along `direction`, which has input `input`'s elements.
    package func derivative(input: Int, direction: [Double]) -> Double {
        (value(input, direction, step) - value(input, direction, -step)) / (2 * step)
    }

    private func value(_ input: Int, _ direction: [Double], _ distance: Double) -> Double {
        var moved = inputs
        for i in direction.indices where direction[i] != 0 { moved[input].values[i] += distance * direction[i] }
        return zip(function(moved).values, cotangent).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
