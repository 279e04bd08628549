import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Convolutions beside the matrices that do the same.
@Suite struct MatrixFormsTests {
    /// Goodfellow, Bengio and Courville 2016, section 9.2: the picture of 320×280 with the kernel [−1, 1].
    @Test func theBooksExample() throws {
        let edge = Convolution(filters: 1, kernel: .init(height: 2, width: 1), bias: false)
        let form = try #require(try forms([320, 280, 1], edge).first)
        #expect(form.convolution.storedFloats == 2 && form.convolution.operations == 267_960)
        #expect(form.dense.storedFloats == 8_003_072_000 && form.dense.operations > 16_000_000_000)
        #expect(form.sparse.storedFloats == 178_640 && form.sparse.operations == 267_960)
    }

    /// The matrix itself, whose columns are what a convolution makes of images that are 1 in one place.
    @Test(arguments: 1...20) func theSparseMatrixHasAsManyElements(seed: Int) throws {
        var numbers = TestNumbers(seed: UInt64(seed))
        func size(upTo limit: Int) -> Size {
            Size(height: 1 + numbers.integer(below: limit), width: 1 + numbers.integer(below: limit))
        }
        let groups = 1 + numbers.integer(below: 2)
        let convolution = Convolution(
            filters: groups * 2, kernel: size(upTo: 3), stride: size(upTo: 2), padding: .explicit(size(upTo: 2)),
            dilation: size(upTo: 2), groups: groups, bias: seed % 2 == 0)
        let input: Shape = [6, 5, groups * 2]
        let model = try Model(name: "matrix", input: input, layers: [.convolution(convolution)], convolutions: .im2col)
        let values = FlatBuffer(count: model.layout.count)
        for index in 0..<model.layout.count { values.pointer[index] = numbers.float(in: 0.5...1) }
        // Biases are no part of the matrix.
        if convolution.bias {
            for index in 0..<convolution.filters { values.pointer[model.layout.offsets[1] + index] = 0 }
        }
        let tape = Tape(layout: model.layout, values: values)
        tape.begin(gradients: nil)
        var unit = [Float](repeating: 0, count: input.count * input.count)
        for place in 0..<input.count { unit[place * input.count + place] = 1 }
        let x = tape.constant(Tensor(unit, input.batched(input.count), pool: tape.pool))
        let elements = model(x, mode: .evaluation).value.values
        let form = try #require(model.matrixForms.first)
        #expect(form.sparse.storedFloats == elements.count { $0 != 0 }, "\(convolution)")
        #expect(form.dense.storedFloats == elements.count)
        #expect(form.convolution.storedFloats == model.rows[0].counts.weights)
    }

    @Test func onlyConvolutionsHaveOne() throws {
        let model = try Model(
            name: "mixed", input: [8, 8, 3],
            layers: [
                .averagePool(Pooling(kernel: .init(2))), .named("c", .convolution(.init(filters: 2, kernel: .init(3)))),
                .relu, .flatten, .linear(units: 2),
            ])
        #expect(model.matrixForms.map(\.layer) == ["c"])
        #expect(model.matrixForms[0].input == [4, 4, 3] && model.matrixForms[0].output == [2, 2, 2])
    }

    private func forms(_ input: Shape, _ convolution: NeuralNetwork.Convolution) throws -> [MatrixForms] {
        try Model(name: "example", input: input, layers: [.convolution(convolution)]).matrixForms
    }
}
