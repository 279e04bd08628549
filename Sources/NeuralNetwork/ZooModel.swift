/// The ready-made models that a configuration can name.
package enum ZooModel: String, CaseIterable, Sendable {
    /// Multilayer perceptron: hidden linear layers with ReLU and dropout.
    case mlp
    /// LeCun, Bottou, Bengio and Haffner 1998.
    case lenet5
    /// Residual networks for 32×32 images, He, Zhang, Ren and Sun 2015, section 4.2; the number counts the layers.
    case resnet20, resnet32, resnet44, resnet56, resnet110
    /// ResNet-18 with a 3×3 stem without pooling, for 32×32 images.
    case resnet18CIFAR = "resnet18-cifar"
    /// VGG configuration A, Simonyan and Zisserman 2014, with one linear layer on the 1×1×512 features of 32×32 images.
    case vgg11CIFAR = "vgg11-cifar"
    /// Krizhevsky 2014 in torchvision's form, 224×224 images.
    case alexnet
    /// Simonyan and Zisserman 2014, 224×224 images.
    case vgg11, vgg13, vgg16, vgg19
    /// He, Zhang, Ren and Sun 2015, 224×224 images.
    case resnet18, resnet34, resnet50, resnet101, resnet152
}
