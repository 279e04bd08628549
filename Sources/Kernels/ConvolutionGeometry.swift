/// The shape of a two-dimensional convolution: input [n, h, w, c], filters [o, kernel, kernel, c / groups], output [n,
/// oh, ow, o].
package struct ConvolutionGeometry: Hashable, Sendable {
    package var batch: Int
    package var inputHeight: Int
    package var inputWidth: Int
    package var inputChannels: Int
    package var outputChannels: Int
    package var kernelHeight: Int
    package var kernelWidth: Int
    package var strideHeight = 1
    package var strideWidth = 1
    package var paddingTop = 0
    package var paddingBottom = 0
    package var paddingLeft = 0
    package var paddingRight = 0
    package var dilationHeight = 1
    package var dilationWidth = 1
    package var groups = 1

    package init(
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
    package var outputHeight: Int {
        let room = inputHeight + paddingTop + paddingBottom - dilationHeight * (kernelHeight - 1) - 1
        return room < 0 ? 0 : room / strideHeight + 1
    }

    package var outputWidth: Int {
        let room = inputWidth + paddingLeft + paddingRight - dilationWidth * (kernelWidth - 1) - 1
        return room < 0 ? 0 : room / strideWidth + 1
    }

    /// Output positions of the whole batch: the rows of the matrix product.
    package var outputPixels: Int { batch * outputHeight * outputWidth }
    package var inputCount: Int { batch * inputHeight * inputWidth * inputChannels }
    package var outputCount: Int { outputPixels * outputChannels }
    package var groupInputChannels: Int { inputChannels / groups }
    package var groupOutputChannels: Int { outputChannels / groups }
    /// The values under one filter: kernel height · kernel width · channels of a group.
    package var patchCount: Int { kernelHeight * kernelWidth * groupInputChannels }
    package var filterCount: Int { outputChannels * patchCount }
    /// Multiply-adds of the direct algorithm.
    package var multiplyAdds: Int { outputPixels * outputChannels * patchCount }

    var isPointwise: Bool {
        kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1 && paddingTop == 0
            && paddingBottom == 0 && paddingLeft == 0 && paddingRight == 0
    }
}
