import Autograd
import ConfigurationReading
import TensorCore

/// The generator's side: generated samples should be taken for real (the non-saturating loss of section 3), or get
/// large scores.
struct GANGenerator: ObjectiveSpecification {
    private let names: GANNames
    /// The field whose likeness the generator is to make; it says what generated values mean.
    private let real: PlacedName?
    /// What recognises generated samples in evaluation; nil where nothing does.
    private let judge: GANJudge?

    static let entry = ObjectiveEntry(
        "ganGenerator", "The side of a generative adversarial network that makes samples; pictures show them."
    ) { reader in
        GANGenerator(
            names: GANNames(from: reader),
            real: reader.optional("real", .placedName, "The field of real samples; the usual input if absent."),
            judge: reader.optional(
                "judge", .section(),
                "A classifier that looks at generated samples in evaluation, a model that no phase trains; `start` "
                    + "gives its weights."))
    }

    var givenModels: [PlacedName] { [judge?.model].compactMap(\.self) }

    func make(_ setup: ObjectiveSetup) throws -> any Objective {
        let pair = try GANPair(names, real: real, setup)
        let sums = MetricSums.lossSlot + Side.trainingSums
        return Side(pair: pair, jury: try judge.map { try GANJury($0, pair, setup, first: sums) })
    }

    private struct Side: Objective, LatentSampleMaker {
        let pair: GANPair
        let jury: GANJury?
        static let trainingSums = 3

        var sumCount: Int { Side.trainingSums }
        var evaluationSumCount: Int { jury?.sumCount ?? 0 }
        // The samples' number says how many are generated.
        var fields: [String] { pair.fields }
        var models: [String] { [pair.generator.model.name] }
        var weightPerSample: Double { 1 }
        var metrics: [MetricDefinition] {
            let first = MetricSums.lossSlot + 1
            let description =
                switch pair.loss {
                case .nonSaturating:
                    MetricDescription(
                        "takenForReal", title: "Generated samples taken for real", higherIsBetter: true,
                        format: .fraction)
                case .wasserstein:
                    MetricDescription("score", title: "Critic's score of generated samples", higherIsBetter: true)
                }
            let own = MetricDefinition(description, numerator: first, denominator: first + 1)
            return [.loss, own] + (jury?.metrics ?? [])
        }

        func callAsFunction(_ context: GrainContext) -> GrainResult {
            let classes = GANClasses.ofBatch(context)
            let made = pair.generate(context.count, classes, context, mode: context.mode)
            let numbers = pair.judge(made, classes, mode: context.mode)
            let loss = pair.loss.ofReal(numbers)
            let figure =
                switch pair.loss {
                case .nonSaturating: GANLoss.takenForReal(numbers)
                case .wasserstein: -Double(loss.value.pointer[0])
                }
            var sums = [Double(loss.value.pointer[0]), figure, Double(context.count)]
            if let jury, case .evaluation = context.mode { sums += jury.sums(made, context) }
            return GrainResult(loss: loss, weight: Double(context.count), sums: sums)
        }

        func pictures(_ context: GrainContext) -> Pictures? {
            guard case .pixels = pair.real.meaning, pair.real.shape.rank == 3 else { return nil }
            // Of the samples of classes a column each.
            let classes = pair.generator.conditions.first?.field.meaning.choiceCount ?? 0
            let columns = 2...16 ~= classes ? classes : 8
            let numbers = Array(0..<64 / columns * columns)
            let made = pair.generate(numbers.count, .ofNumbers(numbers, context.tape), context, mode: .evaluation)
            return Pictures(values: made.value, field: pair.real.name, columns: columns)
        }

        var sampleMaker: (any SampleMaker)? { self }
        var made: FieldDescription { pair.real }
        var latent: Shape { pair.generator.shape }
        func samples(from latent: Variable, of numbers: [Int]) -> Variable {
            pair.generate(from: latent, .ofNumbers(numbers, latent.tape), mode: .evaluation)
        }
    }
}
