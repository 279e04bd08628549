import Kernels
import Testing

/// A convolution on arrays, with working memory that holds NaN before and margins behind everything that is written.
struct ConvolutionRun {
    /// Floats behind each tensor that nobody may write.
    private static let margin = [Float](repeating: 1234.5, count: 64)

    let convolution: Convolution
    let x: [Float]
    let w: [Float]

    init(_ geometry: ConvolutionGeometry, _ algorithm: ConvolutionAlgorithm?, x: [Float], w: [Float]) {
        convolution = Convolution(geometry, algorithm: algorithm)
        self.x = x
        self.w = w
    }

    func forward(bias: [Float]?, rectify: Bool) -> [Float] {
        let count = convolution.geometry.outputCount
        var y = [Float](repeating: .nan, count: count) + Self.margin
        var scratch = [Float](repeating: .nan, count: convolution.forwardScratchCount) + Self.margin
        if let bias {
            convolution.forward(x, w, bias: bias, rectify: rectify, into: &y, scratch: &scratch)
        } else {
            convolution.forward(x, w, bias: nil, rectify: rectify, into: &y, scratch: &scratch)
        }
        #expect(Array(y[count...]) == Self.margin, "forward writes behind its output")
        #expect(
            Array(scratch[convolution.forwardScratchCount...]) == Self.margin,
            "forward writes behind its working memory")
        return Array(y[..<count])
    }

    /// The gradients where an initial content is given.
    func gradients(_ dy: [Float], data: [Float]?, filter: [Float]?, accumulate: Bool = false) -> (
        data: [Float], filter: [Float]
    ) {
        var (dx, dw) = ((data ?? []) + Self.margin, (filter ?? []) + Self.margin)
        var scratch = [Float](repeating: .nan, count: convolution.gradientScratchCount) + Self.margin
        dx.withUnsafeMutableBufferPointer { dx in
            dw.withUnsafeMutableBufferPointer { dw in
                convolution.gradients(
                    x, w, dy, data: data == nil ? nil : dx.baseAddress, accumulateData: accumulate,
                    filter: filter == nil ? nil : dw.baseAddress, accumulateFilter: accumulate, scratch: &scratch)
            }
        }
        for (memory, count, name) in [
            (dx, data?.count ?? 0, "data gradient"), (dw, filter?.count ?? 0, "filter gradient"),
            (scratch, convolution.gradientScratchCount, "working memory"),
        ] {
            #expect(Array(memory[count...]) == Self.margin, "gradients write behind the \(name)")
        }
        return (Array(dx.dropLast(Self.margin.count)), Array(dw.dropLast(Self.margin.count)))
    }
}
