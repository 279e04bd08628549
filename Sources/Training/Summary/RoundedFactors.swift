import Kernels
import NeuralNetwork
import TensorCore

/// What mixed precision keeps in memory beside what float32 needs.
enum RoundedFactors {
    /// Bytes of rounded factors in a thread: those of a product, and those of each shape of convolution, whose working
    /// memory is kept for the next step.
    static func bytes(of network: Network, grain: Int) -> Int {
        let shapes = Set(network.models.flatMap { model in geometries(of: model, grain: grain) })
        let floats = shapes.reduce(0) { sum, shape in
            let convolution = Kernels.Convolution(shape)
            func workingMemory() -> Int { max(convolution.forwardScratchCount, convolution.gradientScratchCount) }
            let plain = ProductPrecision.float32.use(workingMemory)
            return sum + max(0, ProductPrecision.mixed.use(workingMemory) - plain)
        }
        return ProductPrecision.workspaceBytes + 4 * floats
    }

    /// The shapes of its 2-D convolutions without groups; grouped ones round no factors of their own.
    private static func geometries(of model: Model, grain: Int) -> [ConvolutionGeometry] {
        model.rows.enumerated().compactMap { index, row in
            let input = model.nodes[model.nodes[model.inputs.count + index].inputs[0]].shape
            guard row.kind == "conv", case .taps(let taps) = row.window, taps.count == 2, input.rank == 3,
                row.outputShape.rank == 3
            else { return nil }
            let output = row.outputShape
            var shape = ConvolutionGeometry(
                batch: grain, inputHeight: input[0], inputWidth: input[1], inputChannels: input[2],
                outputChannels: output[2], kernelHeight: taps[0].count, kernelWidth: taps[1].count)
            (shape.strideHeight, shape.strideWidth) = (taps[0].stride, taps[1].stride)
            (shape.dilationHeight, shape.dilationWidth) = (taps[0].dilation, taps[1].dilation)
            (shape.paddingTop, shape.paddingLeft) = (taps[0].padding, taps[1].padding)
            shape.paddingBottom = max(0, (output[0] - 1) * taps[0].stride + taps[0].extent - input[0] - taps[0].padding)
            shape.paddingRight = max(0, (output[1] - 1) * taps[1].stride + taps[1].extent - input[1] - taps[1].padding)
            return row.counts.weights == shape.filterCount ? shape : nil
        }
    }
}
