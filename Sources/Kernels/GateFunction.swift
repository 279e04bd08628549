/// A function of gates and states of a recurrent cell, with its slope as a function of its value.
protocol GateFunction {
    func value(_ x: Vector) -> Vector
    /// f′(x) from y = f(x).
    func slope(ofValue y: Vector) -> Vector
}

struct LogisticGate: GateFunction {
    @inline(__always) func value(_ x: Vector) -> Vector { logistic(x) }
    @inline(__always) func slope(ofValue y: Vector) -> Vector { y * (Vector(repeating: 1) - y) }
}

struct TangentGate: GateFunction {
    @inline(__always) func value(_ x: Vector) -> Vector { hyperbolicTangent(x) }
    @inline(__always) func slope(ofValue y: Vector) -> Vector { Vector(repeating: 1) - y * y }
}

/// The functions that a configuration can choose for gates and states.
package enum RecurrentFunction: String, CaseIterable, Sendable {
    case tanh, relu, sigmoid, identity, ramp
}

extension RecurrentFunction: GateFunction {
    @inline(__always)
    func value(_ x: Vector) -> Vector {
        switch self {
        case .tanh: hyperbolicTangent(x)
        case .sigmoid: logistic(x)
        case .relu: x.replacing(with: 0, where: x .< Vector.zero)
        case .identity: x
        case .ramp:
            x.replacing(with: 1, where: x .> Vector(repeating: 1)).replacing(
                with: -1, where: x .< Vector(repeating: -1))
        }
    }

    @inline(__always)
    func slope(ofValue y: Vector) -> Vector {
        let one = Vector(repeating: 1)
        switch self {
        case .tanh: return one - y * y
        case .sigmoid: return y * (one - y)
        case .relu: return one.replacing(with: 0, where: y .<= Vector.zero)
        case .identity: return one
        case .ramp: return one.replacing(with: 0, where: (y .>= one) .| (y .<= -one))
        }
    }
}
