import Autograd
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport
import Testing

/// Recurrent layers against PyTorch's, and against twins in double precision.
@Suite struct RecurrentTests {
    /// All cases of the reference: layers, directions, lengths.
    @Test(arguments: try GoldenCase.all().filter { ["rnn", "lstm", "gru"].contains($0.operation) })
    func valuesAndGradientsAreThoseOfPyTorch(_ golden: GoldenCase) throws {
        let input = try golden.tensor("input", .same, StoragePool())
        let directions = try golden.attributes.boolean("bidirectional") ? 2 : 1
        let layers = try golden.attributes.integer("layers")
        func kind(_ result: RecurrentResult) -> LayerSpecification {
            switch golden.operation {
            case "rnn":
                .rnn(
                    units: 4, activation: golden.name == "rnn_relu" ? .relu : .tanh, layers: layers,
                    bidirectional: directions == 2, returns: result)
            case "lstm": .lstm(units: 4, layers: layers, bidirectional: directions == 2, returns: result)
            default: .gru(units: 4, layers: layers, bidirectional: directions == 2, returns: result)
            }
        }
        let lengths = try? golden.file.int64s(of: "lengths").map { Int($0) }
        let sequence = try RecurrentTwin.model(kind(.sequence), input.shape.sample, varies: lengths != nil)
        let state = try RecurrentTwin.model(kind(.state), input.shape.sample, varies: lengths != nil)
        let values = FlatBuffer(count: sequence.layout.count)
        for parameter in sequence.parameters {
            let floats = try golden.file.floats(of: String(parameter.name.dropFirst(2)))
            for (i, value) in floats.enumerated() {
                values.pointer[sequence.layout.offsets[parameter.index] + i] = value
            }
        }
        let tape = Tape(layout: sequence.layout, values: values)
        let gradients = FlatBuffer(count: tape.wholeVector.count)
        tape.begin(gradients: gradients.pointer)
        var x = tape.input(input)
        x.lengths = lengths.map { SequenceLengths($0) }
        let y = sequence([x], mode: .evaluation)
        let ends = state([x], mode: .evaluation)
        var comparisons: [Comparison] = []
        func compare(_ name: String, _ values: [Float], _ reference: [Float]) {
            comparisons.append(
                Comparison(name, error: relativeError(values, reference), tolerance: golden.tolerance))
        }
        compare("y", y.value.values, try golden.file.floats(of: "y"))
        // [layers · directions, N, 4] there, [N, layers · directions · 4] here: h, then c.
        let names = golden.operation == "lstm" ? ["h_n", "c_n"] : ["h_n"]
        var loss = sum(multiply(y, tape.constant(try golden.tensor("cotangent", .same, tape.pool))))
        for (part, name) in names.enumerated() {
            for place in 0..<layers * directions {
                let first = (part * layers * directions + place) * 4
                let own = slice(ends, first..<first + 4)
                compare("\(name) \(place)", own.value.values, Self.part(place, try golden.file.floats(of: name)))
                let cotangent = Self.part(place, try golden.file.floats(of: "cotangent." + name))
                loss = add(loss, sum(multiply(own, tape.constant(Tensor(cotangent, [3, 4], pool: tape.pool)))))
            }
        }
        tape.backward(from: loss)
        compare("input", try #require(tape.gradient(of: x)).values, try golden.file.floats(of: "grad.input"))
        for parameter in sequence.parameters {
            let first = try #require(tape.wholeVector.offset(of: parameter.index))
            let name = String(parameter.name.dropFirst(2))
            compare(
                name, (0..<parameter.shape.count).map { gradients.pointer[first + $0] },
                try golden.file.floats(of: "grad." + name))
        }
        for comparison in comparisons { #expect(comparison.isClose, "\(golden.name): \(comparison)") }
    }

    private static func part(_ place: Int, _ values: [Float]) -> [Float] {
        Array(values[place * 12..<(place + 1) * 12])
    }

    // MARK: - Twins

    /// Random cells, sizes, lengths, biases and beginnings; few rows go another way than many, and units are padded.
    @Test(arguments: 0..<40)
    func everyCellHasTheValuesAndGradientsOfItsEquations(_ number: Int) throws {
        let twin = RecurrentTwin(number)
        let errors = twin.errors()
        for (name, error) in errors { #expect(error < 2e-5, "\(twin): \(name) differs by \(error)") }
        #expect(errors.count > 3)
    }

    /// In mixed precision each step rounds what it multiplies, states included.
    @Test(arguments: 0..<40)
    func cellsInMixedPrecisionAreOffByRoundings(_ number: Int) throws {
        let twin = RecurrentTwin(number)
        // The gradient of a single weight may cancel, and has no other beside it to be compared with.
        guard twin.units > 1 else { return }
        for (name, error) in ProductPrecision.mixed.use({ twin.errors() }) {
            #expect(error < 0x1p-6, "\(twin): \(name) differs by \(error)")
        }
    }

    // MARK: - Padding, stepping, tokens

    @Test(arguments: ["rnn", "lstm", "gru"])
    func paddingChangesNothing(_ name: String) throws {
        for bidirectional in [false, true] {
            let kind = Self.kind(name, bidirectional: bidirectional)
            let model = try RecurrentTwin.model(kind, [9, 3], varies: true)
            let values = RecurrentTwin.values(model, seed: 4)
            let numbers = (0..<135).map { (i: Int) -> Float in Float(i * 37 % 101 - 50) / 40 }
            let lengths = [4, 9, 1, 0, 6]
            let padded = Self.run(model, values, numbers, steps: 9, lengths)
            for (row, length) in lengths.enumerated() where length > 0 {
                let start = row * 27
                let own = Array(numbers[start..<start + length * 3])
                let alone = Self.run(model, values, own, steps: length, [length])
                let width = alone.count / length
                let first = row * 9 * width
                let end = first + length * width
                #expect(relativeError(Array(padded[first..<end]), alone) < 1e-6)
                let padding = padded[end..<first + 9 * width]
                #expect(padding.allSatisfy { $0 == 0 })
            }
        }
    }

    private static func run(
        _ model: Model, _ values: FlatBuffer, _ numbers: [Float], steps: Int, _ lengths: [Int]
    ) -> [Float] {
        let tape = Tape(layout: model.layout, values: values)
        tape.begin(gradients: nil)
        var x = tape.constant(Tensor(numbers, [lengths.count, steps, 3], pool: tape.pool))
        x.lengths = SequenceLengths(lengths)
        return model([x], mode: .evaluation).value.values
    }

    private static func kind(_ name: String, bidirectional: Bool) -> LayerSpecification {
        switch name {
        case "rnn": .rnn(units: 5, layers: 2, bidirectional: bidirectional)
        case "lstm": .lstm(units: 5, layers: 2, bidirectional: bidirectional)
        default: .gru(units: 5, layers: 2, bidirectional: bidirectional)
        }
    }

    @Test(arguments: ["rnn", "lstm", "gru"], [1, 6])
    func onePositionAfterAnotherGivesWhatTheWholeSequenceDoes(_ name: String, samples: Int) throws {
        let input = ModelInput(name: "tokens", shape: [12], vocabulary: 7)
        let layers = [.embedding(units: 4), Self.kind(name, bidirectional: false), .linear(units: 7)]
        let model = try Network([ModelDescription(name: "m", inputs: [input], layers: layers)]).models[0]
        let tape = Tape(layout: model.layout, values: RecurrentTwin.values(model, seed: 5))
        let tokens = (0..<samples * 12).map { (i: Int) -> Float in Float(i * 5 % 7) }
        tape.begin(gradients: nil)
        let whole = model(tape.constant(Tensor(tokens, [samples, 12], pool: tape.pool)), mode: .evaluation)
        let expected = whole.value.values
        let memory = StepMemory()
        let plan = try model.plan(outputs: [model.outputName])
        for step in 0..<12 {
            tape.begin(stepping: memory)
            let own = (0..<samples).map { tokens[$0 * 12 + step] }
            let y = plan([tape.constant(Tensor(own, [samples, 1], pool: tape.pool))], mode: .evaluation)[0]
            var reference: [Float] = []
            for row in 0..<samples {
                let first = (row * 12 + step) * 7
                reference += expected[first..<first + 7]
            }
            #expect(relativeError(y.value.values, reference) < 1e-5)
        }
    }

    /// Where a batch has more tokens than the vocabulary, the layer makes a table of all products instead of vectors.
    @Test(arguments: [true, false])
    func tokensThroughATableHaveTheValuesAndGradientsOfTheirVectors(_ isOneHot: Bool) throws {
        let first: LayerSpecification = isOneHot ? .oneHot : .embedding(units: 3)
        func model(_ layers: [LayerSpecification]) throws -> Model {
            let input = ModelInput(name: "tokens", shape: [6], vocabulary: 5)
            return try Network([ModelDescription(name: "m", inputs: [input], layers: layers)]).models[0]
        }
        let lstm = LayerSpecification.named("r", .lstm(units: 4))
        let fused = try model([.named("e", first), lstm])
        // A layer between them, which changes nothing, keeps the two apart.
        let apart = try model([.named("e", first), .named("d", .dropout(probability: 0)), lstm])
        #expect(fused.layout.count == apart.layout.count)
        let values = RecurrentTwin.values(fused, seed: 6)
        var results: [[[Float]]] = []
        for model in [fused, apart] {
            let tape = Tape(layout: model.layout, values: values)
            let gradients = FlatBuffer(count: tape.wholeVector.count)
            tape.begin(gradients: gradients.pointer)
            let tokens = (0..<12).map { (i: Int) -> Float in Float(i * 3 % 5) }
            let x = tape.constant(Tensor(tokens, [2, 6], pool: tape.pool))
            let y = model(x, mode: .evaluation)
            tape.backward(from: sum(multiply(y, y)))
            results.append([y.value.values, (0..<gradients.count).map { gradients.pointer[$0] }])
        }
        #expect(relativeError(results[0][0], results[1][0]) < 1e-6)
        #expect(relativeError(results[0][1], results[1][1]) < 1e-5)
    }

    // MARK: - Refusals

    @Test func whatWouldReadPaddingIsRefused() throws {
        func build(_ layers: [LayerSpecification]) throws -> Model {
            let input = ModelInput(name: "x", shape: [6, 3], varies: true)
            return try Network([ModelDescription(name: "m", inputs: [input], layers: layers)]).models[0]
        }
        #expect(throws: ModelError.varyingLength(layer: "0", input: "x")) { try build([.flatten, .linear(units: 2)]) }
        #expect(throws: ModelError.varyingLength(layer: "1", input: "x")) {
            try build([.linear(units: 4), .groupNorm(groups: 2)])
        }
        #expect(try build([.lstm(units: 4, returns: .last), .linear(units: 2)]).outputShape == [2])
        #expect(try build([.linear(units: 4), .relu, .globalAveragePool, .linear(units: 2)]).outputShape == [2])
    }
}
