import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Convolutions over turns and mirror images: what they promise, what they are built of, what they refuse.
@Suite struct GroupConvolutionTests {
    typealias Reference = DoubleReference

    private func build(_ input: Shape, _ layers: LayerSpecification...) throws -> Model {
        try Model(name: "test", input: input, layers: layers)
    }

    /// A value [N, side, side, elements, C] as `element` moves it; of images there is one element.
    private func moved(_ x: [Float], by element: Int, side: Int, elements: Int = 1) -> [Float] {
        let channels = 3
        let pixels = x.count / (elements * channels)
        var result = x
        for pixel in 0..<pixels {
            let (n, y, x1) = (pixel / (side * side), pixel / side % side, pixel % side)
            let from = Reference.origin(of: element, y, x1, side: side)
            for h in 0..<elements {
                let other = elements == 1 ? 0 : Reference.quotient(h, by: element)
                for c in 0..<channels {
                    let place = ((n * side + from.row) * side + from.column) * elements + other
                    result[(pixel * elements + h) * channels + c] = x[place * channels + c]
                }
            }
        }
        return result
    }

    /// A network's output in training, where batch normalisation takes the samples' own statistics, and in evaluation.
    private func outputs(_ model: Model, _ x: [Float], batch: Int) -> [[Float]] {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 1))
        return [.evaluation, .training(RandomKey(seed: 2))].map { (mode: Mode) in
            let tape = Tape(layout: model.layout, values: values)
            let gradients = FlatBuffer(count: tape.wholeVector.count)
            tape.begin(gradients: gradients.pointer)
            return model(tape.constant(Tensor(x, model.inputShape.batched(batch), pool: tape.pool)), mode: mode)
                .value.values
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let group: SymmetryGroup
        let layers: [LayerSpecification]
        /// Of the input and of the output.
        let sides: [Int]
        var elements = 0
        var testDescription: String { "\(group) \(name)" }
    }

    /// Of each group; the last convolution has three filters.
    static let cases = SymmetryGroup.allCases.flatMap { group -> [Case] in
        let one = LayerSpecification.groupConv(group, filters: 3, kernel: 3)
        let deep: [LayerSpecification] = [
            .groupConv(group, filters: 4, kernel: 3, padding: .same, bias: false), .batchNorm(), .relu,
            .maxPool(.init(kernel: .init(2))), .groupConv(group, filters: 5, kernel: 2, initializer: .heNormal),
            .activation("tanh"), .residual(main: [.groupConv(group, filters: 5, kernel: 3, padding: .same)]),
            .groupConv(group, filters: 3, kernel: 3, stride: 2, padding: .explicit(.init(1))), .batchNorm(),
        ]
        return [
            Case(name: "of an odd image", group: group, layers: [one], sides: [7, 5], elements: group.order),
            Case(name: "of an even image", group: group, layers: [one], sides: [8, 6], elements: group.order),
            Case(
                name: "twice", group: group,
                layers: [.groupConv(group, filters: 2, kernel: 4), .groupConv(group, filters: 3, kernel: 1)],
                sides: [8, 5], elements: group.order),
            Case(name: "with much between", group: group, layers: deep, sides: [12, 3], elements: group.order),
            Case(
                name: "averaged and pooled", group: group,
                layers: deep + [
                    .averagePool(.init(kernel: .init(3), stride: .init(1), padding: .explicit(.init(1)))),
                    .groupPool(),
                ], sides: [12, 3]),
            Case(name: "with the group's mean", group: group, layers: deep + [.groupPool(.mean)], sides: [12, 3]),
        ]
    }

    @Test(arguments: cases) func outputsTurnWithTheInput(_ test: Case) throws {
        let side = test.sides[0]
        let model = try Model(name: "test", input: [side, side, 3], layers: test.layers)
        var numbers = TestNumbers(seed: 3)
        let x = numbers.floats(2 * side * side * 3)
        let upright = outputs(model, x, batch: 2)
        for element in 1..<test.group.order {
            let turned = outputs(model, moved(x, by: element, side: side), batch: 2)
            for (y, expected) in zip(turned, upright) {
                let expected = moved(expected, by: element, side: test.sides[1], elements: max(test.elements, 1))
                #expect(relativeError(y, expected.map(Double.init)) < 1e-5, "element \(element)")
            }
            // A value that is the same everywhere would turn too.
            #expect(relativeError(turned[0], upright[0].map(Double.init)) > 1e-2)
        }
        // No promise of p4 holds for mirror images.
        guard test.group == .p4, test.elements == 4 else { return }
        let mirrored = outputs(model, moved(x, by: 4, side: side), batch: 2)[0]
        // What is moved keeps its values.
        #expect(relativeError(mirrored.sorted(), upright[0].sorted().map(Double.init)) > 1e-3)
    }

    /// Also with rectifier and pooling in one, which the graph makes of the three.
    @Test func aGroupConvolutionIsOneWithTurnedFilters() throws {
        let model = try build(
            [7, 7, 2], .groupConv(.p4, filters: 3, kernel: 2, initializer: .heNormal), .relu,
            .maxPool(.init(kernel: .init(2))), .groupConv(.p4, filters: 2, kernel: 3))
        #expect(model.rows.map(\.outputShape) == [[6, 6, 4, 3], [6, 6, 4, 3], [3, 3, 4, 3], [1, 1, 4, 2]])
        #expect(model.rows.map(\.parameters) == [3 * 4 * 2 + 3, 0, 0, 2 * 9 * 12 + 2])
        #expect(model.rows.map(\.multiplyAdds) == [36 * 12 * 8, 0, 0, 8 * 9 * 12])
        #expect(model.parameters.map(\.name) == ["0.weight", "0.bias", "3.weight", "3.bias"])
        #expect(model.parameters.map(\.shape) == [[3, 2, 2, 2], [3], [2, 3, 3, 12], [2]])
        #expect(model.rows[3].field.axes.map(\.size) == [7, 7])

        var numbers = TestNumbers(seed: 4)
        let x = numbers.floats(2 * 98)
        let values = ["0.weight": 24, "0.bias": 3, "3.weight": 216, "3.bias": 2].mapValues { numbers.floats($0) }
        func tensor(_ name: String, _ shape: [Int], times: Int = 1) -> DoubleTensor {
            DoubleTensor((0..<times).flatMap { _ in values[name] ?? [] }, shape)
        }
        let first = Reference.convolution(
            DoubleTensor(x, [2, 7, 7, 2]),
            Reference.groupFilters(tensor("0.weight", [3, 2, 2, 2]), order: 4, elements: 1),
            bias: tensor("0.bias", [12], times: 4))
        let pooled = Reference.maxPool(Reference.relu(first), .init(kernel: 2, stride: 2))
        let expected = Reference.convolution(
            pooled, Reference.groupFilters(tensor("3.weight", [2, 3, 3, 12]), order: 4, elements: 4),
            bias: tensor("3.bias", [8], times: 4))
        #expect(relativeError(model.output(x, batch: 2, parameters: values), expected.values) < 3e-6)
    }

    /// Batch normalisation of a value over a group has one gain, one bias and one statistic for all its elements.
    @Test func channelsOverAGroupAreNormalisedTogether() throws {
        let model = try build([6, 6, 1], .groupConv(.p4m, filters: 5, kernel: 3), .batchNorm())
        #expect(model.rows[1].parameters == 10 && model.outputShape == [4, 4, 8, 5])
        #expect(model.layout.parameters.dropFirst(2).allSatisfy { $0.shape == [5] })
    }

    @Test func whatWouldBreakTheSymmetryIsRefused() {
        func expect(_ input: Shape, _ layers: LayerSpecification..., because reason: String) {
            #expect(throws: ModelError.refused(layer: "\(layers.count - 1)", because: reason)) {
                try Model(name: "test", input: input, layers: layers)
            }
        }
        let lift = LayerSpecification.groupConv(.p4, filters: 2, kernel: 3)
        expect(
            [8, 8, 1], .groupConv(.p4, filters: 2, kernel: 3, stride: 2),
            because: "1 of 8 positions are left over behind the last window, which would break the symmetry; change "
                + "kernel, stride or padding so that the windows end at the border")
        expect(
            [8, 8, 1], .groupConv(.p4, filters: 2, kernel: 2, padding: .same),
            because: "a border of 0, 1, 0 and 1 at the top, the bottom, the left and the right would break the "
                + "symmetry; give all sides the same padding")
        expect(
            [9, 9, 1], lift, .maxPool(.init(kernel: .init(2))),
            because: "1 of 7 positions are left over behind the last window, which would break the symmetry; change "
                + "kernel, stride or padding so that the windows end at the border")
        expect(
            [8, 8, 1], lift, .averagePool(.init(kernel: .init(height: 2, width: 3))),
            because: "windows that are not square would break the symmetry of its input; give height and width the "
                + "same kernel and stride")
        expect(
            [8, 8, 1], lift, .groupConv(.p4m, filters: 2, kernel: 3),
            because: "its input lies over the 4 elements of p4, and it is to go over p4m; give all of them one group")
        expect(
            [8, 8, 1], .groupPool(),
            because: "its input [8, 8, 1] lies over no group; put a `groupConv` before it, or take it away")
        #expect(throws: ModelError.doesNotFit(layer: "0", input: [2, 2, 1], window: "3×3")) {
            try build([2, 2, 1], lift)
        }
        #expect(
            throws: ModelError.wrongRank(layer: "1", input: [6, 6, 4, 2], expected: "an image [H, W, C]")
        ) { try build([8, 8, 1], lift, .convolution(.init(filters: 1, kernel: .init(1)))) }
        #expect(
            throws: ModelError.wrongRank(
                layer: "0", input: [8], expected: "an image [H, W, C], or a value of `groupConv` [H, W, elements, C]")
        ) { try build([8], lift) }
    }
}
