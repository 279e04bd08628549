import NeuralNetwork

/// What a run is, known before its first step: the facts of the header, the report and the log.
package struct RunDescription: Equatable, Sendable {
    /// The name of the config, which names the default run directory too.
    package var configurationName: String
    /// A zoo name, or what the config calls its layer list.
    package var model: String
    /// Trainable parameters of the model.
    package var parameterCount: Int
    /// Processes of the job.
    package var ranks: Int
    /// Worker threads that compute grains in each of them.
    package var threadsPerRank: Int
    /// Names of the hosts, that of rank 0 first.
    package var hosts: [String]
    /// Cores that all ranks together may use.
    package var cores: Int
    /// Samples in the global mini-batch.
    package var batch: Int
    /// Samples in a grain.
    package var grain: Int
    /// Planned passes over the training samples.
    package var epochs: Int
    package var stepsPerEpoch: Int
    /// Planned steps of the whole run, `epochs` times `stepsPerEpoch` unless a limit is set.
    package var totalSteps: Int
    package var trainingSamples: Int
    /// Zero when the run does not validate.
    package var validationSamples: Int
    package var runDirectory: String
    /// The step of the checkpoint that the run goes on from, nil for a run from the start.
    package var resumedFromStep: Int?
    /// The processor family that OpenBLAS chose its kernels for.
    package var openBLASCore: String
    /// What is measured in training and validation.
    package var metrics: [MetricDescription]
    /// What forecasts without a model come to on the validation samples; none where the data have no such.
    package var baselines: [BaselineFigures]
    /// What a reader must know, such as a feature that leaves the bit contract; part of the run's first line.
    package var notes: [String]

    package init(
        configurationName: String, model: String, parameterCount: Int, ranks: Int, threadsPerRank: Int,
        hosts: [String], cores: Int, batch: Int, grain: Int, epochs: Int, stepsPerEpoch: Int, totalSteps: Int,
        trainingSamples: Int, validationSamples: Int, runDirectory: String, resumedFromStep: Int? = nil,
        openBLASCore: String, metrics: [MetricDescription] = [.loss],
        baselines: [BaselineFigures] = [],
        notes: [String] = []
    ) {
        self.configurationName = configurationName
        self.model = model
        self.parameterCount = parameterCount
        self.ranks = ranks
        self.threadsPerRank = threadsPerRank
        self.hosts = hosts
        self.cores = cores
        self.batch = batch
        self.grain = grain
        self.epochs = epochs
        self.stepsPerEpoch = stepsPerEpoch
        self.totalSteps = totalSteps
        self.trainingSamples = trainingSamples
        self.validationSamples = validationSamples
        self.runDirectory = runDirectory
        self.resumedFromStep = resumedFromStep
        self.openBLASCore = openBLASCore
        self.metrics = metrics
        self.baselines = baselines
        self.notes = notes
    }
}
