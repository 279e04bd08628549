import Autograd

/// max(0, x).
struct Rectifier: Layer {
    func callAsFunction(_ x: Variable, mode: Mode) -> Variable { relu(x) }
}

/// An element-wise function, or softmax over the last dimension.
struct ActivationLayer: Layer {
    let activation: LayerSpecification.Activation

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        switch activation {
        case .relu: relu(x)
        case .leakyReLU(let slope): leakyRelu(x, slope: Float(slope))
        case .sigmoid: sigmoid(x)
        case .tanh: tanh(x)
        case .softmax: softmax(x)
        case .logSoftmax: logSoftmax(x)
        case .elu(let alpha): elu(x, alpha: Float(alpha))
        case .gelu: gelu(x)
        case .silu: silu(x)
        case .softplus: softplus(x)
        case .ramp: ramp(x)
        }
    }
}

/// Drops elements in training; `number` tells the model's dropout layers apart.
struct Dropout: Layer {
    let probability: Float
    let number: Int

    func callAsFunction(_ x: Variable, mode: Mode) -> Variable {
        dropout(x, probability: probability, layer: number, mode: mode)
    }
}
