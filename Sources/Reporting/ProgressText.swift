import NeuralNetwork
import Training

/// The lines that a run prints, made from values alone.
package enum ProgressText {
    /// The first lines of a run: what is trained, on what, and what the reader must know.
    package static func header(_ run: RunDescription) -> [String] {
        var facts = [
            "trainer", "\(run.model) (\(NumberText.grouped(run.parameterCount)) parameters)", workers(run), batch(run),
            NumberText.count(run.trainingSamples, "training sample"),
        ]
        facts += run.notes
        var details = [
            NumberText.count(run.epochs, "epoch") + " of " + NumberText.count(run.stepsPerEpoch, "step"),
            run.validationSamples > 0 ? NumberText.count(run.validationSamples, "validation sample") : "no validation",
            "OpenBLAS \(run.openBLASCore)", "run directory \(run.runDirectory)",
        ]
        if let step = run.resumedFromStep { details.append("resumed from step \(NumberText.grouped(step))") }
        return [facts.joined(separator: " · "), details.joined(separator: " · ")]
    }

    /// `4 ranks × 1 thread on 2 cores of HOST`.
    package static func workers(_ run: RunDescription) -> String {
        let hosts =
            run.hosts.count == 1 ? run.hosts[0] : "\(run.hosts.count) hosts (\(run.hosts.joined(separator: ", ")))"
        return
            "\(NumberText.count(run.ranks, "rank")) × \(NumberText.count(run.threadsPerRank, "thread")) on "
            + "\(NumberText.count(run.cores, "core")) of \(hosts)"
    }

    /// `batch 128 = 4 grains of 32`, or `batch 100 = 4 grains of 25`, `batch 50 = 4 grains of 12 or 13`: the batch is
    /// split evenly.
    package static func batch(_ run: RunDescription) -> String {
        let grains = (run.batch + run.grain - 1) / max(run.grain, 1)
        let (size, larger) = run.batch.quotientAndRemainder(dividingBy: max(grains, 1))
        let sizes = larger == 0 ? "\(size)" : "\(size) or \(size + 1)"
        return "batch \(run.batch) = \(NumberText.count(grains, "grain")) of \(sizes)"
    }

    /// One plain line for a logging interval, for pipes and files.
    package static func interval(_ record: IntervalRecord, totalSteps: Int) -> String {
        var parts = [
            "step \(NumberText.grouped(record.step))/\(NumberText.grouped(totalSteps))",
            "epoch \(NumberText.significant(record.epoch, digits: 4))",
        ]
        parts += record.metrics.map { "\($0.name) \(NumberText.metric($0))" }
        parts.append("learningRate \(NumberText.significant(record.learningRate))")
        parts.append("\(NumberText.rate(record.samplesPerSecond)) samples/s")
        parts.append(shares(record.shares))
        return parts.joined(separator: " - ")
    }

    /// The shares of time above half a percent, the others are noise in a line.
    package static func shares(_ shares: TimeShares) -> String {
        let named = [
            ("compute", shares.compute), ("wait", shares.wait), ("reduce", shares.reduce), ("data", shares.data),
            ("save", shares.save),
        ]
        return named.filter { $0.1 >= 0.005 }.map { "\($0.0) \(Int(($0.1 * 100).rounded()))%" }.joined(separator: " ")
    }

    /// One line for a validation that does not end an epoch's line.
    ///
    /// - Parameter width: columns of the terminal; nil for a line that has all parts.
    package static func validation(_ record: ValidationRecord, width: Int? = nil) -> String {
        let step = NumberText.grouped(record.step)
        let place = FittedLine.Part(
            "validation at step \(step) (epoch \(NumberText.significant(record.epoch, digits: 4)))", rank: Rank.time,
            shorter: ("step \(step)", 0))
        return text([place] + validationParts(record), width)
    }

    /// The permanent line of a finished epoch, with the means of `metrics` over it.
    ///
    /// - Parameter width: columns of the terminal; nil for a line that has all parts.
    package static func epoch(
        _ epoch: Int, of epochs: Int, seconds: Double, metrics: [MetricValue], samplesPerSecond: Double,
        validation: ValidationRecord?, width: Int? = nil
    ) -> String {
        var parts = [
            FittedLine.Part("Epoch \(epoch)/\(epochs)", rank: 0),
            FittedLine.Part(NumberText.duration(seconds), rank: Rank.time),
        ]
        parts += metrics.enumerated().map { place, metric in
            FittedLine.Part(
                "\(metric.name) \(NumberText.metric(metric))",
                rank: place == 0 ? Rank.trainingLoss : Rank.furtherTraining + place)
        }
        if let validation { parts += validationParts(validation) }
        parts.append(FittedLine.Part("\(NumberText.rate(samplesPerSecond)) samples/s", rank: Rank.speed))
        return text(parts, width)
    }

    /// In which order parts of a line go where a terminal is narrow, the largest first: all figures are in the log.
    private enum Rank {
        static let figure = 1
        static let best = 2
        static let trainingLoss = 3
        static let validationLoss = 4
        static let time = 5
        static let furtherValidation = 100
        static let furtherTraining = 200
        static let longBest = 300
        static let speed = 301
    }

    private static func text(_ parts: [FittedLine.Part], _ width: Int?) -> String {
        let line = FittedLine(parts: parts)
        return width.map(line.text) ?? line.whole
    }

    /// One line for a decision.
    package static func decision(_ record: DecisionRecord) -> String {
        "\(record.kind.rawValue) at step \(NumberText.grouped(record.step)): \(record.reason)"
    }

    /// What else is measured says more to people than the loss.
    private static func validationParts(_ record: ValidationRecord) -> [FittedLine.Part] {
        var parts = record.metrics.enumerated().map { place, metric in
            let isFigure = place == min(1, record.metrics.count - 1)
            return FittedLine.Part(
                "\(metric.description.validationName) \(NumberText.metric(metric))",
                rank: isFigure ? Rank.figure : place == 0 ? Rank.validationLoss : Rank.furtherValidation + place)
        }
        if record.isBest {
            parts.append(FittedLine.Part("best so far", rank: Rank.longBest, shorter: ("best", Rank.best)))
        }
        return parts
    }
}
