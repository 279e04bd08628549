import Foundation
import NeuralNetwork
import TensorCore
import TestSupport

/// What PyTorch computed for a ready-made model; see `Fixtures/scripts/make_model_golden.py`.
struct PyTorchModel: Decodable, Sendable {
    /// A parameter or running statistic, in the order of `state_dict`, whose position is its stream of numbers.
    struct Tensor: Decodable, Sendable {
        let name: String
        let shape: [Int]
    }

    struct Gradient: Decodable, Sendable {
        let norm: Double
        let product: Double
    }

    let tensors: [Tensor]
    let evaluation: [Double]
    let training: [Double]
    let loss: Double
    let gradients: [String: Gradient]
    let statistics: [String: Double]

    /// The models of the fixture, by their names in the zoo.
    static func all() throws -> [String: PyTorchModel] {
        let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("models/pytorch.json")))
        return try JSONDecoder().decode([String: PyTorchModel].self, from: data)
    }

    /// Number `i` of a stream, in −1…1: the script's formula.
    static func number(_ i: Int, stream: Int) -> Double {
        var h = UInt32(truncatingIfNeeded: i) &* 0x9E37_79B1 &+ UInt32(truncatingIfNeeded: stream &* 0x85EB_CA6B)
        h ^= h >> 16
        h &*= 0x85EB_CA6B
        h ^= h >> 13
        h &*= 0xC2B2_AE35
        h ^= h >> 16
        return Double(h) / 0x1p31 - 1
    }

    /// The first value of element `i` of `tensor`.
    static func initialValue(_ i: Int, of tensor: Tensor, stream: Int) -> Float {
        let u = number(i, stream: stream)
        if tensor.shape.count > 1 {
            return Float(u * (6.0 / Double(tensor.shape.dropFirst().reduce(1, *))).squareRoot())
        }
        if tensor.name.hasSuffix("running_var") { return Float(1 + 0.5 * u) }
        if tensor.name.hasSuffix("weight") { return Float(0.5 + 0.1 * u) }
        // Channels well above zero or well below: no input of a ReLU is so near to its kink that rounding decides.
        if tensor.name.hasSuffix("bias") && tensor.shape[0] > 10 { return u > 0.75 ? -30 : Float(3 + 0.1 * u) }
        return Float(0.1 * u)
    }

    /// Where PyTorch keeps each element of our parameter: filters [O, H, W, I] lie there as [O, I, H, W].
    static func places(ours shape: Shape) -> [Int] {
        guard shape.rank == 4 else { return Array(0..<shape.count) }
        var places: [Int] = []
        places.reserveCapacity(shape.count)
        for o in 0..<shape[0] {
            for h in 0..<shape[1] {
                for w in 0..<shape[2] {
                    for i in 0..<shape[3] { places.append(((o * shape[3] + i) * shape[1] + h) * shape[2] + w) }
                }
            }
        }
        return places
    }
}
