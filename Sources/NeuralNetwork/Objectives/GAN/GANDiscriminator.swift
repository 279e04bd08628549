import Autograd
import ConfigurationReading

/// The discriminator's side: real samples should get 1, generated ones 0, or large and small scores; the generator is
/// not changed.
struct GANDiscriminator: ObjectiveSpecification {
    private let names: GANNames
    private let real: PlacedName?
    /// What real samples should get; below 1 it is one-sided label smoothing (Salimans et al. 2016).
    private let realLabel: Double

    static let entry = ObjectiveEntry(
        "ganDiscriminator", "The side of a generative adversarial network that tells real samples from generated ones."
    ) { reader in
        GANDiscriminator(
            names: GANNames(from: reader),
            real: reader.optional("real", .placedName, "The field of real samples; the usual input if absent."),
            realLabel: reader.value(
                "realLabel", .number(in: 0.5...1), default: 1,
                "What real samples should get; 0.9 is one-sided label smoothing. A critic has no labels."))
    }

    func make(_ setup: ObjectiveSetup) throws -> any Objective {
        Side(pair: try GANPair(names, real: real, setup), realLabel: Float(realLabel))
    }

    private struct Side: Objective {
        let pair: GANPair
        let realLabel: Float

        let sumCount = 5
        var fields: [String] { pair.fields }
        var models: [String] { [pair.discriminator.model.name] }
        var weightPerSample: Double { 1 }
        var metrics: [MetricDefinition] {
            let first = MetricSums.lossSlot + 1
            switch pair.loss {
            case .nonSaturating:
                return [
                    .loss, Side.share("accuracy", "Samples told apart", first, .meanOfRatios(2)),
                    Side.share("realAccuracy", "Real samples taken for real", first),
                    Side.share("generatedAccuracy", "Generated samples seen through", first + 2),
                ]
            case .wasserstein:
                return [
                    .loss, Side.score("realScore", "Critic's score of real samples", first),
                    Side.score("generatedScore", "Critic's score of generated samples", first + 2),
                ]
            }
        }

        private static func share(
            _ name: String, _ title: String, _ slot: Int, _ transform: MetricDefinition.Transform = .ratio
        ) -> MetricDefinition {
            MetricDefinition(
                MetricDescription(name, title: title, higherIsBetter: true, format: .fraction), numerator: slot,
                denominator: slot + 1, transform: transform)
        }

        private static func score(_ name: String, _ title: String, _ slot: Int) -> MetricDefinition {
            MetricDefinition(
                MetricDescription(name, title: title, higherIsBetter: true), numerator: slot, denominator: slot + 1)
        }

        func callAsFunction(_ context: GrainContext) -> GrainResult {
            let samples = context.tape.constant(context.batch.input(pair.real.name, pool: context.tape.pool))
            let classes = GANClasses.ofBatch(context)
            let made = detach(pair.generate(context.count, classes, context, mode: context.mode))
            let real = pair.judge(samples, classes, mode: context.mode)
            let generated = pair.judge(made, classes, mode: context.mode)
            let loss = add(pair.loss.ofReal(real, label: realLabel), pair.loss.ofGenerated(generated))
            let count = Double(context.count)
            let figures =
                switch pair.loss {
                case .nonSaturating: (GANLoss.takenForReal(real), count - GANLoss.takenForReal(generated))
                case .wasserstein: (Side.total(real), Side.total(generated))
                }
            return GrainResult(
                loss: loss, weight: count,
                sums: [Double(loss.value.pointer[0]), figures.0, count, figures.1, count])
        }

        private static func total(_ scores: Variable) -> Double { scores.value.values.reduce(0) { $0 + Double($1) } }
    }
}
