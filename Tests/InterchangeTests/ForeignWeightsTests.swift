import Autograd
import Checkpointing
import Interchange
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Weights of other programs under this one's names.
@Suite struct ForeignWeightsTests {
    private static let renamings: [(text: String, name: String, new: String?)] = [
        ("fc.weight=head.weight", "fc.weight", "head.weight"), ("fc.weight=head.weight", "fc.weights", nil),
        ("backbone.*=*", "backbone.0.weight", "0.weight"), ("backbone.*=*", "my.backbone.0", nil),
        ("*.gamma=*.weight", "a.b.gamma", "a.b.weight"), ("*=net.*", "w", "net.w"), ("*.old.*=*.*", "a.old.b", "a.b"),
        ("layer*.conv*.w=block*.*", "layer12.conv3.w", "block12.3"), ("a*a=*", "a", nil), ("a*a=*", "aa", ""),
        ("*é*=*e*", "caféé", "cafeé"), ("x*=y", "xyz", "y"),
    ]

    @Test(arguments: renamings) func aRenamingPutsWhatItsStarsFindIntoTheNewName(
        _ test: (text: String, name: String, new: String?)
    ) throws {
        let renaming = try #require(TensorRenaming(test.text))
        #expect(renaming(test.name) == test.new)
    }

    @Test(arguments: ["", "a", "=b", "a=", "a=*", "*=**"]) func whatIsNoRenamingIsRefused(_ text: String) {
        #expect(TensorRenaming(text) == nil)
    }

    private static func tensor(_ name: String, _ values: [Float]) -> TensorSource {
        TensorSource(name: name, dataType: .float32, shape: [values.count], values: values)
    }

    @Test func whatWrapsAModuleIsTakenOffAllNames() throws {
        func names(_ names: [String], known: [String] = []) throws -> [String] {
            let file = try SafetensorsFile(metadata: [:], sources: names.map { Self.tensor($0, [1]) })
            return try ForeignWeights(file, known: known).file.tensors.map(\.name)
        }
        #expect(try names(["module.a", "module.b.c"]) == ["a", "b.c"])
        #expect(try names(["module._orig_mod.a", "module._orig_mod.model.b"]) == ["a", "model.b"])
        #expect(try names(["model.a", "b"]) == ["b", "model.a"])
        // A model of this program that calls its layers so keeps their names.
        #expect(try names(["module.model.a"], known: ["model.a"]) == ["model.a"])
    }

    @Test func floatsOfAnySizeBecomeThoseOf32BitsAndAllElseStays() throws {
        let file = try SafetensorsFile(
            metadata: ["epoch": "3"],
            sources: [
                TensorSource(name: "half", dataType: .float16, shape: [2], values: [UInt16(0x3C00), 0xC500]),
                TensorSource(name: "brain", dataType: .bfloat16, shape: [1, 2], values: [UInt16(0x3F80), 0x4049]),
                TensorSource(name: "double", dataType: .float64, shape: [1], values: [0.1]),
                TensorSource(name: "n.num_batches_tracked", dataType: .int64, shape: [], values: [Int64(7)]),
            ])
        let plain = try ForeignWeights(file, renamings: [try #require(TensorRenaming("half=h"))]).file
        #expect(plain.metadata == ["format": "pt"])
        #expect(try plain.floats(of: "h") == [1, -5] && plain.tensor("h")?.dataType == .float32)
        #expect(try plain.floats(of: "brain") == [1, 3.140625] && plain.tensor("brain")?.shape == [1, 2])
        #expect(try plain.floats(of: "double") == [0.1])
        #expect(try plain.int64s(of: "n.num_batches_tracked") == [7])
    }

    @Test func twoTensorsOfOneNameAreRefused() throws {
        let file = try SafetensorsFile(metadata: [:], sources: [Self.tensor("a", [1]), Self.tensor("b", [2])])
        #expect(throws: CheckpointError.invalidName(name: "b", problem: "two tensors have it")) {
            try ForeignWeights(file, renamings: [try #require(TensorRenaming("a=b"))])
        }
    }

    // MARK: Layers

    struct Case: Sendable, CustomStringConvertible {
        var description: String
        var input: Shape
        var vocabulary: Int?
        var layer: LayerSpecification
        /// As PyTorch's module has them, from its documentation.
        var tensors: [String: [Int]]
    }

    private static let normalized = ["m.weight": [6], "m.bias": [6]]

    static let layers: [Case] = [
        Case(
            description: "nn.Linear(4, 3)", input: [4], layer: .linear(units: 3),
            tensors: ["m.weight": [3, 4], "m.bias": [3]]),
        Case(
            description: "nn.Embedding(7, 3)", input: [5], vocabulary: 7, layer: .embedding(units: 3),
            tensors: ["m.weight": [7, 3]]),
        Case(
            description: "nn.Conv2d(6, 4, (2, 3), groups=2)", input: [5, 5, 6],
            layer: .convolution(.init(filters: 4, kernel: .init(height: 2, width: 3), groups: 2)),
            tensors: ["m.weight": [4, 3, 2, 3], "m.bias": [4]]),
        Case(
            description: "nn.ConvTranspose2d(6, 4, (2, 3), groups=2)", input: [5, 5, 6],
            layer: .convTranspose(.init(filters: 4, kernel: .init(height: 2, width: 3), groups: 2)),
            tensors: ["m.weight": [6, 2, 2, 3], "m.bias": [4]]),
        Case(
            description: "nn.Conv1d(6, 4, 3, groups=2)", input: [9, 6],
            layer: .conv1d(filters: 4, kernel: 3, groups: 2), tensors: ["m.weight": [4, 3, 3], "m.bias": [4]]),
        Case(
            description: "nn.BatchNorm2d(6)", input: [5, 5, 6], layer: .batchNorm(),
            tensors: [
                "m.weight": [6], "m.bias": [6], "m.running_mean": [6], "m.running_var": [6],
                "m.num_batches_tracked": [],
            ]),
        Case(
            description: "nn.GroupNorm(2, 6)", input: [5, 5, 6], layer: .groupNorm(groups: 2), tensors: normalized),
        Case(
            description: "nn.LayerNorm(6)", input: [9, 6], layer: .layerNorm(), tensors: normalized),
        Case(
            description: "nn.InstanceNorm2d(6, affine=True)", input: [5, 5, 6], layer: .instanceNorm(affine: true),
            tensors: normalized),
        Case(
            description: "nn.RNN(6, 5)", input: [9, 6], layer: .rnn(units: 5),
            tensors: [
                "m.weight_ih_l0": [5, 6], "m.weight_hh_l0": [5, 5], "m.bias_ih_l0": [5], "m.bias_hh_l0": [5],
            ]),
        Case(
            description: "nn.LSTM(6, 5, 2)", input: [9, 6], layer: .lstm(units: 5, layers: 2),
            tensors: [
                "m.weight_ih_l0": [20, 6], "m.weight_hh_l0": [20, 5], "m.bias_ih_l0": [20], "m.bias_hh_l0": [20],
                "m.weight_ih_l1": [20, 5], "m.weight_hh_l1": [20, 5], "m.bias_ih_l1": [20], "m.bias_hh_l1": [20],
            ]),
        Case(
            description: "nn.GRU(6, 5, bidirectional=True)", input: [9, 6],
            layer: .gru(units: 5, bidirectional: true),
            tensors: [
                "m.weight_ih_l0": [15, 6], "m.weight_hh_l0": [15, 5], "m.bias_ih_l0": [15], "m.bias_hh_l0": [15],
                "m.weight_ih_l0_reverse": [15, 6], "m.weight_hh_l0_reverse": [15, 5], "m.bias_ih_l0_reverse": [15],
                "m.bias_hh_l0_reverse": [15],
            ]),
    ]

    /// What goes out has PyTorch's names and shapes; through a file of other names and an order of its own the same
    /// bits come back.
    @Test(arguments: layers) func aLayersTensorsAreThoseOfPyTorchBothWays(_ test: Case) throws {
        let network = try Network([
            ModelDescription(
                name: "test", inputs: [ModelInput(shape: test.input, vocabulary: test.vocabulary)],
                layers: [.named("m", test.layer)])
        ])
        let values = FlatBuffer(count: network.layout.count)
        var numbers = TestNumbers(seed: 7)
        for parameter in network.layout.parameters {
            let start = values.pointer + network.layout.offsets[parameter.index]
            for i in 0..<parameter.shape.count { start[i] = numbers.float(in: 1...2) }
        }
        let out = try SafetensorsFile(metadata: [:], sources: ModelWeights.lasting(network, values, step: 9))
        #expect(Dictionary(uniqueKeysWithValues: out.tensors.map { ($0.name, $0.shape) }) == test.tensors)
        let wrapped = try out.tensors.reversed().map { tensor in
            try out.withBytes(of: tensor.name) { bytes in
                let copy = Array(bytes)
                return TensorSource(
                    TensorSignature(name: "module." + tensor.name, dataType: tensor.dataType, shape: tensor.shape)
                ) { $0.copyBytes(from: copy) }
            }
        }
        let back = try ForeignWeights(SafetensorsFile(metadata: [:], sources: wrapped))
        let loaded = FlatBuffer(count: network.layout.count)
        let names = Set(network.layout.parameters.map(\.name))
        let match = try ModelWeights.loadMatching(back.file, network, into: loaded, names: names)
        #expect(match.taken == names.count && match.unused.isEmpty)
        for parameter in network.layout.parameters {
            let start = network.layout.offsets[parameter.index]
            for i in start..<start + parameter.shape.count {
                #expect(loaded.pointer[i].bitPattern == values.pointer[i].bitPattern, "\(parameter.name)")
            }
        }
    }
}
