import Autograd

/// The unit of batch-normalised Inception networks: a convolution without bias, batch normalisation with ε = 10⁻³, and
/// max(0, x); torchvision's `BasicConv2d` with its names, `conv` and `bn`.
///
/// - Parameter initializer: of the filters; batch normalisation takes their scale away again.
func normalizedConvolution(
    _ filters: Int, kernel: Size, stride: Int = 1, padding: Size = Size(0), initializer: LayerInitializer
) -> LayerSpecification {
    .sequence([
        .named(
            "conv",
            .convolution(
                .init(
                    filters: filters, kernel: kernel, stride: Size(stride), padding: .explicit(padding), bias: false,
                    initializer: initializer))),
        .named("bn", .batchNorm(epsilon: 1e-3)), .relu,
    ])
}
