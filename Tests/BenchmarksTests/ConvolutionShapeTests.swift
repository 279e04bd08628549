import Benchmarks
import Kernels
import Testing

/// What `trainer bench convolution --shape` accepts.
@Suite struct ConvolutionShapeTests {
    @Test func `a shape is input, filters, kernel and options in any order`() throws {
        let g = try ConvolutionGeometry(text: "8x28x30x64:128:7x5:g2:p3x2:s2")
        #expect([g.batch, g.inputHeight, g.inputWidth, g.inputChannels, g.outputChannels] == [8, 28, 30, 64, 128])
        #expect([g.kernelHeight, g.kernelWidth, g.strideHeight, g.strideWidth, g.groups] == [7, 5, 2, 2, 2])
        #expect([g.paddingTop, g.paddingBottom, g.paddingLeft, g.paddingRight] == [3, 3, 2, 2])
        let plain = try ConvolutionGeometry(text: "1x9x9x3:4:3")
        #expect(
            [plain.kernelHeight, plain.kernelWidth, plain.strideHeight, plain.paddingTop, plain.groups] == [
                3, 3, 1, 0, 1,
            ])
    }

    @Test(arguments: [
        ("32x28x28:64:3", "32x28x28"), ("1x9x9x3:4", "1x9x9x3:4"), ("1x9x9x0:4:3", "1x9x9x0"),
        ("1x9x9x3:4:3x3x3", "3x3x3"),
        ("1x9x9x3:4:3:q1", "q1"), ("1x9x9x3:4:3:s0", "0"), ("1x9x9x3:4:3:", ""), ("1x9x9x3:4:3:g2", "g2"),
        ("1x9x9x3:4:11", "11"),
        ("1x9x9x3:four:3", "four"), ("99999999999999999999x9x9x3:4:3", "99999999999999999999x9x9x3"),
    ])
    func `a shape that can't be read is refused and the part is named`(text: String, part: String) {
        let error = #expect(throws: ConvolutionShapeError.self) { try ConvolutionGeometry(text: text) }
        #expect(error?.part == part && error?.text == text)
        #expect(error?.description.hasSuffix("groups)") == true)
    }
}
