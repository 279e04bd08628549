import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// The Neocognitron's rule: planes find features of their own without a teacher.
@Suite struct CompetitiveTests {
    private static let image = FieldDescription(
        name: "image", elementType: .float32, shape: [7, 7, 1], meaning: .pixels(scale: 1, background: 0))
    private static let key = RandomKey(seed: 8)

    private func make(
        _ network: Network, _ objective: Competitive = Competitive(of: PlacedName("s"), column: 7)
    ) throws -> any Objective {
        try objective.make(
            ObjectiveSetup(network: network, fields: [Self.image], defaultInput: "image", defaultTarget: nil))
    }

    private func cells(planes: Int) throws -> Network {
        try network(
            [
                .named("s", .simpleCells(planes: planes, kernel: Size(3), selectivity: 3)),
                .complexCells(kernel: Size(3)),
            ],
            input: [7, 7, 1])
    }

    /// Strokes of three pixels: lying, standing, falling and rising; each in an image of its own, far enough from
    /// the border for any window to see it.
    private func strokes(_ count: Int, _ numbers: inout TestNumbers) -> (images: [Float], kinds: [Int]) {
        var images = [Float](repeating: 0, count: count * 49)
        let kinds = (0..<count).map { _ in numbers.integer(below: 4) }
        for (sample, kind) in kinds.enumerated() {
            let (row, left) = (1 + numbers.integer(below: 3), 1 + numbers.integer(below: 3))
            for step in 0..<3 {
                let y = [1, step, step, 2 - step][kind]
                let x = [step, 1, step, step][kind]
                images[sample * 49 + (row + y) * 7 + left + x] = 1
            }
        }
        return (images, kinds)
    }

    private func context(_ images: [Float], on tape: Tape, mode: Mode) -> GrainContext {
        let memory = FieldMemory(
            field: Self.image, elements: .floats(Tensor(images, [images.count], pool: StoragePool()).storage))
        let count = images.count / 49
        return GrainContext(
            FieldBatch(count: count, sampleIDs: Array(0..<count), memory: [memory]), on: tape, mode: mode, key: Self.key
        )
    }

    @Test func planesLearnTheStrokesThatThereAre() throws {
        // More planes than strokes: one that wins with two strokes at first becomes neither.
        let planeCount = 12
        let network = try cells(planes: planeCount)
        let objective = try make(network)
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: Self.key)
        let tape = Tape(layout: network.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        var numbers = TestNumbers(seed: 4)
        for _ in 0..<60 {
            tape.begin(gradients: gradients.pointer)
            let result = objective(context(strokes(4, &numbers).images, on: tape, mode: .training(Self.key)))
            #expect(result.weight == 4 && result.sums.count == objective.sumCount)
            tape.backward(from: try #require(result.loss))
            // Plain descent with a rate of 16 on the mean over samples.
            for parameter in network.layout.parameters {
                let offset = network.layout.offsets[parameter.index]
                let trained = tape.wholeVector.trained.offset(of: parameter.index) ?? -1
                for index in 0..<parameter.shape.count {
                    values.pointer[offset + index] -= 16 / 4 * gradients.pointer[trained + index]
                }
            }
        }
        // Every stroke excites a plane of its own where it is, nearly as much as a cell can be, and that one alone.
        let test = strokes(40, &numbers)
        tape.begin(gradients: nil)
        let x = tape.constant(Tensor(test.images, [40, 7, 7, 1], pool: tape.pool))
        let responses = try network.models[0].plan(outputs: ["s"])([x], mode: .evaluation)[0].value
        var planes: [Int: Set<Int>] = [:]
        for (sample, kind) in test.kinds.enumerated() {
            let strongest = (0..<planeCount).map { plane in
                (0..<25).map { responses.pointer[(sample * 25 + $0) * planeCount + plane] }.max() ?? 0
            }
            let plane = strongest.indices.max { strongest[$0] < strongest[$1] } ?? 0
            #expect(strongest[plane] > 0.9)
            planes[kind, default: []].insert(plane)
        }
        #expect(planes.count == 4 && planes.values.allSatisfy { $0.count == 1 })
        #expect(Set(planes.values.flatMap { $0 }).count == 4)
    }

    @Test func figuresCountWinnersAndPicturesShowWhatPlanesHaveLearned() throws {
        let network = try cells(planes: 3)
        let objective = try make(network)
        #expect(objective.metrics.map(\.name) == ["loss", "winners"] && objective.fields == ["image"])
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: Self.key)
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        var numbers = TestNumbers(seed: 5)
        let context = context(strokes(5, &numbers).images, on: tape, mode: .evaluation)
        let result = objective(context)
        let figures = MetricSums(samples: 5, weight: result.weight, own: result.sums).values(of: objective.metrics)
        // A column of 7 × 7 holds all cells: one wins in each sample.
        #expect(figures[1].value == 1 && figures[0].value < 0)
        let pictures = try #require(objective.pictures(context))
        #expect(pictures.values.shape == [3, 3, 3, 1] && pictures.values.values.max() == 1)
    }

    @Test func whatTheRuleCannotTeachIsRefused() throws {
        func problem(_ layers: [LayerSpecification], of name: String) throws -> String {
            do {
                _ = try make(try network(layers, input: [7, 7, 1]), Competitive(of: PlacedName(name)))
                return "none"
            } catch let error as ConfigurationError { return "\(error)" }
        }
        let s = LayerSpecification.named("s", .simpleCells(planes: 2, kernel: Size(3)))
        let c = LayerSpecification.named("c", .complexCells(kernel: Size(3)))
        #expect(try problem([s, c], of: "s") == "none")
        #expect(try problem([s, c], of: "d").contains("c"))
        #expect(
            try problem([s, c], of: "c").hasSuffix(
                "it is no layer of `simpleCells`, which this rule teaches; name one of s."))
        #expect(
            try problem([c], of: "c").hasSuffix(
                "the model has no `simpleCells`, which this rule teaches; add a layer of them."))
    }

    // MARK: - Layers

    @Test func cellsHaveTheShapesAndParametersOfTheirWindows() throws {
        let model = try network(
            [
                .named("s", .simpleCells(planes: 5, kernel: Size(height: 3, width: 2), padding: .same)),
                .named("c", .complexCells(kernel: Size(5), stride: Size(2), padding: .explicit(Size(2)))),
            ], input: [9, 8, 2]
        ).models[0]
        #expect(model.shape(of: "s") == [9, 8, 5] && model.shape(of: "c") == [5, 4, 5])
        #expect(model.parameters.map(\.name) == ["s.weight", "s.inhibition"])
        #expect(model.parameters.map(\.shape) == [[5, 3, 2, 2], [5]])
        #expect(throws: ModelError.wrongRank(layer: "0", input: [16], expected: "an image [H, W, C]")) {
            try network([.simpleCells(planes: 2, kernel: Size(3))], input: [16])
        }
    }
}
