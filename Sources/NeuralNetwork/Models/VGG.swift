/// VGG configuration A with batch normalisation for 32×32 images, Simonyan and Zisserman 2014; torchvision's names.
///
/// One linear layer on the 1×1×512 features; 9,231,114 parameters for ten classes, with the convolutions' biases.
func vgg11BatchNormCIFAR(classes: Int) -> [LayerSpecification] {
    var features: [LayerSpecification] = []
    for block in [[64], [128], [256, 256], [512, 512], [512, 512]] {
        for filters in block {
            features += [
                .convolution(
                    .init(filters: filters, kernel: .init(3), padding: .explicit(.init(1)), initializer: .heNormal)),
                .batchNorm(), .activation(.relu),
            ]
        }
        features.append(.maxPool(.init(kernel: .init(2))))
    }
    return [.named("features", .sequence(features)), .flatten, .named("classifier", .linear(units: classes))]
}
