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
    package static func validation(_ record: ValidationRecord) -> String {
        let place =
            "validation at step \(NumberText.grouped(record.step)) (epoch "
            + "\(NumberText.significant(record.epoch, digits: 4)))"
        return ([place] + validationParts(record)).joined(separator: " - ")
    }

    /// The permanent line of a finished epoch, with the means of `metrics` over it.
    package static func epoch(
        _ epoch: Int, of epochs: Int, seconds: Double, metrics: [MetricValue], samplesPerSecond: Double,
        validation: ValidationRecord?
    ) -> String {
        var parts = ["Epoch \(epoch)/\(epochs)", NumberText.duration(seconds)]
        parts += metrics.map { "\($0.name) \(NumberText.metric($0))" }
        if let validation { parts += validationParts(validation) }
        parts.append("\(NumberText.rate(samplesPerSecond)) samples/s")
        return parts.joined(separator: " - ")
    }

    /// One line for a decision.
    package static func decision(_ record: DecisionRecord) -> String {
        "\(record.kind.rawValue) at step \(NumberText.grouped(record.step)): \(record.reason)"
    }

    private static func validationParts(_ record: ValidationRecord) -> [String] {
        var parts = record.metrics.map { "\($0.description.validationName) \(NumberText.metric($0))" }
        if record.isBest { parts.append("best so far") }
        return parts
    }
}
