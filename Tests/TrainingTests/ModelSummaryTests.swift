import ConfigurationReading
import Foundation
import NeuralNetwork
import TestSupport
import Testing
import Training

/// What `trainer summary` says of a file or a ready-made model.
@Suite struct ModelSummaryTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory(inMemory: true) }

    /// A model's part of the JSON.
    private struct Answer: Decodable {
        struct Layer: Decodable, Equatable {
            let name: String
            let kind: String
            let output: [Int]
            let weights, biases, multiplyAdds, depth, activations: Int
            let receptiveField: [Int]?
            let step: [Double]?
            let seesEverything, auxiliary: Bool
        }
        struct Total: Decodable {
            let parameters, frozen, untrained, depth, activations: Int
            let heldActivations: Int?
        }
        struct Evaluation: Decodable, Equatable {
            let parameters, weights, biases, untrained, multiplyAdds, multiplications, additions, depth: Int
            let activations: Int
        }
        let name: String
        let output: [Int]
        let layers: [Layer]
        let total: Total
        let evaluation: Evaluation
    }

    private func file(_ text: String) throws -> String {
        let path = directory.file("asked.yaml")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func ask(
        _ source: String, _ choice: ModelSummary.Choice = .init(), depth: Int? = nil
    ) throws -> Answer {
        let text = try ModelSummary(source, choice, depth: depth).json()
        let answers = try JSONDecoder().decode([String: [Answer]].self, from: Data(text.utf8))
        return try #require(answers["models"]?.first)
    }

    private func ask(model: String, depth: Int? = nil) throws -> Answer {
        try ask(try file("model: \(model)\n"), depth: depth)
    }

    @Test func aFileMayHaveAModelAlone() throws {
        let answer = try ask(
            model: "{input: [7, 7, 1], layers: [{conv: {filters: 1, kernel: 3, padding: 1, stride: 3}}]}")
        #expect(answer.name == "asked" && answer.output == [3, 3, 1])
        #expect(answer.layers[0].receptiveField == [3, 3] && answer.layers[0].step == [3, 3])
        #expect(try ask(try file("model: lenet5\n")).total.parameters == 61_706)
        #expect(try ask(try file("models: {a: {input: [3], layers: [{linear: 2}]}}\n")).name == "a")
    }

    /// How many neighbours a node has is for the data to say.
    @Test func aModelOnAGraphIsMeasuredOnANodeAlone() throws {
        let layers = "[{graphConvolution: 4}, relu, {graphAttention: {units: 3, heads: 2}}, {graphSage: 5}]"
        let path = try file("model: {input: [9], layers: \(layers)}\n")
        let answer = try ask(path)
        #expect(answer.output == [5] && answer.total.parameters == 40 + 42 + 65)
        #expect(try ModelSummary(path).text().contains("graphAttention"))
    }

    @Test func shapeAndClassesCanBeChosen() throws {
        let alexNet = try ask("alexnet", .init(input: [227, 227, 3], classes: 10))
        #expect(alexNet.layers[0].output == [56, 56, 64] && alexNet.output == [10])
        let list = try file("model: {input: [5], layers: [{linear: 2}]}\n")
        #expect(try ask(list, .init(input: [9])).total.parameters == 20)
        let embedding = try file("model: {input: [4], layers: [{embedding: 3}, flatten, {linear: 2}]}\n")
        #expect(throws: ModelError.noVocabulary(layer: "0", input: "input")) { try ask(embedding) }
        let tokens = try ask(embedding, .init(vocabulary: 10))
        #expect(tokens.layers[0].weights == 30 && tokens.layers[0].receptiveField == [1])
        #expect(tokens.layers[2].seesEverything && tokens.layers[2].receptiveField == nil)
    }

    /// Then its data need not be there.
    @Test func aConfigurationsModelCanBeAskedForAnotherShape() throws {
        let path = try file(
            configurationText("data: {name: cifar10, path: /nowhere}\nmodel: {name: resnet20, classes: 7}\n"))
        #expect(try ask(path, .init(input: [64, 64, 3])).layers[0].output == [64, 64, 16])
        #expect(try ask(path, .init(input: [64, 64, 3])).output == [7])
        #expect(try ask(path).layers[0].output == [32, 32, 16])
    }

    @Test func whatCannotBeAnsweredIsRefused() throws {
        let two = try file("model: {inputs: {a: [2], b: [3]}, layers: [{from: [a, b], concatenate: {}}]}\n")
        #expect(try ask(two).output == [5])
        #expect(throws: TrainingError.severalModelInputs(model: "asked", inputs: ["a", "b"])) {
            try ask(two, .init(input: [4]))
        }
        let run = try file("model: lenet5\nbatch: 32\n")
        let missing = #expect(throws: ConfigurationError.self) { try ask(run) }
        #expect(missing?.description.contains("'data' is missing") == true)
        let misspelt = try file("model: lenet5\nmodles: {}\n")
        let unknown = #expect(throws: ConfigurationError.self) { try ask(misspelt) }
        #expect(unknown?.description.hasSuffix("allowed here: name, model, models.") == true)
        #expect(throws: UnknownModel.self) { try ask("lenet55") }
        #expect(throws: TrainingError.unknownColumn(name: "weight", known: SummaryColumn.allCases.map(\.rawValue))) {
            try SummaryColumn.list("output, weight")
        }
        #expect(try SummaryColumn.list("output, weights") == [.output, .weights])
    }

    /// GoogLeNet's module 3a as Szegedy et al. 2015 have it in table 1, and the pooling after it.
    @Test func aBlockCanBeALine() throws {
        func convolution(_ name: String, _ filters: Int, _ kernel: Int) -> String {
            "{name: \(name), conv: {filters: \(filters), kernel: \(kernel), padding: same}}, relu"
        }
        let module = """
            {name: 3a, concatenate: [[\(convolution("one", 64, 1))],
              [\(convolution("reduce3", 96, 1)), \(convolution("three", 128, 3))],
              [\(convolution("reduce5", 16, 1)), \(convolution("five", 32, 5))],
              [{maxPool: {kernel: 3, stride: 1, padding: 1}}, \(convolution("project", 32, 1))]]}
            """
        let model = "{input: [28, 28, 192], layers: [\(module), {name: pool, maxPool: {kernel: 3, stride: 2}}]}"
        let blocks = try ask(model: model, depth: 1).layers
        #expect(blocks.map(\.name) == ["3a", "pool"] && blocks.map(\.kind) == ["14 layers", "maxPool"])
        #expect(blocks[0].output == [28, 28, 256] && blocks[0].depth == 2)
        #expect(blocks[0].weights == 163_328 && blocks[0].biases == 368)
        #expect(blocks[0].multiplyAdds == 28 * 28 * 163_328)
        // The widest of the paths, 5×5.
        #expect(blocks[0].receptiveField == [5, 5] && blocks[1].receptiveField == [7, 7])
        let layers = try ask(model: model)
        #expect(layers.layers.count == 15 && layers.total.depth == 2)
        #expect(layers.layers.reduce(0) { $0 + $1.activations } == blocks.reduce(0) { $0 + $1.activations })
    }

    @Test(arguments: [("alexnet", 8), ("resnet20", 20), ("lenet5", 5)])
    func depthIsThatOfTheLongestPath(zoo: String, depth: Int) throws {
        #expect(try ask(zoo).total.depth == depth)
    }

    /// What the operations' pullbacks keep, counted by hand for a sample.
    @Test(
        arguments: [
            // The input, ReLU's output, the result.
            ("{input: [8], layers: [{linear: 5}, relu, {linear: 3}]}", 8 + 5 + 3),
            // tanh needs its output, GELU what it reads, and the layer after each its output.
            ("{input: [8], layers: [{linear: 5}, tanh, {linear: 3}]}", 8 + 5 + 3),
            ("{input: [8], layers: [{linear: 5}, gelu, {linear: 3}]}", 8 + 5 + 5 + 3),
            // What normalisation reads and its mean and deviation; its output only because it is the result.
            ("{input: [4, 4, 2], layers: [{conv: {filters: 3, kernel: 1}}, batchNorm]}", 32 + 48 + 6 + 48),
            // A pooling keeps where the largest values were, but not what it read.
            ("{input: [4, 4, 3], layers: [batchNorm, {maxPool: 2}]}", 48 + 6 + 12 + 12),
        ])
    func heldActivationsAreWhatBackwardNeeds(model: String, floats: Int) throws {
        #expect(try ask(model: model).total.heldActivations == floats)
    }

    /// A head is a line of the table like any other; what evaluation comes to is without it, as in a model without it.
    @Test func auxiliaryHeadsAreToldApart() throws {
        func model(_ head: String) -> String {
            "{input: [4], layers: [{name: first, linear: 3}, \(head){name: last, linear: 2}]}"
        }
        let head = "{name: side, auxiliary: 0.3, sequence: [{linear: 5}, relu, {linear: 6}, {linear: 2}]}, "
        let (whole, without) = (try ask(model: model(head)), try ask(model: model("")))
        #expect(whole.layers.map(\.auxiliary) == [false, true, true, true, true, false])
        #expect(whole.total.parameters == 15 + 20 + 36 + 14 + 8 && whole.total.depth == 4)
        #expect(whole.evaluation.parameters == 15 + 8 && whole.evaluation.multiplyAdds == 12 + 6)
        #expect(whole.evaluation == without.evaluation && without.evaluation.depth == 2)
        #expect(whole.total.activations == without.total.activations + 5 + 6 + 2)
        // What the head's layers read and give, beside the input, the first layer's output, and the result.
        #expect(without.total.heldActivations == 4 + 3 + 2 && whole.total.heldActivations == 4 + 3 + 2 + 5 + 6 + 2)
        #expect(try ask(model: model(head), depth: 1).layers.map(\.auxiliary) == [false, true, false])

        let summary = try ModelSummary(try file("model: \(model(head))\n"))
        let text = summary.text(columns: [.parameters, .multiplyAdds, .depth])
        #expect(text.contains(/side\.3 +linear, aux +14 +12 +1\n/), "\(text)")
        #expect(text.contains(/total +93 +75 +4\nwithout heads +23 +18 +2\n/), "\(text)")
        #expect(text.contains("all trained; 23 without the auxiliary heads, which training alone"), "\(text)")
        #expect(text.contains("\n36 operations: "), "\(text)")
    }

    @Test func frozenWeightsAreTold() throws {
        let path = try file(
            configurationText(
                "model: {input: [28, 28, 1], layers: [flatten, {linear: 4}, batchNorm, {linear: 10}]}\n"
                    + "freeze: ['1.*']\n"
                    + "optimizer: {name: sgd, learningRate: 1, groups: [{match: '*.bias', learningRateFactor: 0}]}\n"))
        let total = try ask(path).total
        #expect(total.parameters == 785 * 4 + 8 + 50 && total.frozen == 785 * 4 + 4 + 10 && total.untrained == 8)
        let text = try ModelSummary(path).text()
        #expect(text.contains("3,198 parameters: 3,180 weights and 18 biases, 3,154 of them frozen; besides 8 that"))
    }

    @Test func packedFactorsAreCountedWhereProductsRoundThem() throws {
        let text = configurationText(
            "model: {input: [28, 28, 1], layers: [flatten, {linear: 10}]}\noptimizer: {name: sgd, learningRate: 1}\n")
        #expect(try !ModelSummary(try file(text)).text().contains("mixed precision"))
        let mixed = try ModelSummary(try file(text + "precision: mixed\n")).text()
        #expect(mixed.contains("183,296 floats (733.2 kB) of rounded factors in each thread"), "\(mixed)")
    }

    /// Convolutions of 64 channels have their factors as fixed-point numbers besides; those of 32 have not.
    @Test func factorsOfConvolutionsAreCountedToo() throws {
        func floats(_ channels: Int) throws -> Int {
            let text = configurationText(
                "model: {input: [28, 28, 1], layers: [{conv: {filters: \(channels), kernel: 1}}, "
                    + "{conv: {filters: \(channels), kernel: 3, padding: 1}}, flatten, {linear: 10}]}\n"
                    + "precision: mixed\noptimizer: {name: sgd, learningRate: 1}\n")
            let match = try #require(try ModelSummary(try file(text)).text().firstMatch(of: /([\d,]+) floats.*rounded/))
            return try #require(Int(match.output.1.filter { $0 != "," }))
        }
        #expect(try floats(32) == 183_296)
        #expect(try floats(64) > 200_000)
    }

    @Test func theTableHasTheChosenColumns() throws {
        let text = try ModelSummary("lenet5").text(columns: [.output, .parameters, .field, .step])
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "lenet5, input [28, 28, 1], per sample")
        #expect(lines[1].wholeMatch(of: /layer +kind +output +parameters +sees +step/) != nil, "\(text)")
        #expect(lines[3].wholeMatch(of: /input +input +\[28, 28, 1\] +0 +1 +1/) != nil, "\(text)")
        #expect(lines[9].wholeMatch(of: /5 +maxPool +\[5, 5, 16\] +0 +16 +4/) != nil, "\(text)")
        #expect(lines[11].wholeMatch(of: /f1 +linear +\[120\] +48,120 +all +–/) != nil, "\(text)")
        #expect(text.contains(/total +\[10\] +61,706\n/), "\(text)")
        #expect(text.contains("linear layers have 95.8 % of the parameters"), "\(text)")
    }

    @Test func matricesAreCompared() throws {
        let path = try file(
            "model: {input: [320, 280, 1], layers: [{name: edge, conv: {filters: 1, kernel: [2, 1], bias: false}}]}\n")
        let text = try ModelSummary(path).matrixText
        #expect(text.contains(/edge +\[320, 280, 1\] → \[319, 280, 1\] +convolution +2 +178,640 +89,320 +267,960\n/))
        #expect(text.contains(/dense matrix +8,003,072,000 +8,003,072,000 +8,002,982,680 +16,006,054,680\n/))
        #expect(text.contains(/sparse matrix +178,640 +178,640 +89,320 +267,960\n/))
    }
}
