import ConfigurationReading
import DataPipeline
import NeuralNetwork

/// How many samples a step has.
package enum BatchSize: Equatable, Sendable {
    case samples(Int)
    /// The whole training set; the place is where the configuration says so.
    case all(PlacedName)

    /// Grains of a step, each of which is planned; more would only cost memory.
    static let largestGrainCount = 1 << 20

    /// Why a step of so many samples can't be; nil where it can.
    static func problem(batch: Int, grain: Int) -> (key: String, reason: String)? {
        if grain > batch {
            return ("grain", "\(grain) is more than the batch of \(batch); make it at most \(batch).")
        }
        if batch > MetricSums.exactLimit {
            return (
                "batch",
                "\(batch) samples are more than \(MetricSums.exactLimit), up to which the sums of a step are exact; "
                    + "make the batch smaller."
            )
        }
        if batch / grain >= largestGrainCount {
            return (
                "grain",
                "a batch of \(batch) has \(batch / grain) grains of \(grain), more than \(largestGrainCount); make the "
                    + "grain larger."
            )
        }
        return nil
    }
}

extension ConfigurationType where Value == BatchSize {
    /// A count, or `all`.
    static var batchSize: Self {
        let count = ConfigurationType<Int>.integer(in: 1...)
        let summary = "\(count.summary), or all"
        return Self(summary, placeholder: .samples(1)) { node, path, context in
            if case .scalar("all", _) = node.content {
                return Reading(
                    value: .all(PlacedName("all", place: node.place, key: path)), node: .plain("all", at: node.place))
            }
            guard case .scalar(let text, isQuoted: false) = node.content, Int(text) != nil else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            return count.read(node, path, context).map { Reading(value: .samples($0.value), node: $0.node) }
        }
    }
}

extension PhaseConfiguration {
    /// Makes sure that a rule which needs the whole training set in a step gets it.
    func requireWholeBatches(_ plan: any GrainPlan, _ training: any Dataset, batch: Int) throws {
        guard plan.stepsPerEpoch > 1, optimizer.rule.needsWholeSet else { return }
        throw optimizer.place.refused(
            because:
                "\(optimizer.rule.name) goes by the signs of the gradient of the whole training set, but a batch is "
                + "\(batch) of \(training.count) samples; give 'batch: all', or say 'miniBatches: true' here.")
    }
}

extension RunConfiguration {
    /// The configuration with the samples of a step counted, where it asks for all of them.
    ///
    /// - Throws: `ConfigurationError` where they are too many, or windows of a text.
    func resolved(for training: any Dataset) throws -> RunConfiguration {
        guard case .all(let place) = batchSize else { return self }
        if training.isSequence {
            throw place.refused(
                because: "windows of a text follow one another in lanes; give the number of lanes instead.")
        }
        var result = self
        result.batch = training.count
        result.grain = min(grain, training.count)
        if let problem = BatchSize.problem(batch: result.batch, grain: result.grain) {
            throw place.refused(because: problem.reason)
        }
        return result
    }
}
