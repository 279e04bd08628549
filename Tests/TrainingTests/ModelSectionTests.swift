import NeuralNetwork
import Testing
import Training

@Suite struct ModelSectionTests {
    @Test(
        "Every layer form is read",
        arguments: [
            ("relu", .activation("relu")),
            ("{relu: {}}", .activation("relu")),
            ("{leakyRelu: 0.2}", .activation("leakyRelu", 0.2)),
            ("leakyRelu", .activation("leakyRelu", 0.01)),
            ("sigmoid", .activation("sigmoid")), ("tanh", .activation("tanh")), ("softmax", .activation("softmax")),
            ("logSoftmax", .activation("logSoftmax")), ("elu", .activation("elu", 1)),
            ("gelu", .activation("gelu")),
            ("silu", .activation("silu")), ("softplus", .activation("softplus")), ("ramp", .activation("ramp")),
            ("flatten", .flatten), ("globalAveragePool", .globalAveragePool),
            ("{dropout: 0.5}", .dropout(probability: 0.5)),
            ("{dropout: {probability: 0.5}}", .dropout(probability: 0.5)),
            (
                "{dropout: {probability: 0.5, scaling: evaluation}}",
                .dropout(probability: 0.5, scaling: .evaluation)
            ),
            ("{from: [mean, spread], normalSample: {}}", .normalSample.reading("mean", "spread")),
            ("scaledTanh", .activation("scaledTanh")), ("identity", .activation("identity")),
            ("threshold", .activation("threshold")), ("globalMaxPool", .globalMaxPool),
            ("{localResponseNorm: 5}", .localResponseNorm(size: 5, alpha: 1e-4, beta: 0.75, k: 1)),
            (
                "{localResponseNorm: {size: 4, alpha: 0.5, beta: 1, k: 2}}",
                .localResponseNorm(size: 4, alpha: 0.5, beta: 1, k: 2)
            ),
            ("{groupNorm: 7}", .groupNorm(groups: 7, epsilon: 1e-5, affine: true)),
            (
                "{groupNorm: {groups: 2, epsilon: 1e-3, affine: false}}",
                .groupNorm(groups: 2, epsilon: 1e-3, affine: false)
            ),
            ("instanceNorm", .instanceNorm(epsilon: 1e-5, affine: false)),
            ("{instanceNorm: {epsilon: 1e-3, affine: true}}", .instanceNorm(epsilon: 1e-3, affine: true)),
            ("scale", .scale(bias: true)), ("{scale: {bias: false}}", .scale(bias: false)),
            ("{subsampling: 2}", .subsampling(kernel: .init(2))),
            ("{subsampling: {kernel: 3, stride: 2}}", .subsampling(kernel: .init(3), stride: .init(2))),
            (
                "{l2Pool: {kernel: 3, stride: 2, padding: 1}}",
                .l2Pool(.init(kernel: .init(3), stride: .init(2), padding: .explicit(.init(1))))
            ),
            ("{stochasticPool: 3}", .stochasticPool(.init(kernel: .init(3)))),
            ("{radialBasis: 10}", .radialBasis(units: 10)),
            (
                "{radialBasis: {units: 2, learned: true, output: score, initializer: {values: [[1, -1], [0.5, 2]]}}}",
                .radialBasis(
                    units: 2, isLearned: true, isScore: true, initializer: .init(.values([1, -1, 0.5, 2])))
            ),
            ("batchNorm", .batchNorm(momentum: 0.1, epsilon: 1e-5)),
            ("{batchNorm: {statistics: batch}}", .batchNorm(statistics: .batch)),
            (
                "{batchNorm: {momentum: 0.01, epsilon: 1e-3, affine: false}}",
                .batchNorm(momentum: 0.01, epsilon: 1e-3, affine: false)
            ),
            ("layerNorm", .layerNorm(epsilon: 1e-5, affine: true)),
            ("{layerNorm: {epsilon: 1e-3, affine: false}}", .layerNorm(epsilon: 1e-3, affine: false)),
            ("{linear: 120}", .linear(units: 120)),
            ("{linear: 10, auxiliary: 0.25}", .linear(units: 10).auxiliary(weight: 0.25)),
            (
                "{linear: {units: 9, bias: false, initializer: xavierUniform}}",
                .linear(units: 9, bias: false, initializer: .xavierUniform)
            ),
            (
                "{linear: {units: 9, initializer: {uniformFanIn: 2}}}",
                .linear(units: 9, initializer: .uniformFanIn(2))
            ),
            (
                "{linear: {units: 1, initializer: {values: [[1, 1]], bias: [-1.5]}}}",
                .linear(units: 1, initializer: .init(.values([1, 1]), bias: [-1.5]))
            ),
            (
                "{linear: {units: 9, initializer: {constant: 0, demonstrate: symmetry}}}",
                .linear(units: 9, initializer: .init(.constant(0), demonstratesSymmetry: true))
            ),
            (
                "{linear: {units: 9, initializer: {normal: 0.01, bias: 1}}}",
                .linear(units: 9, initializer: .init(.normal(0.01), bias: [1]))
            ),
            ("{linear: {units: 9, initializer: {normalFanIn: 2}}}", .linear(units: 9, initializer: .normalFanIn(2))),
            (
                "{conv: {filters: 6, kernel: 5, initializer: gabor}}",
                .convolution(.init(filters: 6, kernel: .init(5), initializer: .init(.gabor(.random))))
            ),
            (
                "{conv: {filters: 6, kernel: 5, initializer: {gabor: grid}}}",
                .convolution(.init(filters: 6, kernel: .init(5), initializer: .init(.gabor(.grid))))
            ),
            ("{linear: {units: 9, initializer: uniformFanIn}}", .linear(units: 9, initializer: .uniformFanIn(1))),
            (
                "{conv: {filters: 6, kernel: 5, padding: 2}}",
                .convolution(.init(filters: 6, kernel: .init(5), padding: .explicit(.init(2))))
            ),
            (
                "{conv: {filters: 6, kernel: [1, 7], stride: [2, 1], padding: same, dilation: 2, groups: 3, bias: "
                    + "false, initializer: heNormal}}",
                .convolution(
                    .init(
                        filters: 6, kernel: .init(height: 1, width: 7), stride: .init(height: 2, width: 1),
                        padding: .same,
                        dilation: .init(2), groups: 3, bias: false, initializer: .heNormal))
            ),
            (
                "{conv: {filters: 2, kernel: 3, padding: same, paddingMode: circular, flip: true, "
                    + "connections: [[0, 2], [1]]}}",
                .convolution(
                    .init(
                        filters: 2, kernel: .init(3), padding: .same, paddingMode: .circular, flip: true,
                        connections: [[0, 2], [1]]))
            ),
            ("{conv1d: {filters: 6, kernel: 5}}", .conv1d(filters: 6, kernel: 5)),
            (
                "{conv1d: {filters: 6, kernel: 2, stride: 3, padding: causal, dilation: 4, groups: 2, bias: false, "
                    + "initializer: heNormal}}",
                .conv1d(
                    filters: 6, kernel: 2, stride: 3, padding: .causal, dilation: 4, groups: 2, bias: false,
                    initializer: .heNormal)
            ),
            (
                "{conv1d: {filters: 6, kernel: 2, padding: 3}}",
                .conv1d(filters: 6, kernel: 2, padding: .explicit(.init(height: 0, width: 3)))
            ),
            ("{conv1d: {filters: 6, kernel: 2, padding: same}}", .conv1d(filters: 6, kernel: 2, padding: .same)),
            ("{convTranspose: {filters: 6, kernel: 4}}", .convTranspose(.init(filters: 6, kernel: .init(4)))),
            (
                "{convTranspose: {filters: 6, kernel: [4, 3], stride: [2, 3], padding: 1, outputPadding: [0, 2], "
                    + "dilation: 2, groups: 3, bias: false, initializer: heNormal}}",
                .convTranspose(
                    .init(
                        filters: 6, kernel: .init(height: 4, width: 3), stride: .init(height: 2, width: 3),
                        padding: .init(1), outputPadding: .init(height: 0, width: 2), dilation: .init(2), groups: 3,
                        bias: false, initializer: .heNormal))
            ),
            (
                "{local: {filters: 2, kernel: 3, stride: 2, padding: same, dilation: 2, groups: 2, bias: false}}",
                .local(
                    .init(
                        filters: 2, kernel: .init(3), stride: .init(2), padding: .same, dilation: .init(2), groups: 2,
                        bias: false))
            ),
            ("{imageKernel: edge}", .imageKernel([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])),
            ("{imageKernel: identity}", .imageKernel([[0, 0, 0], [0, 1, 0], [0, 0, 0]])),
            (
                "{imageKernel: {kernel: gaussian, padding: 1}}",
                .imageKernel(
                    [[0.0625, 0.125, 0.0625], [0.125, 0.25, 0.125], [0.0625, 0.125, 0.0625]],
                    padding: .explicit(.init(1)))
            ),
            (
                "{imageKernel: {kernel: sharpen, padding: same, paddingMode: circular}}",
                .imageKernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], padding: .same, paddingMode: .circular)
            ),
            ("{imageKernel: {values: [[1, -0.5]]}}", .imageKernel([[1, -0.5]])),
            ("{scattering: {J: 2}}", .scattering(scales: 2, orientations: 8, order: 2)),
            ("{scattering: {J: 3, L: 6, order: 1}}", .scattering(scales: 3, orientations: 6, order: 1)),
            (
                "{simpleCells: {planes: 6, kernel: 5}}",
                .simpleCells(planes: 6, kernel: .init(5), selectivity: 4, decay: 0.9)
            ),
            (
                "{simpleCells: {planes: 6, kernel: [3, 5], padding: same, selectivity: 1.5, decay: 0.5}}",
                .simpleCells(
                    planes: 6, kernel: .init(height: 3, width: 5), padding: .same, selectivity: 1.5, decay: 0.5)
            ),
            ("{complexCells: {kernel: 3}}", .complexCells(kernel: .init(3), saturation: 0.5, decay: 0.8)),
            (
                "{complexCells: {kernel: 5, stride: 2, padding: 2, saturation: 1, decay: 1}}",
                .complexCells(
                    kernel: .init(5), stride: .init(2), padding: .explicit(.init(2)), saturation: 1, decay: 1)
            ),
            ("{upsample: 2}", .upsample(factor: .init(2))),
            (
                "{upsample: {factor: [2, 3], mode: bilinear}}",
                .upsample(factor: .init(height: 2, width: 3), mode: .bilinear)
            ),
            ("{maxPool: 2}", .maxPool(.init(kernel: .init(2)))),
            ("{maxPool: [2, 3]}", .maxPool(.init(kernel: .init(height: 2, width: 3)))),
            (
                "{maxPool: {kernel: 3, stride: 2, padding: 1, ceil: true}}",
                .maxPool(.init(kernel: .init(3), stride: .init(2), padding: .explicit(.init(1)), ceil: true))
            ),
            ("{averagePool: 2}", .averagePool(.init(kernel: .init(2)), countIncludePad: true)),
            (
                "{averagePool: {kernel: 2, countIncludePad: false}}",
                .averagePool(.init(kernel: .init(2)), countIncludePad: false)
            ),
            ("{residual: [relu]}", .residual(main: [.activation("relu")], shortcut: [])),
            (
                "{residual: {main: [relu, tanh], shortcut: [flatten]}}",
                .residual(main: [.activation("relu"), .activation("tanh")], shortcut: [.flatten])
            ),
            (
                "{concatenate: [[relu], [tanh], []]}",
                .concatenate(branches: [[.activation("relu")], [.activation("tanh")], []])
            ),
            ("{sequence: [relu, {linear: 3}]}", .sequence([.activation("relu"), .linear(units: 3)])),
            ("{name: head, linear: 10}", .named("head", .linear(units: 10))),
            (
                "{name: block, sequence: [ {name: inner, relu: } ]}",
                .named("block", .sequence([.named("inner", .activation("relu"))]))
            ),
        ] as [(String, LayerSpecification)])
    func layer(yaml: String, expected: LayerSpecification) throws {
        let run = try readConfiguration(configurationText("model: {input: [28, 28, 1], layers: [ \(yaml) ]}\n"))
        #expect(run.model == .layers([expected], inputs: [ModelInput(shape: [28, 28, 1])]))
        try expectRoundTrip(run)
    }

    @Test(
        "A layer needs its required keys, and two layers in one entry are refused",
        arguments: [
            (
                "{conv: {filters: 6}}",
                "1:46: 'model.layers.0.conv.kernel' is missing; give an integer of at least 1, or [height, width] of "
                    + "such."
            ),
            ("linear", "1:39: 'model.layers.0.linear.units' is missing; give an integer of at least 1."),
            ("{relu: , tanh: }", "1:48: 'model.layers.0' has 'relu' and 'tanh', which exclude each other; keep one."),
            (
                "{conv: {filters: 4, kernel: 3, groups: 3}}",
                "1:70: 'model.layers.0.conv.groups': 4 filters cannot be shared out evenly over 3 groups; make "
                    + "filters a multiple."
            ),
            (
                "{maxPool: {kernel: 2, padding: 2}}",
                "1:61: 'model.layers.0.maxPool.padding': more than half the kernel, so that a window could lie in "
                    + "the padding alone; make it smaller."
            ),
            (
                "{conv: {filters: 4, kernel: [3, 3, 3]}}",
                "1:67: 'model.layers.0.conv.kernel' is a list; give an integer of at least 1, or [height, width] of "
                    + "such."
            ),
            (
                "{conv: {filters: 4, kernel: 3, padding: valid}}",
                "1:79: 'model.layers.0.conv.padding' is 'valid'; give an integer of at least 0, or [height, width] "
                    + "of such, or same."
            ),
            (
                "{conv1d: {filters: 4, kernel: 3, padding: causl}}",
                "1:81: 'model.layers.0.conv1d.padding' is 'causl'; give an integer of at least 0, or same, or causal."
            ),
            (
                "{convTranspose: {filters: 4, kernel: 3, stride: 2, outputPadding: 2}}",
                "1:90: 'model.layers.0.convTranspose.outputPadding': not less than the stride, so that the added rows "
                    + "would belong to further inputs; make it smaller or the stride larger."
            ),
            (
                "{conv: {filters: 2, kernel: 3, connections: [[0]]}}",
                "1:70: 'model.layers.0.conv.connections': 1 lists for 2 filters; give one for each filter."
            ),
            (
                "{conv: {filters: 1, kernel: 3, connections: [[0, 1, 0]]}}",
                "1:70: 'model.layers.0.conv.connections': filter 0 reads a channel twice; name it once."
            ),
            (
                "{conv: {filters: 2, kernel: 3, groups: 2, connections: [[0], [1]]}}",
                "1:81: 'model.layers.0.conv.connections': with groups they would say twice what is connected; keep "
                    + "one of the two."
            ),
            (
                "imageKernel",
                "1:39: 'model.layers.0.imageKernel.kernel' is missing; give one of identity, gaussian, edge, sharpen."
            ),
            (
                "{imageKernel: {values: [[1, 2], [3]]}}",
                "1:54: 'model.layers.0.imageKernel.values': its rows are of different lengths; give each as many "
                    + "numbers."
            ),
            ("{name: a.b, relu: }", "1:46: 'model.layers.0.name' is 'a.b'; give a name of letters, digits, - and _."),
            (
                "{dropout: 1}",
                "1:49: 'model.layers.0.dropout.probability' is 1, which is out of range; give a number of at least 0 "
                    + "and below 1."
            ),
        ])
    func layerMistake(yaml: String, message: String) {
        let text = configurationText("model: {input: [28, 28, 1], layers: [ \(yaml) ]}\n")
        #expect(configurationProblem(text) == "configs/run.yaml:" + message)
    }
}
