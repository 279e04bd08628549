import Autograd
import DataPipeline
import JobHealth
import NeuralNetwork
import TensorCore

/// What is to be generated, as somebody asks for it.
package struct GenerationRequest {
    /// The text to go on with, in brackets to be shown so; nil to begin as after a line's end.
    package var prime: String?
    /// Classes of the model's other inputs, by their fields.
    package var given: [(field: String, value: String)]
    /// Characters of a text, beside the prime.
    package var length: Int
    /// 0 for the likeliest token everywhere.
    package var temperature: Float
    /// How many of the likeliest tokens are drawn from; nil for all.
    package var topK: Int?
    package var seed: UInt64

    package init(
        prime: String?, given: [(field: String, value: String)], length: Int, temperature: Float, topK: Int?,
        seed: UInt64
    ) {
        self.prime = prime
        self.given = given
        self.length = length
        self.temperature = temperature
        self.topK = topK
        self.seed = seed
    }
}

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

    /// Generates a text.
    ///
    /// - Parameter write: takes the bytes of the text as they come, whole characters; false when nobody reads them any
    ///   more, which ends it.
    /// - Throws: `GenerationError`, and what `write` throws.
    package func generate(_ request: GenerationRequest, write: @escaping (UnsafeRawBufferPointer) throws -> Bool) throws
    {
        let prime = try request.prime.map { text throws(GenerationError) in try Prime(text) }
        guard case .tokens(let words) = generative.stepped.meaning, let vocabulary = TextVocabulary(words: words) else {
            throw GenerationError.noText(path: path, field: generative.stepped.name)
        }
        let conditions = try conditions(request.given)
        try generate(
            into: TextSink(vocabulary, prime: prime, length: request.length, write: write), conditions,
            TokenSampler(temperature: request.temperature, topK: request.topK, seed: request.seed))
    }

    private func generate(into sink: any GenerationSink, _ conditions: [Tensor], _ sampler: TokenSampler) throws {
        var sampler = sampler
        let stepper = SequenceStepper(generative.plan, on: replica.tapes[0])
        stepper.begin(conditions)
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

    /// The values of the model's other inputs, [1, …] each.
    private func conditions(_ given: [(field: String, value: String)]) throws(GenerationError) -> [Tensor] {
        let known = generative.conditions.map(\.field.name)
        for (index, item) in given.enumerated() {
            guard known.contains(item.field) else { throw .unknownCondition(name: item.field, known: known) }
            if given[..<index].contains(where: { $0.field == item.field }) { throw .conditionTwice(name: item.field) }
        }
        for condition in generative.conditions {
            guard case .classes = condition.field.meaning, condition.field.shape.count == 1 else {
                throw .unsayableCondition(path: path, field: condition.field.name)
            }
        }
        let missing = known.filter { name in !given.contains { $0.field == name } }
        guard missing.isEmpty else { throw .missingConditions(names: missing) }
        var values: [Tensor] = []
        for (field, shape) in generative.conditions {
            let name = given.first { $0.field == field.name }?.value ?? ""
            let names = field.meaning.choiceNames
            guard let choice = names.firstIndex(of: name) else {
                throw .unknownClass(field: field.name, name: name, known: names)
            }
            let value = Tensor(shape.batched(1), pool: replica.tapes[0].pool)
            value.fill(Float(choice))
            values.append(value)
        }
        return values
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
