import Autograd
import Inspection
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Receptive fields, occlusion, shifts.
@Suite struct FieldTests {
    private func tape(_ model: Model, seed: UInt64 = 4) -> Tape {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: seed))
        return Tape(layout: model.layout, values: values)
    }

    @Test(arguments: [(2, 5), (3, 7)])
    func `windows of three see as far as they can, and the gradient outside is exactly 0`(layers: Int, extent: Int)
        throws
    {
        let model = try Model(
            name: "stack", input: [15, 15, 2],
            layers: (0..<layers).map {
                .named("c\($0)", .convolution(.init(filters: 3, kernel: .init(3), padding: .explicit(.init(1)))))
            })
        let node = try #require(model.node("c\(layers - 1)"))
        let field = try MeasuredField(
            model, node: node, row: 7, column: 7, draws: 2, key: RandomKey(seed: 1), on: tape(model))
        #expect(node.field.axes.map(\.size) == [Double(extent), Double(extent)])
        #expect(field.rows == 7 - extent / 2..<7 + extent / 2 + 1 && field.columns == field.rows)
        #expect(field.moved.rows == field.rows && field.moved.columns == field.columns)
        #expect(field.outside == 0)
        for (index, value) in field.gradient.enumerated() {
            let inside = field.rows.contains(index / 15) && field.columns.contains(index % 15)
            #expect((value != 0) == inside, "pixel \(index)")
        }
    }

    @Test(arguments: [
        ("lenet5", "5", 16), ("vgg16", "features.28", 196), ("alexnet", "features.12", 195),
    ])
    func `networks of the literature have the fields that are known`(zoo: String, node: String, extent: Int) throws {
        let description = try ZooModel.named(zoo).description(.init(classes: 10), input: nil)
        let model = try Network([description]).models[0]
        let found = try #require(model.node(node), "\(model.names)")
        #expect(found.field.axes.map(\.size) == [Double(extent), Double(extent)])
    }

    @Test func `a unit of LeNet-5's S4 is moved by 16 × 16 pixels and no others`() throws {
        let model = try Network([try ZooModel.named("lenet5").description(.init(classes: 10), input: nil)]).models[0]
        let node = try #require(model.node("5"))
        let field = try MeasuredField(
            model, node: node, row: 2, column: 2, draws: 40, key: RandomKey(seed: 1), on: tape(model))
        #expect(field.outside == 0)
        #expect(field.rows.count == 16 && field.columns.count == 16)
        #expect(field.moved.rows == field.rows && field.moved.columns == field.columns)
    }

    @Test func `a convolution of stride 1 follows shifts exactly, away from borders`() throws {
        let model = try Model(
            name: "c", input: [12, 12, 1],
            layers: [.named("c", .convolution(.init(filters: 4, kernel: .init(3), padding: .explicit(.init(1)))))])
        let tape = tape(model)
        var numbers = TestNumbers(seed: 9)
        let x = numbers.floats(144)
        let moved = Resampling.shifted(x, height: 12, width: 12, channels: 1, right: 2, down: -1, fill: [0])
        let error = try ShiftError(model, node: try #require(model.node("c"))).squares(
            Tensor(x, [1, 12, 12, 1], pool: tape.pool), Tensor(moved, [1, 12, 12, 1], pool: tape.pool), (2, -1),
            on: tape)
        let squares = try #require(error)
        #expect(squares.size > 0 && squares.difference <= 1e-13 * squares.size)
    }

    @Test func `a shift that is no whole step of a layer says nothing`() throws {
        let model = try Model(
            name: "c", input: [12, 12, 1],
            layers: [.named("c", .convolution(.init(filters: 2, kernel: .init(2), stride: .init(2))))])
        let tape = tape(model)
        let x = Tensor([Float](repeating: 1, count: 144), [1, 12, 12, 1], pool: tape.pool)
        let error = try ShiftError(model, node: try #require(model.node("c"))).squares(x, x, (1, 0), on: tape)
        #expect(error == nil)
    }

    @Test func `pictures move by whole pixels and what comes in is the fill`() {
        let moved = Resampling.shifted([1, 2, 3, 4], height: 2, width: 2, channels: 1, right: 1, down: 0, fill: [9])
        #expect(moved == [9, 1, 9, 3])
        let up = Resampling.shifted([1, 2, 3, 4], height: 2, width: 2, channels: 1, right: 0, down: -1, fill: [7])
        #expect(up == [3, 4, 7, 7])
    }

    @Test func `values between pixels are those of PyTorch's interpolate without aligned corners`() {
        // torch.nn.functional.interpolate(torch.tensor([[[[0., 1.], [2., 3.]]]]), size=(4, 4), mode='bilinear')
        let large = Resampling.bilinear([0, 1, 2, 3], height: 2, width: 2, channels: 1, toHeight: 4, width: 4)
        #expect(
            large == [0, 0.25, 0.75, 1, 0.5, 0.75, 1.25, 1.5, 1.5, 1.75, 2.25, 2.5, 2, 2.25, 2.75, 3])
    }

    @Test func `hiding what a class does not depend on costs nothing, and what it depends on does`() throws {
        // The only score that counts reads the upper left quarter.
        let model = try Model(name: "corner", input: [8, 8, 1], layers: [.flatten, .named("f", .linear(units: 2))])
        let values = FlatBuffer(count: model.layout.count)
        let weight = try #require(model.layout.parameters.first { $0.name == "f.weight" })
        for y in 0..<4 { for x in 0..<4 { values.pointer[model.layout.offsets[weight.index] + 64 + y * 8 + x] = 0.5 } }
        let tape = Tape(layout: model.layout, values: values)
        var picture = [Float](repeating: 0, count: 64)
        for y in 0..<4 { for x in 0..<4 { picture[y * 8 + x] = 1 } }
        let occlusion = try Occlusion(model, scores: "f", meaning: .logits, side: 2, stride: 1, on: tape)
        let map = occlusion(Tensor(picture, [1, 8, 8, 1], pool: tape.pool), class: nil)
        #expect(map.number == 1)
        #expect(map.map[0] < map.whole)
        // A square that touches the quarter reaches one pixel beyond it.
        for y in 5..<8 { for x in 5..<8 { #expect(abs(map.map[y * 8 + x] - map.whole) < 1e-6) } }
        #expect(map.least < map.whole)
    }
}
