/// Every kind of layer that a configuration can name, a line each; the reference lists them in this order.
let layerCatalogue: [LayerEntry] =
    [
        Convolution2D.entry,
        Convolution1D.entry,
        ConvolutionTranspose2D.entry,
        LocalConvolution2D.entry,
        ImageKernel.entry,
        Scattering.entry,
        GroupConvolution.entry,
        Linear.entry,
        BatchNormalization.entry,
        LayerNormalization.entry,
        GroupNormalization.entry,
        GroupNormalization.instanceEntry,
        LocalResponseNormalization.entry,
        ChannelScale.entry,
    ] + Activation.entries + [
        MaxPooling.entry,
        AveragePooling.entry,
        L2Pooling.entry,
        SimpleCells.entry,
        ComplexCells.entry,
        StochasticPooling.entry,
        Subsampling.entry,
        GlobalAveragePooling.entry,
        GlobalMaxPooling.entry,
        GroupPooling.entry,
        Upsample.entry,
        Dropout.entry,
        GaussianNoise.entry,
        Factor.entry,
        NormalSample.entry,
        Flatten.entry,
        Unflatten.entry,
        Embedding.entry,
        OneHot.entry,
        GraphConvolution.entry,
        GraphSample.entry,
        GraphAttention.entry,
    ] + Recurrent.entries + [
        RadialBasis.entry,
        BoltzmannMachine.entry,
        Residual.entry,
        GatedResidual.entry,
        Concatenation.entry,
        Addition.entry,
        Multiplication.entry,
        Gate.entry,
        LayerSequence.entry,
        SharedLayer.entry,
    ]

extension LayerSpecification {
    /// The names of all kinds of layers.
    package static var kinds: [String] { layerCatalogue.map(\.name) }
}
