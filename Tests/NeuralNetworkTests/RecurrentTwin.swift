import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore
import TestSupport

/// A recurrent operation of random sizes beside its equations in double precision, one sample and one unit at a time.
///
/// LSTM by the usual equations: `f = σ(W_f x + U_f h + b_f)` and so on, `c = f c′ + i g`, `h = o τ(c)`; in row form
/// `i = σ(x U + s W)` and `s = tanh(c) o` are the same with other letters.
struct RecurrentTwin: CustomStringConvertible {
    let cell: RecurrentCell
    let units: Int
    let channels: Int
    let steps: Int
    let lengths: [Int]
    /// Of inputs, and of states.
    let biases: (Bool, Bool)
    let begins: Bool
    private let numbers: [[Double]]
    private let cotangents: [[Double]]

    var description: String {
        "\(cell), \(units) units, \(channels) channels, lengths \(lengths) of \(steps), biases \(biases), "
            + "begins \(begins)"
    }

    init(_ number: Int) {
        let key = RandomKey(seed: 77).folding(number)
        func pick(_ place: Int, _ count: Int) -> Int { Int(key.block(at: UInt64(place))[0]) % count }
        let functions: [RecurrentFunction] = [.tanh, .sigmoid, .ramp, .identity]
        let gate: RecurrentFunction = pick(0, 3) == 0 ? .ramp : .sigmoid
        let function = pick(1, 2) == 0 ? .tanh : functions[pick(2, 4)]
        switch number % 3 {
        case 0: cell = .simple(function)
        case 1: cell = .longShortTerm(gate: gate, cell: function)
        default: cell = .gated(gate: gate, cell: function)
        }
        let sizes = [1, 3, 16, 17]
        units = sizes[pick(3, 4)]
        channels = 1 + pick(4, 4)
        steps = 1 + pick(5, 5)
        let (steps, samples, isUniform) = (steps, 1 + pick(6, 7), pick(7, 2) == 0)
        lengths = (0..<samples).map { isUniform ? steps : pick(20 + $0, steps + 1) }
        let choices = [(true, true), (true, false), (false, false)]
        biases = choices[pick(8, 3)]
        begins = pick(9, 2) == 0
        let (gates, states) = (cell.gateCount, cell.stateCount)
        func draw(_ count: Int, _ place: Int, scale: Double) -> [Double] {
            let key = key.folding(place)
            return (0..<count).map { scale * Double(key.normals(at: UInt64($0)).0) }
        }
        numbers = [
            draw(samples * steps * channels, 0, scale: 0.7), draw(gates * units * channels, 1, scale: 0.5),
            draw(gates * units * units, 2, scale: 0.7 / Double(units).squareRoot()),
            draw(gates * units, 3, scale: 0.2), draw(gates * units, 4, scale: 0.2),
            draw(samples * states * units, 5, scale: 0.5),
        ].map { $0.map { Double(Float($0)) } }
        cotangents = [draw(samples * steps * units, 6, scale: 1), draw(samples * states * units, 7, scale: 1)]
    }

    // MARK: - In double precision

    private static func value(_ function: RecurrentFunction, _ x: Double) -> Double {
        switch function {
        case .tanh: Foundation.tanh(x)
        case .sigmoid: 1 / (1 + exp(-x))
        case .relu: max(x, 0)
        case .identity: x
        case .ramp: min(max(x, -1), 1)
        }
    }

    /// States of all steps [N, T, H], zero behind the ends, and last states [N, S · H], behind each other.
    private func values(_ inputs: [DoubleTensor]) -> DoubleTensor {
        let (x, w, u, b, c, first) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], inputs[5])
        let (h, states) = (units, cell.stateCount)
        var all = [Double](repeating: 0, count: lengths.count * steps * h)
        var last: [Double] = []
        for (sample, length) in lengths.enumerated() {
            var state = [Double](repeating: 0, count: states * h)
            if begins { state = Array(first.values[sample * states * h..<(sample + 1) * states * h]) }
            for step in 0..<length {
                func input(_ gate: Int, _ unit: Int) -> Double {
                    let row = gate * h + unit
                    return (0..<channels).reduce(biases.0 ? b.values[row] : 0) {
                        $0 + w.values[row * channels + $1] * x.values[(sample * steps + step) * channels + $1]
                    }
                }
                let before = state
                func hidden(_ gate: Int, _ unit: Int) -> Double {
                    let row = gate * h + unit
                    return (0..<h).reduce(biases.1 ? c.values[row] : 0) { $0 + u.values[row * h + $1] * before[$1] }
                }
                for unit in 0..<h {
                    func both(_ gate: Int) -> Double { input(gate, unit) + hidden(gate, unit) }
                    switch cell {
                    case .simple(let f): state[unit] = Self.value(f, both(0))
                    case .longShortTerm(let gate, let f):
                        let cell =
                            Self.value(gate, both(1)) * before[h + unit] + Self.value(gate, both(0))
                            * Self.value(f, both(2))
                        state[h + unit] = cell
                        state[unit] = Self.value(gate, both(3)) * Self.value(f, cell)
                    case .gated(let gate, let f):
                        let (r, z) = (Self.value(gate, both(0)), Self.value(gate, both(1)))
                        let n = Self.value(f, input(2, unit) + r * hidden(2, unit))
                        state[unit] = (1 - z) * n + z * before[unit]
                    }
                    all[(sample * steps + step) * h + unit] = state[unit]
                }
            }
            last += state
        }
        return DoubleTensor(all + last, [all.count + last.count])
    }

    // MARK: - The operation

    /// The largest differences by name: of values, and of gradients along random directions.
    func errors() -> [(String, Double)] {
        let (gates, samples) = (cell.gateCount, lengths.count)
        let shapes: [Shape] = [
            [samples, steps, channels], [gates * units, channels], [gates * units, units], [gates * units],
            [gates * units],
            [samples, cell.stateCount * units],
        ]
        let layout = ModelLayout([])
        let tape = Tape(layout: layout, values: FlatBuffer(count: 16))
        let vector = FlatBuffer(count: max(tape.wholeVector.count, 16))
        tape.begin(gradients: vector.pointer)
        var inputs = zip(numbers, shapes).map { tape.input(Tensor($0.map { Float($0) }, $1, pool: tape.pool)) }
        inputs[0].lengths = SequenceLengths(lengths)
        let rows = StepRows(samples: samples, steps: steps, lengths: inputs[0].lengths)
        let result = recurrence(
            cell, .rows(stepRows(inputs[0], rows), weight: inputs[1], bias: biases.0 ? inputs[3] : nil),
            weight: inputs[2], bias: biases.1 ? inputs[4] : nil, initial: begins ? inputs[5] : nil, rows: rows)
        let y = sequences([result.states], rows)
        let reference = zip(numbers, shapes).map { DoubleTensor($0, $1.dimensions) }
        var errors = [("values", relativeError(y.value.values + result.last.value.values, values(reference).values))]
        let loss = zip([y, result.last], cotangents).map { value, cotangent in
            sum(multiply(value, tape.constant(Tensor(cotangent.map { Float($0) }, value.shape, pool: tape.pool))))
        }
        tape.backward(from: add(loss[0], loss[1]))
        let numeric = NumericalGradient(
            of: values, at: reference, cotangent: cotangents.flatMap { $0.map { Double(Float($0)) } })
        for (index, input) in inputs.enumerated() {
            guard let gradient = tape.gradient(of: input)?.values else { continue }
            let key = RandomKey(seed: 5).folding(index)
            let direction = gradient.indices.map { Double(key.normals(at: UInt64($0)).0) }
            let expected = numeric.derivative(input: index, direction: direction)
            let actual = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 }
            let scale = zip(gradient, direction).reduce(1e-3) { $0 + abs(Double($1.0) * $1.1) }
            errors.append((["x", "W", "U", "b", "b′", "beginning"][index], abs(actual - expected) / scale))
        }
        return errors
    }

    // MARK: - Models of the tests beside this

    static func model(_ layer: LayerSpecification, _ input: Shape, varies: Bool) throws -> Model {
        let inputs = [ModelInput(name: "x", shape: input, varies: varies)]
        return try Network([ModelDescription(name: "m", inputs: inputs, layers: [layer])]).models[0]
    }

    static func values(_ model: Model, seed: Int) -> FlatBuffer {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: UInt64(seed)))
        return values
    }
}
