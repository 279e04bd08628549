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
            // Krizhevsky et al. 2012 by their layers, in two columns and in one; Zeiler and Fergus 2014 with 512, 1024
            // and 512 maps.
            ("alexnet-2012", 60_965_224), ("alexnet-2012-one-column", 62_378_344), ("zfnet", 107_627_624),
            ("vgg11-lrn", 132_863_336),
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

    /// AlexNet has 34,848 weights in its first layer, which gives 55×55; GoogLeNet's grids are those of table 1.
    @Test func gridsAreThePapers() throws {
        let alexNet = try ZooModel.named("alexnet-2012").build()
        #expect(alexNet.parameters.first?.shape.count == 34_848)
        #expect(alexNet.rows.filter { $0.kind == "conv" }.map { $0.outputShape[0] } == [55, 27, 13, 13, 13])
        #expect(alexNet.rows.last { $0.kind == "maxPool" }?.field.axes.map(\.size) == [195, 195])
        // Normalised behind the ReLU, twice; VGG A-LRN once.
        let start = ["conv", "relu", "localResponseNorm", "maxPool"]
        #expect(alexNet.rows.prefix(8).map(\.kind) == start + start)
        let kinds = try ZooModel.named("vgg11-lrn").build().rows.map(\.kind)
        #expect(Array(kinds.prefix(4)) == start && kinds.count { $0 == "localResponseNorm" } == 1)
        // Figure 3 of Zeiler and Fergus 2014.
        let zfNet = try ZooModel.named("zfnet").build()
        let grids = zfNet.rows.filter { ["conv", "maxPool"].contains($0.kind) }.map { $0.outputShape[0] }
        #expect(grids == [110, 55, 26, 13, 13, 13, 13, 6])
        let googLeNet = try ZooModel.named("googlenet-2014").build(auxiliary: false)
        #expect(googLeNet.layout.trainableParameterCount == 6_998_552)
        let modules = googLeNet.rows.filter { $0.kind == "concatenate" }.map(\.outputShape.dimensions)
        #expect(
            modules == [
                [28, 28, 256], [28, 28, 480], [14, 14, 512], [14, 14, 512], [14, 14, 512], [14, 14, 528],
                [14, 14, 832], [7, 7, 832], [7, 7, 1024],
            ])
    }

    /// LeCun et al. 1998, section II.B, and 1990: the shapes in the figures, 60,000 and 2,578 parameters.
    @Test func leNetsAreThoseOfTheirPapers() throws {
        let leNet5 = try ZooModel.named("lenet5-1998").build()
        #expect(leNet5.layout.trainableParameterCount == 60_000)
        let kinds: Set = ["conv", "subsampling", "linear", "radialBasis"]
        let rows = leNet5.rows.filter { kinds.contains($0.kind) }
        #expect(
            rows.map(\.outputShape) == [
                [28, 28, 6], [14, 14, 6], [10, 10, 16], [5, 5, 16], [1, 1, 120], [84], [10],
            ])
        #expect(rows.map(\.parameters) == [156, 12, 1516, 32, 48_120, 10_164, 0])
        #expect(rows[3].field.axes.map(\.size) == [16, 16])
        // MNIST's images lie in a border of two pixels.
        let description = try ZooModel.named("lenet5-1998").description(
            ZooOptions(), input: ModelInput(shape: [28, 28, 1]))
        #expect(try Network([description]).models[0].rows.map(\.outputShape) == leNet5.rows.map(\.outputShape))
        let leNet1 = try ZooModel.named("lenet1").build()
        #expect(leNet1.layout.trainableParameterCount == 2_578)
        #expect(
            leNet1.rows.filter { kinds.contains($0.kind) }.map(\.outputShape) == [
                [24, 24, 4], [12, 12, 4], [8, 8, 12], [4, 4, 12], [10],
            ])
    }

    /// An auxiliary head costs nothing but in training, and may be left out altogether.
    @Test(arguments: [("googlenet", 2), ("googlenet-2014", 2), ("inception-v3", 1)]) func auxiliaryHeadsAreSideBranches(
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
        let model = try Network([zoo.description(ZooOptions(classes: 3))]).models[0]
        #expect(model.outputShape[-1] == 3)
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
