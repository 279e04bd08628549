import Autograd
import TensorCore

extension ZooModel {
    static let leNet1 = ZooModel(
        "lenet1", "LeNet-1 with subsampling and a table of connections, 28×28 images (LeCun et al. 1990).",
        input: [28, 28, 1], classes: 10
    ) { leNet1Layers(classes: $0.classes) }

    static let leNet5Of1998 = ZooModel(
        "lenet5-1998",
        "LeNet-5 as the paper has it: subsampling, a table of connections, scaled tanh and Gaussian connections, 32×32 "
            + "or 28×28 images (LeCun et al. 1998).",
        input: [32, 32, 1], classes: 10,
        layersFor: { options, input in leNet5Of1998Layers(classes: options.classes, side: input[0]) })
}

/// A convolution of 5×5.
///
/// Its first weights are uniform in ±1/√fan-in; the paper's appendix has ±2.4/fan-in, which is smaller.
private func convolution(_ filters: Int, padding: Int = 0, connections: [[Int]]? = nil) -> LayerSpecification {
    .convolution(
        .init(filters: filters, kernel: Size(5), padding: .explicit(Size(padding)), connections: connections))
}

private let squash = LayerSpecification.activation("scaledTanh")
private let subsampling = LayerSpecification.subsampling(kernel: Size(2))

/// LeCun, Boser, Denker et al., "Handwritten digit recognition with a back-propagation network", NIPS 1990: 2,578
/// parameters for ten classes, on 4@24, 4@12, 12@8, 12@4 and 10 units.
///
/// A map of H3 sees one or two of the four of H2, in twenty connections as in the paper. Which ones is a rule here: of
/// three maps, two see one map of H2 and each another one, and the third sees it alone.
private func leNet1Layers(classes: Int) -> [LayerSpecification] {
    let table = (0..<12).map { map in
        let (own, place) = (map / 3, map % 3)
        return place == 2 ? [own] : [own, (own + 1 + place) % 4].sorted()
    }
    return [
        .named("h1", convolution(4)), squash, .named("h2", subsampling), squash,
        .named("h3", convolution(12, connections: table)), squash, .named("h4", subsampling), squash,
        .flatten, .named("output", .linear(units: classes)),
    ]
}

/// LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998, section II.B:
/// 60,000 parameters, and 840 numbers of the Gaussian connections that do not learn, for ten classes.
///
/// The output is the negative of the penalty, so that `crossEntropy` on it is the paper's discriminative criterion
/// (equation 9) without its constant j, which keeps penalties that are large already from being pushed further up. The
/// paper's centres are pictures of the characters; here each of their 84 numbers is −1 or 1 at random.
///
/// - Parameter side: of the images; those of 28 pixels are padded to 32, as the paper's were.
private func leNet5Of1998Layers(classes: Int, side: Int) -> [LayerSpecification] {
    [
        .named("c1", convolution(6, padding: side < 32 ? 2 : 0)), squash, .named("s2", subsampling), squash,
        .named("c3", convolution(16, connections: connectionsOfC3)), squash, .named("s4", subsampling), squash,
        .named("c5", convolution(120)), squash, .flatten,
        .named("f6", .linear(units: 84)), squash,
        .named("output", .radialBasis(units: classes, isScore: true)),
    ]
}

/// Table I of the paper: the maps of S2 that each of C3 sees.
private let connectionsOfC3: [[Int]] = [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5],
    [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5],
    [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5],
    [0, 1, 2, 3, 4, 5],
]
