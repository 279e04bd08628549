/// Every kind of layer that a configuration can name, a line each; the reference lists them in this order.
let layerCatalogue: [LayerEntry] =
    [
        Convolution2D.entry,
        Convolution1D.entry,
        ConvolutionTranspose2D.entry,
        LocalConvolution2D.entry,
        ImageKernel.entry,
        Linear.entry,
        BatchNormalization.entry,
        LayerNormalization.entry,
    ] + Activation.entries + [
        MaxPooling.entry,
        AveragePooling.entry,
        GlobalAveragePooling.entry,
        Upsample.entry,
        Dropout.entry,
        Flatten.entry,
        Unflatten.entry,
        Embedding.entry,
        OneHot.entry,
        VanillaRNN.entry,
        Residual.entry,
        Concatenation.entry,
        Addition.entry,
        LayerSequence.entry,
        SharedLayer.entry,
    ]
