import Autograd
import DataPipeline
import JobHealth
import NeuralNetwork
import TensorCore

/// Lets a trained model go on with a sequence by itself: each step reads what was drawn at the one before.
///
/// What it generates is a function of the weights and the request.
package final class Generator {
    private let generative: GenerativeModel
    private let replica: Replica
    private let path: String

    /// - Throws: `GenerationError.nothingToGenerate`, `ModelError.refused` of a layer that can't compute a sequence
    ///   step by step.
    init(_ models: LoadedModels, _ usage: WeightsUsage, path: String) throws {
        let setup = ObjectiveSetup(
            network: models.network, fields: usage.fields, defaultInput: usage.defaultInput,
            defaultTarget: usage.defaultTarget, classCounts: usage.classCounts ?? [:])
        let found = try models.phases.reversed().compactMap { try GenerativeModel($0.objective, setup) }.first
        guard let found else { throw GenerationError.nothingToGenerate(path: path) }
        generative = found
        replica = models.replica
        self.path = path
    }

    /// Generates a text, an answer or a sound.
    ///
    /// - Parameter write: takes the bytes of a text as they come, whole characters; false when nobody reads them any
    ///   more, which ends it.
    /// - Throws: `GenerationError`, and what `write` throws.
    package func generate(_ request: GenerationRequest, write: @escaping (UnsafeRawBufferPointer) throws -> Bool) throws
    {
        let prime = try request.prime.map { text throws(GenerationError) in try Prime(text) }
        let conditions = try GivenConditions(generative.conditions, request.given, path: path, replica.tapes[0].pool)
        let sampler = TokenSampler(
            temperature: request.temperature ?? 1, topK: request.topK, seed: request.seed)
        let stepped = generative.stepped
        if case .levels(_, let rate) = stepped.meaning {
            try refuse([
                ("--prime", prime != nil), ("--length", request.length != nil), ("--beams", request.beams != nil),
            ]) {
                .noTextOption(option: $0, remedy: "give --seconds, or leave it out")
            }
            guard let file = request.out else { throw GenerationError.needsFile(path: path) }
            let sink = SoundSink(rate: rate, seconds: request.seconds ?? 1, path: file)
            return try generate(into: sink, conditions, sampler)
        }
        try refuse([("--out", request.out != nil), ("--seconds", request.seconds != nil)]) { .noSound(option: $0) }
        guard case .tokens(let words) = stepped.meaning else {
            throw GenerationError.noText(path: path, field: stepped.name)
        }
        let answerLength = request.length ?? stepped.shape[0]
        if let sink = AnswerSink(words, length: answerLength, write: write) {
            try refuse([("--prime", prime != nil)]) { .noTextOption(option: $0, remedy: "leave it out") }
            if request.temperature != nil || request.topK != nil {
                return try generate(into: sink, conditions, sampler)
            }
            return try search(into: sink, conditions, words, beams: request.beams ?? 1, steps: answerLength + 1)
        }
        try refuse([("--beams", request.beams != nil)]) { _ in
            .noTextOption(option: "--beams", remedy: "a text has no end to search for; use --temperature 0")
        }
        guard let vocabulary = TextVocabulary(words: words) else {
            throw GenerationError.noText(path: path, field: stepped.name)
        }
        try generate(
            into: TextSink(vocabulary, prime: prime, length: request.length ?? 500, write: write), conditions, sampler)
    }

    private func refuse(
        _ options: [(name: String, isGiven: Bool)], _ error: (String) -> GenerationError
    ) throws(GenerationError) {
        if let option = options.first(where: \.isGiven) { throw error(option.name) }
    }

    /// Writes the likeliest answer that a search finds.
    private func search(
        into sink: AnswerSink, _ conditions: GivenConditions, _ words: [String], beams: Int, steps: Int
    ) throws {
        guard let end = words.firstIndex(of: FieldMeaning.endWord) else { return }
        let decoder = SequenceDecoder(
            plan: generative.plan, start: sink.beginning[0], end: end, steps: steps, beams: beams)
        let answers = decoder(conditions.values, lengths: conditions.lengths, rows: 1, on: replica.tapes[0])
        try sink.begin()
        for token in answers[0] { if try !sink.take(token) { break } }
        try sink.end()
    }

    private func generate(
        into sink: any GenerationSink, _ conditions: GivenConditions, _ sampler: TokenSampler
    ) throws {
        var sampler = sampler
        let stepper = SequenceStepper(generative.plan, on: replica.tapes[0])
        stepper.begin(conditions.values, lengths: conditions.lengths)
        try sink.begin()
        var scores = stepper.step(token: sink.beginning[0])
        for choice in sink.beginning.dropFirst() {
            scores = stepper.step(token: choice)
            Activity.beat()
        }
        var place = 0
        while true {
            guard let choice = sampler.sample(scores.pointer, count: scores.count, at: place) else {
                throw GenerationError.notFinite(path: path, step: sink.beginning.count + place)
            }
            if try !sink.take(choice) { break }
            scores = stepper.step(token: choice)
            place += 1
            Activity.beat()
        }
        try sink.end()
    }
}

extension TrainedWeights {
    /// A generator with these weights; collective. Needs no data set where the weights say what they need.
    package func makeGenerator(_ ranks: Ranks) throws -> Generator {
        try RankIdentity.requireSame(configuration, ranks)
        let usage = try self.usage ?? usageFromData(ranks)
        let models = try load(usage, ranks, threads: 1)
        return try ranks.together { try Generator(models, usage, path: path) }
    }
}
