import Autograd
import ConfigurationReading
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// What an encoder and a decoder write, against passes over whole sequences.
@Suite struct EncoderDecoderTests {
    private static let letters = 3
    private static let steps = 4
    private static let start = letters
    private static let end = letters + 1

    private static func field(_ name: String, _ steps: Int) -> FieldDescription {
        FieldDescription(
            name: name, elementType: .int32, shape: [steps], variableAxis: 0,
            meaning: .written(words: ["a", "b", "c"]))
    }

    private static let fields = [field("source", 3), field("previous", steps), field("target", steps)]

    private static func network() throws -> Network {
        let inputs = [
            ModelInput(name: "source", shape: [3]).taking(fields[0]),
            ModelInput(name: "previous", shape: [steps]).taking(fields[1]),
        ]
        let layers: [LayerSpecification] = [
            .named("letters", .embedding(units: 4)).reading("source"),
            .named("encoder", .lstm(units: 6, returns: .state)),
            .named("written", .embedding(units: 4)).reading("previous"),
            .named("decoder", .lstm(units: 6)).reading("written", "encoder"),
            .named("scores", .linear(units: letters + 2)),
        ]
        return try Network([ModelDescription(name: "m", inputs: inputs, layers: layers)])
    }

    private static func setup(_ network: Network) -> ObjectiveSetup {
        ObjectiveSetup(network: network, fields: fields, defaultInput: "source", defaultTarget: "target")
    }

    /// Large weights, so that answers differ.
    private static func values(_ network: Network, seed: Int) -> FlatBuffer {
        let values = FlatBuffer(count: network.layout.count)
        network.layout.initialize(values, key: RandomKey(seed: UInt64(seed)))
        for i in 0..<values.count { values.pointer[i] *= 4 }
        return values
    }

    private static func objective(
        _ network: Network, beams: Int = 1, scheduledSampling: Double = 0, previous: String = "previous"
    ) throws -> any Objective {
        try EncoderDecoder(
            previous: PlacedName(previous), scheduledSampling: scheduledSampling, beams: beams
        ).make(setup(network))
    }

    /// Log-probabilities of a whole sequence's tokens, of one source.
    private static func logLikelihoods(
        _ network: Network, _ values: FlatBuffer, _ source: [Int], _ written: [Int]
    ) -> [[Double]] {
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        func input(_ tokens: [Int]) -> Variable {
            var x = tape.constant(Tensor(tokens.map { Float($0) }, [1, tokens.count], pool: tape.pool))
            x.lengths = SequenceLengths([tokens.count])
            return x
        }
        let y = logSoftmax(network.models[0]([input(source), input([start] + written)], mode: .evaluation))
        let classes = letters + 2
        return (0...written.count).map { step in
            (0..<classes).map { Double(y.value.pointer[step * classes + $0]) }
        }
    }

    /// The likeliest of all answers, by trying every one.
    private static func likeliest(_ network: Network, _ values: FlatBuffer, _ source: [Int]) -> (tokens: [Int], Double)
    {
        var best: (tokens: [Int], Double) = ([], -.infinity)
        func extend(_ tokens: [Int], _ likelihood: Double) {
            if tokens.last == end || tokens.count == steps {
                if likelihood > best.1 { best = (tokens, likelihood) }
                return
            }
            let next = logLikelihoods(network, values, source, tokens)[tokens.count]
            for (token, own) in next.enumerated() { extend(tokens + [token], likelihood + own) }
        }
        extend([], 0)
        return best
    }

    private static func greedy(_ network: Network, _ values: FlatBuffer, _ source: [Int]) -> [Int] {
        var tokens: [Int] = []
        while tokens.count < steps, tokens.last != end {
            let next = logLikelihoods(network, values, source, tokens)[tokens.count]
            tokens.append(next.indices.max { next[$0] < next[$1] } ?? 0)
        }
        return tokens
    }

    /// A batch of three sources of several lengths with given answers.
    private static func batch(_ sources: [[Int]], _ answers: [[Int]]) -> FieldBatch {
        func memory(_ field: FieldDescription, _ rows: [[Int]]) -> [FieldMemory] {
            let longest = rows.map(\.count).max() ?? 0
            let padded = rows.flatMap { $0 + Array(repeating: 0, count: longest - $0.count) }
            let values = OwnedIntegers(padded.map { Int32($0) })
            let lengths = OwnedIntegers(rows.map { Int32($0.count) })
            return [
                FieldMemory(
                    field: field, elements: .integers(values.pointer, capacity: padded.count, owner: values),
                    variableExtent: longest),
                FieldMemory(
                    field: field.lengthField!,
                    elements: .integers(lengths.pointer, capacity: rows.count, owner: lengths)),
            ]
        }
        return FieldBatch(
            count: sources.count, sampleIDs: Array(sources.indices),
            memory: memory(fields[0], sources) + memory(fields[1], answers.map { [start] + $0.dropLast() })
                + memory(fields[2], answers))
    }

    private static let sources = [[0, 2, 1], [1], [2, 2]]

    private static func exactMatches(
        _ network: Network, _ values: FlatBuffer, beams: Int, answers: [[Int]]
    ) throws -> Double {
        let objective = try objective(network, beams: beams)
        let tape = Tape(layout: network.layout, values: values)
        tape.begin(gradients: nil)
        let context = GrainContext(batch(sources, answers), on: tape, mode: .evaluation, key: RandomKey(seed: 1))
        return objective(context).sums[3]
    }

    @Test(arguments: 0..<6)
    func greedyDecodingTakesTheLikeliestTokenAtEachStep(_ seed: Int) throws {
        let network = try Self.network()
        let values = Self.values(network, seed: seed)
        let answers = Self.sources.map { Self.greedy(network, values, $0) }
        #expect(try Self.exactMatches(network, values, beams: 1, answers: answers) == 3)
        var wrong = answers
        wrong[1][0] = (wrong[1][0] + 1) % 3
        #expect(try Self.exactMatches(network, values, beams: 1, answers: wrong) == 2)
    }

    @Test(arguments: 0..<6)
    func aSearchWithBeamsEnoughFindsTheLikeliestAnswerOfAll(_ seed: Int) throws {
        let network = try Self.network()
        let values = Self.values(network, seed: seed)
        let answers = Self.sources.map { Self.likeliest(network, values, $0).tokens }
        // Answers that stop without an end can't be targets.
        let ended = answers.map { $0.last == Self.end ? $0 : [Self.end] }
        let expected = zip(answers, ended).count { $0 == $1 }
        #expect(try Self.exactMatches(network, values, beams: 64, answers: ended) == Double(expected))
    }

    @Test func scheduledSamplingReadsWhatTheModelDrawsAndTheSameForTheSameKey() throws {
        let network = try Self.network()
        let values = Self.values(network, seed: 2)
        let answers = [[0, 1, 2, Self.end], [1, Self.end], [2, 0, Self.end]]
        func loss(_ probability: Double, seed: UInt64) throws -> Float {
            let objective = try Self.objective(network, scheduledSampling: probability)
            let tape = Tape(layout: network.layout, values: values)
            let vector = FlatBuffer(count: tape.wholeVector.count)
            tape.begin(gradients: vector.pointer)
            let key = RandomKey(seed: seed)
            let context = GrainContext(Self.batch(Self.sources, answers), on: tape, mode: .training(key), key: key)
            let result = objective(context)
            #expect(result.weight == 9, "every token of the answers, and no padding")
            return try #require(result.loss).value.pointer[0]
        }
        let forced = try loss(0, seed: 1)
        #expect(try loss(0, seed: 9) == forced)
        #expect(try loss(1, seed: 1) == loss(1, seed: 1))
        #expect(try (1...5).contains { try loss(1, seed: UInt64($0)) != forced })
        #expect(try (1...9).contains { try loss(1, seed: UInt64($0)) != loss(1, seed: 20) })
    }

    @Test func aFieldThatIsNotWhatStandsBeforeIsRefused() throws {
        let network = try Self.network()
        #expect(throws: ConfigurationError.self) { try Self.objective(network, previous: "target") }
        #expect(throws: ConfigurationError.self) { try Self.objective(network, previous: "source") }
        #expect(throws: ConfigurationError.self) { try Self.objective(network, previous: "nothing") }
    }
}
