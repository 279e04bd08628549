import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// The ready-made models' sizes, as papers and libraries give them.
@Suite struct ZooModelTests {
    /// Parameters and multiply-adds counted by hand, layer by layer, from the papers' tables; ResNets for CIFAR with
    /// projections where the shape changes (option B of He et al. 2016: 272,474 for 20 layers; zero padding would give
    /// 269,722).
    @Test(
        arguments: [
            ("mlp", 669_706, 668_672), ("lenet5", 61_706, 416_520), ("resnet20", 272_474, 40_813_184),
            ("resnet32", 466_906, nil), ("resnet44", 661_338, nil), ("resnet56", 855_770, nil),
            ("resnet110", 1_730_714, nil), ("resnet18-cifar", 11_173_962, 555_422_720),
            ("vgg11-cifar", 9_231_114, 152_769_536),
        ] as [(String, Int, Int?)])
    func hasItsPublishedSize(zoo: String, parameters: Int, multiplyAdds: Int?) throws {
        let model = try ZooModel.named(zoo).build()
        #expect(model.layout.trainableParameterCount == parameters)
        #expect(model.rows.reduce(0) { $0 + $1.parameters } == parameters)
        if let multiplyAdds { #expect(model.rows.reduce(0) { $0 + $1.multiplyAdds } == multiplyAdds) }
        #expect(model.outputShape == [10])
    }

    /// Counted by hand from the papers' tables, for 1000 classes: what torchvision does not have.
    @Test(
        arguments: [
            // He et al. 2016: the residual net without 1×1 projections (2,752 and 173,824 parameters with theirs).
            ("plain20", 269_722), ("plain32", 464_154), ("plain44", 658_586), ("plain56", 853_018),
            ("plain18", 11_515_688), ("plain34", 21_623_848),
            // Ioffe and Szegedy 2015, figure 5: 10,143,384 filters, 2 · 9,952 of normalisation, 1,025,000 of the last
            // layer; the same filters as TensorFlow-Slim's.
            ("inception-v2", 11_188_288),
            // Simonyan and Zisserman 2014, table 2, have 134 million for configuration C.
            ("vgg16-c", 133_638_952), ("vgg13-bn", 133_053_736), ("vgg16-bn", 138_365_992), ("vgg19-bn", 143_678_248),
        ])
    func hasThePapersSize(zoo: String, parameters: Int) throws {
        let model = try ZooModel.named(zoo).build()
        #expect(model.layout.trainableParameterCount == parameters)
        #expect(model.rows.reduce(0) { $0 + $1.parameters } == parameters)
    }

    /// An auxiliary head costs nothing but in training, and may be left out altogether.
    @Test(arguments: [("googlenet", 2), ("inception-v3", 1)]) func auxiliaryHeadsAreSideBranches(
        name: String, count: Int
    ) throws {
        let zoo = try ZooModel.named(name)
        let whole = try zoo.build()
        let without = try zoo.build(auxiliary: false)
        #expect(whole.auxiliaryHeads.count == count && without.auxiliaryHeads.isEmpty)
        #expect(whole.auxiliaryHeads.allSatisfy { $0.weight == 0.3 && whole.shape(of: $0.name) == [1000] })
        #expect(whole.inferenceRows == without.rows && without.inferenceRows == without.rows)
        #expect(whole.rows.count > without.rows.count)
        #expect(whole.outputName == "fc" && without.outputName == "fc")
    }

    @Test(arguments: ZooModel.all) func classesCanBeChosen(zoo: ZooModel) throws {
        let model = try Model(name: zoo.name, input: zoo.inputShape, layers: zoo.layers(ZooOptions(classes: 3)))
        #expect(model.outputShape == [3])
    }

    @Test(arguments: [ZooModel.mlp, .lenet5]) func dropoutCanBeChosen(zoo: ZooModel) throws {
        func dropouts(_ probability: Double) throws -> Int {
            let layers = zoo.layers(ZooOptions(dropout: probability))
            return try Model(name: zoo.name, input: zoo.inputShape, layers: layers).rows.count {
                $0.kind == "dropout"
            }
        }
        #expect(try dropouts(0) == 0)
        #expect(try dropouts(0.5) == 2)
    }

    @Test func summaryRowsGiveShapesAndBytes() throws {
        let rows = try ZooModel.lenet5.build().rows
        #expect(
            rows.map(\.kind) == [
                "conv", "relu", "maxPool", "conv", "relu", "maxPool", "flatten", "linear", "relu", "linear", "relu",
                "linear",
            ])
        #expect(rows[0].name == "c1" && rows[0].outputShape == [28, 28, 6])
        #expect(
            rows[0].parameters == 156 && rows[0].multiplyAdds == 117_600 && rows[0].activationBytes == 28 * 28 * 6 * 4)
        #expect(rows[5].outputShape == [5, 5, 16] && rows[6].outputShape == [400])
    }

    /// The second of two identical passes asks the system for no memory, forward and backward.
    @Test(arguments: ["lenet5", "resnet20"]) func theSteadyStateAllocatesNothing(name: String) throws {
        let zoo = try ZooModel.named(name)
        let model = try zoo.build()
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        let tape = Tape(layout: model.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        var numbers = TestNumbers(seed: 1)
        let x = Tensor(numbers.floats(model.inputShape.count * 4), model.inputShape.batched(4), pool: tape.pool)
        func step() -> [Float] {
            tape.begin(gradients: gradients.pointer)
            let output = model(tape.constant(x), mode: .training(RandomKey(seed: 2)))
            tape.backward(from: crossEntropy(output, .indices([0, 1, 2, 3])).loss)
            return (0..<model.layout.count).map { gradients.pointer[$0] }
        }
        let first = step()
        let statistics = tape.pool.statistics
        #expect(statistics.systemAllocations > 0)
        #expect(step() == first)
        #expect(tape.pool.statistics == statistics)
    }
}
