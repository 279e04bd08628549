import Testing

/// Names of Keras and PyTorch are answered with those that the program has.
@Suite struct ForeignNameTests {
    @Test(
        arguments: [
            ("loss: CategoricalCrossentropy\n", "crossEntropy"),
            ("loss: SparseCategoricalCrossentropy\n", "crossEntropy"),
            ("loss: sparse_categorical_crossentropy\n", "crossEntropy"),
            ("loss: BinaryCrossentropy\n", "binaryCrossEntropy"),
            ("loss: binary_crossentropy\n", "binaryCrossEntropy"),
            ("loss: MeanSquaredError\n", "mse"),
            ("loss: mean_absolute_error\n", "l1"),
            ("loss: categorical_hinge\n", "maxMargin"),
            ("loss: {BCEWithLogitsLoss: {}}\n", "binaryCrossEntropy"),
            ("loss: {crossEntropy: {label_smoothing: 0.1}}\n", "labelSmoothing"),
            ("loss: {binaryCrossEntropy: {from_logits: true}}\n", "fromLogits"),
            ("metrics: [sparse_categorical_accuracy]\n", "accuracy"),
            ("metrics: [acc]\n", "accuracy"),
            ("metrics: [root_mean_squared_error]\n", "rmse"),
            ("metrics: [SparseTopKCategoricalAccuracy]\n", "top5Error"),
            ("metrics: [f1_score]\n", "f1"),
            ("optimizer: {name: sgd, learning_rate: 0.1}\n", "learningRate"),
            ("optimizer: {name: adam, learningRate: 0.1, weight_decay: 0.1}\n", "weightDecay"),
            ("batch_size: 32\n", "batch"),
            ("model: {input: [4], layers: [{Dense: 3}]}\n", "linear"),
            ("model: {input: [4], layers: [ReLU, {units: 3, dense: {}}]}\n", "linear"),
            ("model: {input: [28, 28, 1], layers: [{Conv2D: 3}]}\n", "conv"),
            ("model: {input: [28, 28, 1], layers: [{MaxPooling2D: 2}]}\n", "maxPool"),
            ("model: {input: [28, 28, 1], layers: [GlobalAveragePooling2D]}\n", "globalAveragePool"),
            ("model: {input: [28, 28, 1], layers: [BatchNormalization]}\n", "batchNorm"),
        ]) func aNameOfAnotherProgramIsAnsweredWithOurs(yaml: String, ours: String)
    {
        let problem = configurationProblem(configurationText(yaml)) ?? ""
        #expect(problem.contains("(did you mean '\(ours)'?)"), "\(problem)")
    }
}
