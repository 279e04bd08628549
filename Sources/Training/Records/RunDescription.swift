/// What a run is, known before its first step: the facts of the header, the report and the log.
public struct RunDescription: Equatable, Sendable {
    /// The name of the config, which names the default run directory too.
    public var configurationName: String
    /// A zoo name, or what the config calls its layer list.
    public var model: String
    /// Trainable parameters of the model.
    public var parameterCount: Int
    /// Processes of the job.
    public var ranks: Int
    /// Worker threads that compute grains in each of them.
    public var threadsPerRank: Int
    /// Names of the hosts, that of rank 0 first.
    public var hosts: [String]
    /// Cores that all ranks together may use.
    public var cores: Int
    /// Samples in the global mini-batch.
    public var batch: Int
    /// Samples in a grain.
    public var grain: Int
    /// Planned passes over the training samples.
    public var epochs: Int
    public var stepsPerEpoch: Int
    /// Planned steps of the whole run, `epochs` times `stepsPerEpoch` unless a limit is set.
    public var totalSteps: Int
    public var trainingSamples: Int
    /// Zero when the run does not validate.
    public var validationSamples: Int
    public var runDirectory: String
    /// The step of the checkpoint that the run goes on from, nil for a run from the start.
    public var resumedFromStep: Int?
    /// The processor family that OpenBLAS chose its kernels for.
    public var openBLASCore: String
    /// What a reader must know, such as a feature that leaves the bit contract; part of the run's first line.
    public var notes: [String]

    public init(
        configurationName: String, model: String, parameterCount: Int, ranks: Int, threadsPerRank: Int,
        hosts: [String], cores: Int, batch: Int, grain: Int, epochs: Int, stepsPerEpoch: Int, totalSteps: Int,
        trainingSamples: Int, validationSamples: Int, runDirectory: String, resumedFromStep: Int? = nil,
        openBLASCore: String, notes: [String] = []
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
        self.notes = notes
    }
}
