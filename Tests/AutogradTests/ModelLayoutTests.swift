import Autograd
import Kernels
import TensorCore
import Testing

@Suite struct ModelLayoutTests {
    let parameters = [
        Parameter(index: 0, name: "conv.weight", shape: [8, 3, 3, 5], initializer: .heUniform),
        Parameter(index: 1, name: "bn.running_mean", shape: [8], role: .statistic(momentum: 0.1), initializer: .zeros),
        Parameter(index: 2, name: "fc.weight", shape: [3, 7], initializer: .uniformFanIn(1)),
        Parameter(index: 3, name: "fc.bias", shape: [3], initializer: .uniformBias(fanIn: 7)),
    ]

    @Test func parametersLieInReverseOrderOfUseAndStatisticsBehind() {
        let layout = ModelLayout(parameters)
        #expect(layout.trainableOrder == [3, 2, 0])
        #expect(layout.offsets == [16 + 32, 16 + 32 + 368, 16, 0])
        #expect(layout.trainableCount == 16 + 32 + 368 && layout.count == 16 + 32 + 368 + 16)
        #expect(layout.trainableParameterCount == 360 + 21 + 3)
        #expect(layout.parameter(at: 2)?.name == "fc.bias" && layout.parameter(at: 3) == nil)
        #expect(layout.parameter(at: 16)?.name == "fc.weight" && layout.parameter(at: 416)?.name == "bn.running_mean")
    }

    @Test func flatMemoryIsAlignedAndZero() {
        let buffer = FlatBuffer(count: 100)
        #expect(UInt(bitPattern: buffer.pointer) % 64 == 0)
        #expect((0..<100).allSatisfy { buffer.pointer[$0] == 0 })
        #expect(FlatBuffer(count: 0).count == 0)
    }

    /// A layer that is put in front moves all others in the order of use, and changes none of their values.
    @Test func anotherLayerChangesNoInitialValue() {
        let more = ModelLayout(
            [Parameter(index: 0, name: "stem.weight", shape: [4, 4], initializer: .heUniform)]
                + parameters.map {
                    Parameter(
                        index: $0.index + 1, name: $0.name, shape: $0.shape, role: $0.role,
                        initializer: $0.initializer)
                })
        let layout = ModelLayout(parameters)
        let (alone, together) = (FlatBuffer(count: layout.count), FlatBuffer(count: more.count))
        layout.initialize(alone, key: RandomKey(seed: 1))
        more.initialize(together, key: RandomKey(seed: 1))
        for parameter in parameters {
            for i in 0..<parameter.shape.count {
                let other = together.pointer[more.offsets[parameter.index + 1] + i]
                #expect(alone.pointer[layout.offsets[parameter.index] + i] == other, "\(parameter.name)")
            }
        }
    }

    @Test func initialValuesDependOnTheKeyAndTheName() {
        let layout = ModelLayout(parameters)
        func values(_ seed: UInt64) -> [Float] {
            let buffer = FlatBuffer(count: layout.count)
            layout.initialize(buffer, key: RandomKey(seed: seed))
            return (0..<layout.count).map { buffer.pointer[$0] }
        }
        #expect(values(1) == values(1))
        #expect(values(1) != values(2))
        #expect(values(1)[0..<3] != values(1)[16..<19])
    }
}
