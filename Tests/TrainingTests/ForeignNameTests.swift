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
            ("optimizer: {name: sgd, lr: 0.1}\n", "learningRate"),
            ("lr: 0.1\n", "optimizer.learningRate"),
            ("optimizer: {name: adam, learningRate: 0.1, eps: 1.0e-7}\n", "epsilon"),
            ("optimizer: {name: torch.optim.SGD, learningRate: 0.1}\n", "sgd"),
            ("optimizer: {name: Adam, learningRate: 0.1}\n", "adam"),
            ("batch_size: 32\n", "batch"),
            ("nb_epoch: 3\n", "epochs"),
            ("loss_weights: [0.5, 10]\n", "losses"),
            ("validation_split: 0.2\n", "data.validation"),
            ("class_weight: {a: 1}\n", "loss.crossEntropy.classWeights"),
            ("random_state: 3\n", "seed"),
            ("loss: nn.MSELoss\n", "mse"),
            ("loss: keras.losses.CategoricalCrossentropy\n", "crossEntropy"),
            ("model: {input: [4], layers: [{nn.Linear: 3}]}\n", "linear"),
            ("model: {input: [4], layers: [{linear: {out_features: 3}}]}\n", "units"),
            ("model: {input: [28, 28, 1], layers: [{nn.Conv2d: 3}]}\n", "conv"),
            ("model: {input: [28, 28, 1], layers: [{conv: {out_channels: 3, kernel: 3}}]}\n", "filters"),
            ("model: {input: [28, 28, 1], layers: [{conv: {filters: 3, kernel_size: 3}}]}\n", "kernel"),
            ("model: {input: [28, 28, 1], layers: [{maxPool: {pool_size: 2}}]}\n", "kernel"),
            ("model: {input: [28, 28, 1], layers: [nn.AdaptiveAvgPool2d]}\n", "globalAveragePool"),
            ("model: {input: [28, 28, 1], layers: [{dropout: {rate: 0.5}}]}\n", "probability"),
            ("model: {input: [28, 28, 1], layers: [{UpSampling2D: 2}]}\n", "upsample"),
            ("model: {input: [28, 28, 1], layers: [Swish]}\n", "silu"),
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
