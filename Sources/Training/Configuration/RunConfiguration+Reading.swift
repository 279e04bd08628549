import ConfigurationReading
import DataParallel
import Foundation
import Kernels
import NeuralNetwork
import Optimization
import TensorCore

extension RunConfiguration {
    /// Reads a configuration file.
    ///
    /// - Parameters:
    ///   - file: path of the file, as the user typed it; errors name it.
    ///   - overrides: `key.path=value` texts, applied in order before anything is read.
    ///   - varied: the same, after `overrides`, of what a sweep varies.
    ///   - paths: keys that get a path as it is, applied after `overrides`.
    ///   - environment: what `${NAME}` stands for.
    /// - Throws: `ConfigurationError`; of several problems all, at most ten, in the order of the file.
    package init(
        file: String, overrides: [String] = [], varied: [String] = [], paths: [(key: String, path: String)] = [],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) {
        let yaml = try readConfigurationText(file: file)
        try self.init(
            yaml: yaml, file: file, overrides: overrides, varied: varied, paths: paths, environment: environment)
    }

    /// Reads a configuration from text; `file` is the name that errors give, and its last part names the run by
    /// default.
    package init(
        yaml: String, file: String, overrides: [String] = [], varied: [String] = [],
        paths: [(key: String, path: String)] = [], environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) {
        let context = ConfigurationContext(file: file, environment: environment)
        var root = try ConfigurationNode.parse(yaml: yaml, context: context)
        for text in overrides {
            root = try ConfigurationOverride(text, context: context).applied(to: root)
        }
        for text in varied {
            root = try ConfigurationOverride(text, option: "--vary", context: context).applied(to: root)
        }
        for (key, path) in paths {
            root = try ConfigurationOverride(key: key, text: path, argument: "--set \(key)=\(path)").applied(to: root)
        }
        let reading = ConfigurationType.section(RunConfiguration.self).read(root, "", context)
        try context.throwProblems()
        guard let reading else { throw .syntax(root.place, problem: "it holds no configuration") }
        self = reading.value
    }
}

extension RunConfiguration: ConfigurationSection {
    package static var title: String { "top level" }

    package init(from reader: ConfigurationReader) {
        name = Self.name(from: reader)
        models = Self.models(from: reader)
        data = reader.required("data", .section(), "What it is trained on.")
        batchSize = reader.required(
            "batch", .batchSize, "Samples in a step, over all ranks and threads; `all` for the whole training set.")
        let usualGrain = if case .samples(let count) = batchSize { min(32, count) } else { 32 }
        grain = reader.value(
            "grain", .integer(in: 1...), default: .plain(String(usualGrain)), shown: "32, or a smaller batch",
            "Samples that one worker computes at a time; part of the result, unlike ranks and threads.")
        batch = if case .samples(let count) = batchSize { count } else { 1 }
        epochs = reader.optional("epochs", .integer(in: 1...), "Training ends after so many epochs.")
        maxSteps = reader.optional(
            "maxSteps", .integer(in: 1...), "Training ends after so many steps, if epochs do not end it before.")
        (phases, phaseOrder) = Self.phases(from: reader)
        start = reader.optional("start", .section(), "Weights to start from, instead of random ones.")
        averaging = reader.optional(
            "averaging", .section(),
            "An exponential moving average of the weights, which validation and `best` go by and which is written as "
                + "`averaged.safetensors`.")
        earlyStopping = reader.optional(
            "earlyStopping", .section(), "Training ends when validation no longer improves.")
        stop = reader.optional("stop", .section(), "Training ends when it has reached what it was for.")
        baseline = reader.optional(
            "baseline", .section(), influencesWeights: false,
            "What needs no network and is measured beside the run, at its start and by `evaluate`.")
        convolutions = reader.value(
            "convolutions", .choice(of: ConvolutionPreference.self), default: "automatic",
            "How convolutions are computed: by their shape, or by this algorithm where it can.")
        validation =
            reader.value("validation", .section(ValidationInterval.self), default: [:], "When validation runs.")
            .interval
        checkpoint = reader.value(
            "checkpoint", .section(), default: [:], influencesWeights: false, "When the state is written to disk.")
        replicaCheckEverySteps =
            reader.value(
                "replicaCheck", .section(ReplicaCheckSection.self), default: [:], influencesWeights: false,
                "Ranks compare their weights, statistics and optimizer state by hash."
            ).everySteps
        logEverySteps = reader.value(
            "logEverySteps", .integer(in: 1...), default: 50, influencesWeights: false,
            "Steps between two lines of the log.")
        seed = UInt64(reader.value("seed", .integer(in: 0..., atMost: .max), default: 1, "Key of everything random."))
        onNonFinite = reader.value(
            "onNonFinite", .choice(of: NonFinitePolicy.self), default: "stop",
            "What a loss or gradient that is no finite number does: end the job, or skip the step.")
        precision = reader.value(
            "precision", .choice(of: ProductPrecision.self), default: "float32",
            "Numbers of layers' products; mixed rounds factors to bfloat16, those of 3×3 convolutions to 16-bit "
                + "fixed point.")
        arithmetic = reader.value(
            "arithmetic", .choice(of: Arithmetic.self), default: "openblas",
            "Who multiplies matrices in float32; portable gives the same bits on every processor with fused "
                + "multiply-add.")
        communication = reader.value(
            "communication", .section(), default: [:], "How gradients travel, and who updates the weights.")
        deadlineSeconds = reader.value(
            "deadlineSeconds", .number(above: 0), default: 300, influencesWeights: false,
            "Without progress for so long, the job ends with an error.")
        let resolved = ConfigurationNode(.map(reader.resolved))
        resolvedText = resolved.yamlText
        let ends: Set<String> = phases.contains(where: \.dependsOnEnd) ? [] : ["epochs", "maxSteps"]
        resolvedWeightsText =
            resolved.withoutBystanders.without(ends).removing("learningRate", under: "optimizer").yamlText
        check(reader)
    }

    static func name(from reader: ConfigurationReader) -> String {
        reader.value(
            "name", .identifier, default: .plain(Self.runName(forFile: reader.context.file)), shown: "the file's name",
            influencesWeights: false, "Names the run directory.")
    }

    /// `model`, or several under `models`.
    static func models(from reader: ConfigurationReader) -> [NamedModel] {
        let single: ModelConfiguration? = reader.optional("model", .section(), "What is trained.")
        let several = reader.optional(
            "models", .dictionary(of: .section(ModelConfiguration.self)),
            "Instead of `model`: several models by name, for phases that train them.")
        reader.excludeEachOther("model", "models")
        if let several, !several.isEmpty { return several.map { NamedModel(name: $0.key.name, model: $0.value) } }
        if single == nil { reader.require("model", ConfigurationType<ModelConfiguration>.section()) }
        return [NamedModel(name: nil, model: single ?? .zoo(name: "mlp", ZooOptions(), classes: nil))]
    }

    /// The list `phases`, or the one that the top level describes.
    private static func phases(
        from reader: ConfigurationReader
    ) -> (phases: [PhaseConfiguration], order: PhaseOrder.Kind) {
        let several: [PhaseConfiguration]? = reader.optional(
            "phases", .list(of: .section(), atLeast: 1),
            "Parts of training, each with what it changes, its objective, optimizer, schedule and length, instead of "
                + "those keys here.")
        let order = reader.value(
            "order", .choice(of: PhaseOrder.Kind.self), default: "sequence",
            "Whether phases follow one another or alternate step by step.")
        guard let several else { return ([PhaseConfiguration(named: "main", from: reader)], order) }
        if Set(several.map(\.name)).count < several.count {
            reader.refuse("phases", because: "two phases have the same name; give each its own.")
        }
        for (index, phase) in several.enumerated() where order == .sequence && phase.length == nil {
            reader.refuse("phases.\(index)", because: "it says not how long it is; add epochs or steps.")
        }
        for (index, phase) in several.enumerated() where order == .alternating && phase.data != nil {
            reader.refuse("phases.\(index).data", because: "phases that alternate share the run's data; remove it.")
        }
        for (index, phase) in several.enumerated() where order == .alternating {
            if case .epochs = phase.length {
                reader.refuse("phases.\(index).epochs", because: "phases alternate by steps; give `steps` instead.")
            }
        }
        return (several, order)
    }

    /// Checks that involve several sections.
    private func check(_ reader: ConfigurationReader) {
        if case .samples = batchSize, let problem = BatchSize.problem(batch: batch, grain: grain) {
            reader.refuse(problem.key, because: problem.reason)
        }
        if epochs == nil, maxSteps == nil, phaseOrder == .alternating || phases[0].length == nil {
            reader.refuse("", because: "it says not when training ends; add epochs or maxSteps.")
        }
        for (index, phase) in phases.enumerated() where phase.isOnPlateau {
            guard (phase.data ?? data).validation == .count(0) else { continue }
            reader.refuse(
                phase.data == nil ? "data.validation" : "phases.\(index).data.validation",
                because:
                    "0 leaves nothing for the schedule onPlateau to go by; set samples aside or choose another "
                    + "schedule."
            )
        }
        if earlyStopping != nil, phases.count > 1 {
            reader.refuse("earlyStopping", because: "a run of several phases ends with its last one; remove it.")
        }
        checkStop(reader)
        if start == nil {
            for model in phases.flatMap(\.objective.givenModels) {
                reader.refuse(
                    model.key,
                    because: "'\(model.name)' is used as it is, but has random weights; give those of a run: "
                        + "start: {weights: runs/NAME/final.safetensors, model: \(model.name)}.")
            }
        }
        if phaseOrder == .alternating, phases.count(where: \.isOnPlateau) > 1 {
            reader.refuse("phases", because: "only one of several alternating phases may have the schedule onPlateau.")
        }
        if earlyStopping != nil, data.validation == .count(0) {
            reader.refuse(
                "data.validation",
                because: "0 leaves nothing for earlyStopping to go by; set samples aside or remove earlyStopping.")
        }
    }

    private func checkStop(_ reader: ConfigurationReader) {
        if stop?.trainLoss != nil, phases.count > 1 {
            reader.refuse(
                "stop.trainLoss", because: "a run of several phases has no one training loss; remove it.")
        }
        if stop?.near != nil, phases.count > 1, phaseOrder == .sequence {
            reader.refuse("stop", because: "a run of several phases ends with its last one; remove it.")
        }
        if stop?.near != nil, data.validation == .count(0) {
            reader.refuse(
                "data.validation",
                because: "0 leaves nothing for stop.near to go by; set samples aside or remove stop.near.")
        }
    }

    /// The file's name without folder and extension, other characters than an identifier's replaced by `-`.
    private static func runName(forFile file: String) -> String {
        let stem = (file.split(separator: "/").last ?? "run").split(separator: ".").first ?? "run"
        return String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "-" })
    }
}

extension PhaseConfiguration {
    /// Whether its learning rate follows validation.
    var isOnPlateau: Bool { schedule.plateau != nil }

    /// Whether its updates depend on how long the run is.
    fileprivate var dependsOnEnd: Bool {
        schedule.schedule.dependsOnEnd || optimizer.lookahead?.dependsOnEnd ?? false
    }
}

/// When ranks compare their replicas.
private struct ReplicaCheckSection: ConfigurationSection {
    static var title: String { "replicaCheck" }
    let everySteps: Int

    init(from reader: ConfigurationReader) {
        everySteps = reader.value(
            "everySteps", .integer(in: 0...), default: 100,
            "Compare after every so many steps, and before anything is written; 0 never compares.")
    }
}

/// When validation runs.
private struct ValidationInterval: ConfigurationSection {
    static var title: String { "validation" }
    let interval: TrainingInterval

    init(from reader: ConfigurationReader) {
        interval =
            TrainingInterval.optional(
                epochs: "everyEpochs", steps: "everySteps", from: reader,
                "Time between validations; 1 epoch if neither is given")
            ?? .epochs(1)
        reader.excludeEachOther("everyEpochs", "everySteps")
    }
}
