import Glibc

extension RandomKey {
    /// A number from the distribution Beta(α, α), α > 0.
    ///
    /// Exact up to rounding: for α ≤ 1 by Jöhnk's rejection (1964), whose powers are taken as logarithms, so that none
    /// underflows for a small α; above by two gamma numbers (Marsaglia and Tsang, "A simple method for generating gamma
    /// variables", 2000).
    package func symmetricBeta(_ alpha: Double) -> Double {
        var numbers = DoubleStream(key: self)
        guard alpha <= 1 else {
            let (a, b) = (numbers.gamma(alpha), numbers.gamma(alpha))
            return a / (a + b)
        }
        while true {
            let (a, b) = (log(numbers.uniform()) / alpha, log(numbers.uniform()) / alpha)
            if exp(a) + exp(b) <= 1 { return 1 / (1 + exp(b - a)) }
        }
    }
}

/// Numbers in double precision, a block of the key's stream each.
private struct DoubleStream {
    let key: RandomKey
    private var counter: UInt64 = 0

    init(key: RandomKey) { self.key = key }

    private mutating func block() -> (Double, Double) {
        let words = key.block(at: counter)
        counter += 1
        func unit(_ low: UInt32, _ high: UInt32) -> Double {
            (Double((UInt64(high) << 32 | UInt64(low)) >> 11) + 0.5) * 0x1p-53
        }
        return (unit(words[0], words[1]), unit(words[2], words[3]))
    }

    /// In (0, 1).
    mutating func uniform() -> Double { block().0 }

    private mutating func normal() -> Double {
        let (a, b) = block()
        return (-2 * log(a)).squareRoot() * cos(2 * .pi * b)
    }

    /// Gamma(α, 1), α ≥ 1.
    mutating func gamma(_ alpha: Double) -> Double {
        let d = alpha - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let root = 1 + c * x
            let v = root * root * root
            if root > 0, log(uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }
}
