import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

@Suite struct DenoisingTests {
    private static let image = FieldDescription(
        name: "image", elementType: .float32, shape: [2, 3, 1], meaning: .pixels(scale: 1, background: 0))
    private static let label = FieldDescription(
        name: "label", elementType: .int32, shape: [], meaning: .classes(names: ["a", "b"]))
    private let key = RandomKey(seed: 3)
    private let clean = (0..<24).map { Float($0 + 1) / 32 }
    /// What goes in comes out, as nothing is below 0.
    private let identity: Network
    private let masked = Corruption.masking(probability: 0.5)

    init() throws { identity = try network([.named("copy", .activation("relu"))], input: [6]) }

    private func make(
        _ denoising: Denoising, _ network: Network? = nil, input: String = "image", fields: [FieldDescription]? = nil
    ) throws -> any Objective {
        try denoising.make(
            ObjectiveSetup(
                network: network ?? identity, fields: fields ?? [Self.image, Self.label], defaultInput: input,
                defaultTarget: "label"))
    }

    /// Calls `body` with four samples.
    private func withContext<Result>(
        mode: Mode = .evaluation, key: RandomKey? = nil, _ body: (GrainContext) throws -> Result
    ) rethrows -> Result {
        let batch = FieldBatch(
            count: 4, sampleIDs: [0, 1, 2, 3],
            memory: [
                FieldMemory(field: Self.image, elements: .floats(Tensor(clean, [24], pool: StoragePool()).storage))
            ])
        let values = FlatBuffer(count: identity.layout.count)
        let tape = Tape(layout: identity.layout, values: values)
        tape.begin(gradients: nil)
        return try body(GrainContext(batch, on: tape, mode: mode, key: key ?? self.key))
    }

    private func figures(
        _ objective: any Objective, mode: Mode = .evaluation, key: RandomKey? = nil
    ) throws -> [MetricValue] {
        withContext(mode: mode, key: key) { context in
            let result = objective(context)
            #expect(result.sums.count == objective.sumCount)
            return MetricSums(samples: context.count, weight: result.weight, own: result.sums)
                .values(of: objective.metrics)
        }
    }

    /// The values of the pictures' three rows: clean, corrupted, restored.
    private func rows(_ objective: any Objective, key: RandomKey? = nil) throws -> [[Float]] {
        try withContext(key: key) { context in
            let pictures = try #require(objective.pictures(context))
            #expect(pictures.field == "image" && pictures.columns == 4 && pictures.values.shape == [12, 2, 3, 1])
            return (0..<3).map { Array(pictures.values.values[$0 * 24..<$0 * 24 + 24]) }
        }
    }

    @Test func theOutputForACorruptedInputIsComparedWithTheCleanOne() throws {
        let objective = try make(Denoising(corruption: masked))
        let figures = try figures(objective)
        #expect(figures.map(\.name) == ["loss", "rmse"])
        // The model copies, so what is wrong with its output is what is wrong with its input.
        let corrupted = try rows(objective)[1]
        let error = zip(clean, corrupted).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) } / 24
        #expect(error > 0)
        #expect(abs(figures[0].value - error) < 1e-6 * error)
        #expect(abs(figures[1].value - error.squareRoot()) < 1e-6 * error.squareRoot())
    }

    @Test func theLossHasItsWeightAndErrorsAreThoseOfWhatTheLossTakesTheOutputFor() throws {
        let plain = try figures(try make(Denoising(corruption: masked)))
        let weighted = try figures(
            try make(Denoising(corruption: masked, loss: LossTerm(MeanSquaredErrorLoss(), weight: 4))))
        #expect(weighted[0].value == 4 * plain[0].value && weighted[1].value == plain[1].value)
        let logits = BinaryCrossEntropyLoss(fromLogits: true)
        let objective = try make(Denoising(corruption: .masking(probability: 1), loss: LossTerm(logits)))
        // From nothing but zeros come logits of 0, which stand for a half.
        let error = clean.reduce(0.0) { $0 + Double($1 - 0.5) * Double($1 - 0.5) } / 24
        #expect(abs(try figures(objective)[1].value - error.squareRoot()) < 1e-6)
        #expect(try rows(objective)[2] == Array(repeating: 0.5, count: 24))
    }

    @Test func corruptionIsAFunctionOfTheGrainsKeyAloneInTrainingAndInEvaluation() throws {
        let objective = try make(Denoising(corruption: masked))
        let first = try figures(objective)
        #expect(try figures(objective) == first)
        #expect(try figures(objective, mode: .training(key)) == first)
        #expect(try figures(objective, key: RandomKey(seed: 4)) != first)
    }

    @Test func predictionsAreMadeOfSamplesAsTheyAre() throws {
        let objective = try make(Denoising(corruption: .masking(probability: 1)))
        #expect(objective.predictions.map(\.output) == ["copy"] && objective.inputFields == ["image"])
        #expect(withContext { objective.predict($0).map(\.value.values) } == [clean])
    }

    @Test func picturesShowCleanCorruptedAndRestoredSamples() throws {
        let rows = try rows(try make(Denoising(corruption: masked)))
        #expect(rows[0] == clean)
        #expect(rows[1] != clean && zip(rows[1], clean).allSatisfy { $0 == 0 || $0 == $1 })
        #expect(rows[2] == rows[1])
    }

    @Test func whatCannotBeDenoisedIsRefusedWithWhatToDo() throws {
        func problem(
            _ loss: LossTerm = LossTerm(MeanSquaredErrorLoss()), _ network: Network? = nil, input: String = "image",
            fields: [FieldDescription]? = nil
        ) -> String {
            do {
                _ = try make(Denoising(corruption: masked, loss: loss), network, input: input, fields: fields)
                return "none"
            } catch { return "\(error)" }
        }
        let mse = MeanSquaredErrorLoss()
        #expect(problem() == "none")
        #expect(problem(LossTerm(mse, target: "label")).hasSuffix("with what was clean; take `target` away."))
        #expect(problem(LossTerm(mse, isForTrainingOnly: true)).hasSuffix("to validate; take `only` away."))
        #expect(problem(LossTerm(mse, output: "cpoy")).contains("copy"))
        #expect(
            problem(LossTerm(mse), try network([.linear(units: 5)], input: [6])).hasSuffix(
                "mse of 0: image is [2, 3, 1], but the output is [5]; make both equally large."))
        #expect(
            problem(LossTerm(mse), try network([.linear(units: 1)], input: [1]), input: "label").hasSuffix(
                "'label' can't be corrupted, for which it has to hold real numbers or pixels, as many in every sample; "
                    + "take another field."))
        let two = try Network([
            ModelDescription(
                name: "net", inputs: [ModelInput(name: "image", shape: [6]), ModelInput(name: "other", shape: [6])],
                layers: [.concatenate.reading("image", "other")])
        ])
        let other = FieldDescription(name: "other", elementType: .float32, shape: [6], meaning: .real(names: []))
        #expect(
            problem(LossTerm(mse), two, fields: [Self.image, other]).hasSuffix(
                "net has 2 inputs, and denoising restores one; give it one `input`, or name a layer in `of`."))
    }
}
