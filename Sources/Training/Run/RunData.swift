import DataPipeline
import Foundation
import Kernels

/// The samples of a run: training and validation parts, and how raw values become inputs.
struct RunData: Sendable {
    let training: any Dataset
    /// Nil when nothing is set aside.
    let validation: (any Dataset)?
    /// Of the input and the target, as far as their values are changed.
    let preprocessing: [FieldPreprocessing]
    /// Of the usual input's pixels in the training part, where an augmentation moves along it.
    var colours: ColourCovariance?

    /// Opens the data set on every rank; files that must be unpacked are unpacked once a host. Collective.
    ///
    /// - Parameters:
    ///   - given: how values become inputs, where that is known; nil to take it from the training samples.
    ///   - isBalanced: whether the training samples are those of an epoch, some several times where the configuration
    ///     balances classes.
    static func open(
        _ configuration: DataConfiguration, ranks: Ranks, preprocessing given: [FieldPreprocessing]? = nil,
        isBalanced: Bool = false
    ) throws -> RunData {
        let whole = try openShared(configuration, .train, ranks)
        let limited: any Dataset = configuration.limit.map { Subset(drawing: $0, of: whole) } ?? whole
        var training = limited
        var validation: (any Dataset)?
        if let own = whole.source.ownValidation, let size = configuration.validationSize {
            validation = try ranks.together { try configuration.selected(of: own).atMost(size) }
        } else if let size = configuration.validationSize {
            let split = try ranks.together { try ValidationSplit(of: limited, validation: size) }
            training = split.train
            validation = split.validation
        }
        let preprocessing = try given ?? preprocessing(configuration, training, ranks)
        if isBalanced { training = try ranks.together { [training] in try configuration.balanced(training) } }
        return RunData(training: training, validation: validation, preprocessing: preprocessing)
    }

    /// The same with what random changes of training samples must know of all of them. Every rank scans its share.
    /// Collective.
    func measured(for augment: [Augmentation], ranks: Ranks) throws -> RunData {
        guard augment.contains(where: { $0.transform is PrincipalColours }) else { return self }
        let field = try ranks.together { try training.fieldIndex(training.defaultInput) }
        // What has no colours is refused where batches are made.
        guard training.fields[field].isOfBytes, training.fields[field].channels == 3 else { return self }
        let samples = RunData.statisticsSamples(of: training)
        let sums = try ranks.together {
            try ColourSums(scanning: samples, field: field, indices: RunData.share(of: samples, ranks))
        }
        var copy = self
        copy.colours = ColourCovariance(ColourSums(values: try ranks.sum(sums.values)))
        return copy
    }

    /// The samples that statistics are taken of: all, or some of a large set of pictures, drawn once for all.
    private static func statisticsSamples(of dataset: any Dataset) -> any Dataset {
        let most = dataset.source.mostStatisticsSamples
        return dataset.count > most ? Subset(drawing: most, of: dataset) : dataset
    }

    /// The samples that a rank scans of all.
    private static func share(of dataset: any Dataset, _ ranks: Ranks) -> Range<Int> {
        ranks.rank * dataset.count / ranks.worldSize..<(ranks.rank + 1) * dataset.count / ranks.worldSize
    }

    /// The data of each phase that has its own; nil for those on the run's. Collective.
    ///
    /// - Throws: `ConfigurationError` where fields are others than the run's.
    static func openOwn(_ phases: [PhaseConfiguration], like main: RunData, ranks: Ranks) throws -> [RunData?] {
        try phases.map { phase in
            guard let configuration = phase.data else { return nil }
            let own = try open(
                configuration, ranks: ranks, preprocessing: main.preprocessing, isBalanced: true)
            try RankIdentity.requireSame(own, ranks)
            try ranks.together {
                if own.training.fields != main.training.fields || own.training.isSequence || main.training.isSequence {
                    throw phase.place.refused(
                        because: "its data have other fields than the run's, or are a text; give data of the same "
                            + "fields: \(main.training.fields.map(\.name).joined(separator: ", ")).")
                }
                if own.training.source.nodes?.fingerprint != main.training.source.nodes?.fingerprint {
                    throw phase.place.refused(
                        because: "its data are nodes of another graph than the run's; give data of the same graph.")
                }
            }
            return own
        }
    }

    /// The data of several phases as one.
    func joined(with own: [RunData?]) -> RunData {
        if own.allSatisfy({ $0 == nil }) { return self }
        return RunData(
            training: JoinedDataset([training] + own.compactMap { $0?.training }), validation: validation,
            preprocessing: preprocessing, colours: colours)
    }

    /// What the training loop's batches are made of: the fields that objectives read, the usual input augmented.
    func trainingSource(
        plan: any GrainPlan, fields: [String], augment: [Augmentation], key: RandomKey
    ) throws -> BatchSource {
        try BatchSource(
            dataset: training, plan: plan, fields: fields, preprocessing: preprocessing,
            augmentations: augment.map { FieldAugmentation(field: training.defaultInput, $0.taking(colours)) },
            key: key)
    }

    /// The official test part, with the statistics of the training part. Collective.
    ///
    /// - Parameter stored: the preprocessing that came with the weights; nil to take it from the training part.
    static func openTest(
        _ configuration: DataConfiguration, stored: [FieldPreprocessing]?, ranks: Ranks
    ) throws -> (test: any Dataset, preprocessing: [FieldPreprocessing]) {
        let preprocessing = try stored ?? open(configuration, ranks: ranks).preprocessing
        return (try openShared(configuration, .test, ranks), preprocessing)
    }

    /// The first rank of each host opens first; the others map what it has unpacked.
    private static func openShared(_ configuration: DataConfiguration, _ split: DatasetSplit, _ ranks: Ranks) throws
        -> any Dataset
    {
        func open(_ imports: [String: SharedBytes.Export]) throws -> any Dataset {
            try configuration.fitted(
                configuration.dataset.open(split, path: configuration.path, imports: imports))
        }
        var own: (any Dataset)?
        try ranks.together { if ranks.isHostLeader { own = try open([:]) } }
        let imports = try ranks.sharedOnHost(own?.exports ?? [:])
        return try ranks.together {
            if let own { return try configuration.selected(of: own) }
            return try configuration.selected(of: try open(imports))
        }
    }

    /// How the input and the target become what the model and the loss get. Collective.
    private static func preprocessing(
        _ configuration: DataConfiguration, _ dataset: any Dataset, _ ranks: Ranks
    ) throws -> [FieldPreprocessing] {
        var result: [FieldPreprocessing] = []
        let choices: [(String?, Preprocessing)] = [
            (dataset.defaultInput, configuration.preprocessing),
            (dataset.defaultTarget, configuration.targetPreprocessing),
        ]
        for case (let name?, let choice) in choices {
            let index = try ranks.together { try dataset.fieldIndex(name) }
            let field = dataset.fields[index]
            let isInput = name == dataset.defaultInput
            let fill = try ranks.together {
                try isInput ? dataset.source.fillPlan(field: index)?.values(from: dataset, field: index) : nil
            }
            var statistics: ChannelStatistics?
            if choice.needsStatistics(of: field) { statistics = try Self.statistics(dataset, index, fill, ranks) }
            let own = try ranks.together { [statistics] in
                try choice.applied(
                    to: field, statistics: statistics, fill: fill,
                    geometry: isInput ? (dataset.source as? FittedDataset)?.geometry : nil)
            }
            if let own { result.append(own) }
        }
        // Forecasts without a model are compared with the target as a model's are.
        if let target = result.first(where: { $0.field == dataset.defaultTarget }) {
            result += dataset.baselines.map {
                FieldPreprocessing(field: $0.field, scale: target.scale, shift: target.shift)
            }
        }
        return result
    }

    /// The training samples' statistics: of pixels exact integer sums, of which every rank scans its share, of a large
    /// set of pictures over samples drawn once for all; of real numbers what every rank computes alike.
    private static func statistics(
        _ dataset: any Dataset, _ field: Int, _ fill: [Float]?, _ ranks: Ranks
    ) throws -> ChannelStatistics {
        guard case .pixels = dataset.fields[field].meaning else {
            return try ranks.together { try ChannelStatistics(scanningReal: field, of: dataset, fill: fill) }
        }
        let channels = dataset.fields[field].channels
        let dataset = statisticsSamples(of: dataset)
        let threads = dataset.source.isSlow ? Placement.defaultThreads(ranksOnHost: ranks.hostSize) : 1
        let sums = try ranks.together {
            try ChannelSums(scanning: dataset, field: field, indices: share(of: dataset, ranks), threads: threads)
        }
        let total = try ranks.sum(([sums.pixels] + sums.sums + sums.squares).map(Int64.init)).map(Int.init)
        try ranks.together {
            guard total[0] > 0 else {
                throw DataError.pictures(path: dataset.name, problem: .allDamaged(count: dataset.count))
            }
        }
        return ChannelStatistics(
            ChannelSums(pixels: total[0], sums: Array(total[1...channels]), squares: Array(total[(1 + channels)...])))
    }
}

extension Dataset {
    /// A part that a data set sets aside itself, or so many of its samples; a fraction, of whatever is trained on, says
    /// nothing of it.
    fileprivate func atMost(_ size: ValidationSize) throws(DataError) -> any Dataset {
        guard case .count(let count) = size, count != self.count else { return self }
        guard count < self.count else { throw .ownValidation(dataset: name, requested: count, available: self.count) }
        return Subset(drawing: count, of: self)
    }
}

extension DataConfiguration {
    /// How many samples to set aside; nil for none.
    fileprivate var validationSize: ValidationSize? {
        switch validation {
        case .count(0): nil
        case .count(let count): .count(count)
        case .fraction(let fraction): .fraction(fraction)
        }
    }
}
