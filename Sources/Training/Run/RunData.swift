import DataPipeline
import Foundation
import Kernels

/// The samples of a run: training and validation parts, and how raw values become inputs.
struct RunData: Sendable {
    let training: any Dataset
    /// Nil when nothing is set aside.
    let validation: (any Dataset)?
    let preprocessing: ChannelTransform

    /// Opens the data set on every rank; files that must be unpacked are unpacked once a host. Collective.
    static func open(_ configuration: DataConfiguration, ranks: Ranks) throws -> RunData {
        let whole = try openShared(configuration, .train, ranks)
        let limited: any Dataset = configuration.limit.map { Subset(drawing: $0, of: whole) } ?? whole
        var training = limited
        var validation: (any Dataset)?
        if let size = configuration.validationSize {
            let split = try ranks.together { try ValidationSplit(of: limited, validation: size) }
            training = split.train
            validation = split.validation
        }
        return RunData(
            training: training, validation: validation,
            preprocessing: try transform(configuration.preprocessing, training, ranks))
    }

    /// The official test part, with the statistics of the training part. Collective.
    static func openTest(_ configuration: DataConfiguration, ranks: Ranks) throws -> (
        test: any Dataset, preprocessing: ChannelTransform
    ) {
        let data = try open(configuration, ranks: ranks)
        return (try openShared(configuration, .test, ranks), data.preprocessing)
    }

    /// The first rank of each host opens first; the others map what it has unpacked.
    private static func openShared(_ configuration: DataConfiguration, _ split: DatasetSplit, _ ranks: Ranks) throws
        -> any Dataset
    {
        func open(_ imports: [String: SharedBytes.Export]) throws -> any Dataset {
            try DatasetLibrary.open(
                name: configuration.name.rawValue, path: configuration.path, split: split, imports: imports)
        }
        var own: (any Dataset)?
        try ranks.together { if ranks.isHostLeader { own = try open([:]) } }
        let exports = try ranks.gather(Array(try JSONEncoder().encode(own?.exports ?? [:])))
        return try ranks.together {
            if let own { return own }
            var imports: [String: SharedBytes.Export] = [:]
            for (rank, bytes) in exports.enumerated() where ranks.hostNames[rank] == ranks.hostNames[ranks.rank] {
                imports.merge(try JSONDecoder().decode([String: SharedBytes.Export].self, from: Data(bytes))) {
                    first, _ in first
                }
            }
            return try open(imports)
        }
    }

    /// The training samples' statistics are exact integer sums, of which every rank scans its share.
    private static func transform(_ preprocessing: Preprocessing, _ dataset: any Dataset, _ ranks: Ranks) throws
        -> ChannelTransform
    {
        var statistics: ChannelStatistics?
        let channels = dataset.sampleShape[-1]
        if preprocessing.needsStatistics {
            let share =
                ranks.rank * dataset.count / ranks.worldSize..<(ranks.rank + 1) * dataset.count / ranks.worldSize
            let sums = try ranks.together { try ChannelSums(scanning: dataset, indices: share) }
            let total = try ranks.sum(([sums.pixels] + sums.sums + sums.squares).map(Int64.init)).map(Int.init)
            statistics = ChannelStatistics(
                ChannelSums(
                    pixels: total[0], sums: Array(total[1...channels]), squares: Array(total[(1 + channels)...])))
        }
        return preprocessing.transform(statistics: statistics, channels: channels, valueScale: dataset.valueScale)
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
