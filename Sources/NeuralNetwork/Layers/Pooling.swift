import Autograd

/// The largest value of each window.
struct MaxPooling: Layer {
    let attributes: PoolingAttributes

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { maxPool2D(x, attributes) }
}

/// The mean of each window.
struct AveragePooling: Layer {
    let attributes: PoolingAttributes
    let countPadding: Bool

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        averagePool2D(x, attributes, countPadding: countPadding)
    }
}

/// The mean over all positions: [N, H, W, C] → [N, C].
struct GlobalAveragePooling: Layer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { globalAveragePool2D(x) }
}
