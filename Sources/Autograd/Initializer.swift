import Kernels
import TensorCore

/// How a parameter gets its first values; a pure function of the run's key and the parameter's name.
package enum Initializer: Hashable, Sendable {
    case zeros
    case ones
    /// Uniform in ±√(6 / (fanIn + fanOut)): Glorot and Bengio 2010.
    case xavierUniform
    /// Normal with variance 2 / (fanIn + fanOut).
    case xavierNormal
    /// Uniform in ±√(6 / fanIn): He et al. 2015.
    case heUniform
    /// Normal with variance 2 / fanIn.
    case heNormal
    /// Normal with variance 2 / fanOut, torchvision's choice for residual networks.
    case heNormalFanOut
    /// Uniform in ±c / √fanIn; c = 1 is PyTorch's default and what the decks call Xavier, c = 2 what they call He.
    case uniformFanIn(Float)
    /// Normal with the given standard deviation and mean 0.
    case normal(Float)
    /// Uniform in ±1 / √n: for biases, where n is the fan-in of the weight they belong to.
    case uniformBias(fanIn: Int)

    /// Writes the first values of a parameter of `shape` whose first dimension is the outputs and whose last is the
    /// inputs.
    ///
    /// Fan-in is the product of all dimensions but the first; fan-out is the first dimension times the receptive field.
    package func fill(_ target: UnsafeMutablePointer<Float>, shape: Shape, key: RandomKey) {
        let count = shape.count
        let fanIn = Float(max(shape.rank > 1 ? count / max(shape[0], 1) : count, 1))
        let field = shape.rank > 2 ? Float(count / max(shape[0] * shape[-1], 1)) : 1
        let fanOut = Float(max(shape.rank > 0 ? shape[0] : 1, 1)) * field
        switch self {
        case .zeros: target.update(repeating: 0, count: count)
        case .ones: target.update(repeating: 1, count: count)
        case .xavierUniform: uniform((6 / (fanIn + fanOut)).squareRoot(), target, count, key)
        case .xavierNormal: normal((2 / (fanIn + fanOut)).squareRoot(), target, count, key)
        case .heUniform: uniform((6 / fanIn).squareRoot(), target, count, key)
        case .heNormal: normal((2 / fanIn).squareRoot(), target, count, key)
        case .heNormalFanOut: normal((2 / fanOut).squareRoot(), target, count, key)
        case .uniformFanIn(let c): uniform(c / fanIn.squareRoot(), target, count, key)
        case .normal(let deviation): normal(deviation, target, count, key)
        case .uniformBias(let n): uniform(1 / Float(max(n, 1)).squareRoot(), target, count, key)
        }
    }

    private func uniform(_ limit: Float, _ target: UnsafeMutablePointer<Float>, _ count: Int, _ key: RandomKey) {
        for first in stride(from: 0, to: count, by: 4) {
            let words = key.block(at: UInt64(first / 4))
            for lane in 0..<min(4, count - first) {
                target[first + lane] = limit * (2 * RandomKey.unit(words[lane]) - 1)
            }
        }
    }

    private func normal(_ deviation: Float, _ target: UnsafeMutablePointer<Float>, _ count: Int, _ key: RandomKey) {
        for first in stride(from: 0, to: count, by: 2) {
            let (a, b) = key.normals(at: UInt64(first / 2))
            target[first] = deviation * a
            if first + 1 < count { target[first + 1] = deviation * b }
        }
    }
}
