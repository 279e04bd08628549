import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import Testing

/// First biases that let gates keep what they have.
@Suite struct RecurrentBiasTests {
    private static let units = 64

    /// First values of equal blocks, each its own.
    private static func blocks(_ parts: [Initializer]) -> [[Float]] {
        let values = FlatBuffer(count: parts.count * units)
        Initializer.blocks(parts).fill(
            values.pointer, shape: [parts.count * units], key: RandomKey(seed: 4).folding(name: "bias"))
        return parts.indices.map { part in (0..<units).map { values.pointer[part * units + $0] } }
    }

    @Test func gatesThatKeepAStateAreOpenForUpToSoManySteps() {
        let made = Self.blocks([
            .logarithm(longest: 1000, isNegative: true), .logarithm(longest: 1000, isNegative: false),
            .uniformBias(fanIn: Self.units), .constant(1),
        ])
        // log u of u in 1…999; the input gate opens as rarely as the forget gate closes.
        #expect(made[1].allSatisfy { $0 >= 0 && $0 <= 6.91 } && made[1].contains { $0 > 5 })
        #expect(made[0] == made[1].map { -$0 })
        #expect(made[2].allSatisfy { abs($0) <= 0.125 } && Set(made[2]).count > 32)
        #expect(made[3] == Array(repeating: 1, count: Self.units))
    }
}
