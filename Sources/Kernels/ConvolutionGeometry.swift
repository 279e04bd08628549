/// The shape of a two-dimensional convolution: input [n, h, w, c], filters [o, kernel, kernel, c / groups], output [n, oh, ow, o].
public struct ConvolutionGeometry: Hashable, Sendable {
    public var batch: Int
    public var inputHeight: Int
    public var inputWidth: Int
    public var inputChannels: Int
    public var outputChannels: Int
    public var kernelHeight: Int
    public var kernelWidth: Int
    public var strideHeight = 1
    public var strideWidth = 1
    public var paddingTop = 0
    public var paddingBottom = 0
    public var paddingLeft = 0
    public var paddingRight = 0
    public var dilationHeight = 1
    public var dilationWidth = 1
    public var groups = 1

    public init(
        batch: Int, inputHeight: Int, inputWidth: Int, inputChannels: Int, outputChannels: Int, kernelHeight: Int,
        kernelWidth: Int
    ) {
        self.batch = batch
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.kernelHeight = kernelHeight
        self.kernelWidth = kernelWidth
    }

    /// ⌊(H + P − dilation · (K − 1) − 1) / stride⌋ + 1, which is not positive when the filter does not fit.
    public var outputHeight: Int {
        let room = inputHeight + paddingTop + paddingBottom - dilationHeight * (kernelHeight - 1) - 1
        return room < 0 ? 0 : room / strideHeight + 1
    }

    public var outputWidth: Int {
        let room = inputWidth + paddingLeft + paddingRight - dilationWidth * (kernelWidth - 1) - 1
        return room < 0 ? 0 : room / strideWidth + 1
    }

    /// Output positions of the whole batch: the rows of the matrix product.
    public var outputPixels: Int { batch * outputHeight * outputWidth }
    public var inputCount: Int { batch * inputHeight * inputWidth * inputChannels }
    public var outputCount: Int { outputPixels * outputChannels }
    public var groupInputChannels: Int { inputChannels / groups }
    public var groupOutputChannels: Int { outputChannels / groups }
    /// The values under one filter: kernel height · kernel width · channels of a group.
    public var patchCount: Int { kernelHeight * kernelWidth * groupInputChannels }
    public var filterCount: Int { outputChannels * patchCount }
    /// Multiply-adds of the direct algorithm.
    public var multiplyAdds: Int { outputPixels * outputChannels * patchCount }

    var isPointwise: Bool {
        kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1 && paddingTop == 0
            && paddingBottom == 0 && paddingLeft == 0 && paddingRight == 0
    }
}
