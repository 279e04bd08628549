import Kernels
import TensorCore

/// How a parameter gets its first values; a pure function of the run's key and the parameter's name.
package enum Initializer: Hashable, Sendable {
    case zeros
    case ones
    case constant(Float)
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
    /// Uniform in ±c / √fanIn, the decks' rule; c = 1 is PyTorch's default and what the decks call Xavier, c = 2 what
    /// they call He. The variance is c² / 3 fanIn: LeCun's 1998 with c = √3, He's with c = √6.
    case uniformFanIn(Float)
    /// Normal with deviation c / √fanIn: LeCun's rule with c = 1, He's with c = √2.
    case normalFanIn(Float)
    /// Normal with the given standard deviation and mean 0.
    case normal(Float)
    /// Uniform in 0…limit.
    case uniform(below: Float)
    /// Uniform in ±1 / √n: for biases, where n is the fan-in of the weight they belong to.
    case uniformBias(fanIn: Int)
    /// −1 or 1 with equal probability.
    case signs
    /// Gabor functions, for filters [O, kh, kw, I].
    case gabor(GaborArrangement)
    /// Filters [O, …, I] of which the first min(O, I) hand on a channel each at their middle (PyTorch's `dirac_`); the
    /// others as `uniformFanIn(1)`.
    case identity
    /// Principal components of the data's patches, for filters [O, kh, kw, I]; zeros until the data are there.
    case whitening(PatchWhitening)
    /// Given values, as many as the parameter has, in its order.
    case values([Float])
    /// ±log u with u uniform in 1…n − 1: biases with which gates keep a state for up to n steps (Tallec and Ollivier,
    /// "Can recurrent neural networks warp time?", 2018, section 3). The same numbers for both signs.
    case logarithm(longest: Int, isNegative: Bool)
    /// Equal blocks, each with its own.
    indirect case blocks([Initializer])
    /// The same where units have other fans than the shape says: as many equal blocks of values as there are fans.
    indirect case withFans(Initializer, [Fans])

    /// How many values a unit reads, and how many units read a value.
    package struct Fans: Hashable, Sendable {
        package let fanIn: Int
        package let fanOut: Int

        package init(fanIn: Int, fanOut: Int) {
            self.fanIn = fanIn
            self.fanOut = fanOut
        }
    }

    /// Writes the first values of a parameter of `shape` whose first dimension is the outputs and whose last is the
    /// inputs.
    ///
    /// Fan-in is the product of all dimensions but the first; fan-out is the first dimension times the receptive field.
    package func fill(_ target: UnsafeMutablePointer<Float>, shape: Shape, key: RandomKey) {
        let count = shape.count
        if case .withFans(let initializer, let fans) = self {
            guard initializer.distribution(fanIn: 1, fanOut: 1) != nil else {
                return initializer.fill(target, shape: shape, key: key)
            }
            return initializer.fill(target, count, blocks: fans, key)
        }
        let fanIn = Float(max(shape.rank > 1 ? count / max(shape[0], 1) : count, 1))
        let field = shape.rank > 2 ? Float(count / max(shape[0] * shape[-1], 1)) : 1
        let fanOut = Float(max(shape.rank > 0 ? shape[0] : 1, 1)) * field
        switch self {
        case .blocks(let parts):
            let size = count / max(parts.count, 1)
            for (block, part) in parts.enumerated() {
                part.fill(target + block * size, shape: [size], key: part.sharesNumbers ? key : key.folding(block))
            }
        case .logarithm(let longest, let isNegative):
            for i in 0..<count {
                let u = RandomKey.unit(key.block(at: UInt64(i / 4))[i % 4])
                let value = Kernels.logarithm(1 + u * Float(max(longest - 2, 0)))
                target[i] = isNegative ? -value : value
            }
        case .signs:
            for i in 0..<count { target[i] = key.block(at: UInt64(i / 128))[i / 32 % 4] >> (i % 32) & 1 == 0 ? -1 : 1 }
        case .uniform(let limit):
            for i in 0..<count { target[i] = limit * RandomKey.unit(key.block(at: UInt64(i / 4))[i % 4]) }
        case .identity: identity(target, shape, key)
        case .whitening: target.update(repeating: 0, count: count)
        case .gabor(let arrangement): GaborFunction.fill(target, shape: shape, arrangement, key: key)
        case .values(let values):
            precondition(values.count == count, "Initializer: \(values.count) values for a parameter \(shape)")
            for i in 0..<count { target[i] = values[i] }
        default: fill(target, count, distribution(fanIn: fanIn, fanOut: fanOut), key)
        }
    }

    /// Whether blocks with this initializer get the same numbers.
    private var sharesNumbers: Bool {
        if case .logarithm = self { true } else { false }
    }

    private enum Distribution {
        case constant(Float)
        /// In ± the limit.
        case uniform(Float)
        /// With this standard deviation and mean 0.
        case normal(Float)
    }

    /// How numbers are drawn; nil where they are not drawn one like the other.
    private func distribution(fanIn: Float, fanOut: Float) -> Distribution? {
        switch self {
        case .zeros: .constant(0)
        case .ones: .constant(1)
        case .constant(let value): .constant(value)
        case .xavierUniform: .uniform((6 / (fanIn + fanOut)).squareRoot())
        case .xavierNormal: .normal((2 / (fanIn + fanOut)).squareRoot())
        case .heUniform: .uniform((6 / fanIn).squareRoot())
        case .heNormal: .normal((2 / fanIn).squareRoot())
        case .heNormalFanOut: .normal((2 / fanOut).squareRoot())
        case .uniformFanIn(let c): .uniform(c / fanIn.squareRoot())
        case .normalFanIn(let c): .normal(c / fanIn.squareRoot())
        case .normal(let deviation): .normal(deviation)
        case .uniformBias(let n): .uniform(1 / Float(max(n, 1)).squareRoot())
        case .signs, .gabor, .identity, .whitening, .values, .logarithm, .blocks, .uniform: nil
        case .withFans(let initializer, _): initializer.distribution(fanIn: fanIn, fanOut: fanOut)
        }
    }

    private func fill(
        _ target: UnsafeMutablePointer<Float>, _ count: Int, _ distribution: Distribution?, _ key: RandomKey
    ) {
        switch distribution {
        case .constant(let value): target.update(repeating: value, count: count)
        case .uniform(let limit): uniform(limit, target, count, key)
        case .normal(let deviation): normal(deviation, target, count, key)
        case nil: preconditionFailure("Initializer: \(self) is not drawn number by number")
        }
    }

    /// Each block with the scale of its own fans.
    private func fill(_ target: UnsafeMutablePointer<Float>, _ count: Int, blocks: [Fans], _ key: RandomKey) {
        precondition(
            !blocks.isEmpty && count % blocks.count == 0, "Initializer: \(count) values in \(blocks.count) blocks")
        let size = count / blocks.count
        for (block, fans) in blocks.enumerated() {
            let scale = distribution(fanIn: Float(max(fans.fanIn, 1)), fanOut: Float(max(fans.fanOut, 1)))
            fill(target + block * size, size, scale, key.folding(block))
        }
    }

    /// Middle taps of extents k are ⌊k/2⌋.
    private func identity(_ target: UnsafeMutablePointer<Float>, _ shape: Shape, _ key: RandomKey) {
        Initializer.uniformFanIn(1).fill(target, shape: shape, key: key)
        let (size, channels) = (shape.sample.count, shape[-1])
        let middle = shape.dimensions.dropFirst().dropLast().reduce(0) { $0 * $1 + $1 / 2 }
        for filter in 0..<min(shape[0], channels) {
            (target + filter * size).update(repeating: 0, count: size)
            target[filter * size + middle * channels + filter] = 1
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
