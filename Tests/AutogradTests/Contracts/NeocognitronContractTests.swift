import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// The Neocognitron's cells against Fukushima's equations in double precision, and its rule of learning.
@Suite struct NeocognitronContractTests {
    typealias Input = OperationContract.Input

    static let cells: [OperationContract] = [([2, 3, 4, 5], Float(4)), ([1, 1, 1, 1], 0.5), ([0, 2, 2, 3], 1)].map {
        (shape, r) in
        // Energies and inhibition are not negative; a response is kept away from its kink by the numbers that are
        // drawn.
        OperationContract(
            "simpleCells \(r)",
            [
                Input(shape, .uniform(0...3)), Input(Array(shape.dropLast()) + [1], .uniform(0.1...2)),
                Input([shape[3]], .uniform(0...1)),
            ],
            reference: { inputs in
                let (e, energy, b) = (inputs[0], inputs[1], inputs[2])
                let r = Double(r)
                let values = e.values.indices.map { index -> Double in
                    let (row, k) = (index / e.columns, index % e.columns)
                    let inhibition = 2 * r / (1 + r) * b.values[k] * energy.values[row].squareRoot()
                    return r * max(0, (1 + e.values[index]) / (1 + inhibition) - 1)
                }
                return DoubleTensor(values, e.shape)
            }
        ) { simpleCells($0[0], energy: $0[1], inhibition: $0[2], selectivity: r) }
    }

    static let inhibitions: [OperationContract] = [([2, 3, 2, 7], Float(0.5)), ([3, 1], 1), ([2, 16], 2)].map {
        (shape, alpha) in
        OperationContract(
            "lateralInhibition \(alpha)", [Input(shape, .uniform(0...2))],
            reference: { inputs in
                let x = inputs[0]
                let values = x.values.indices.map { index -> Double in
                    let first = index / x.columns * x.columns
                    let mean = x.values[first..<first + x.columns].reduce(0, +) / Double(x.columns)
                    let z = max(0, (1 + x.values[index]) / (1 + mean) - 1)
                    return z / (Double(alpha) + z)
                }
                return DoubleTensor(values, x.shape)
            }
        ) { lateralInhibition($0[0], saturation: alpha) }
    }

    @Test("value and gradients are those of the equations", arguments: cells + inhibitions)
    func contract(_ contract: OperationContract) {
        for failure in contract.check().failures { Issue.record("\(contract): \(failure)") }
    }

    // MARK: - Learning

    /// Images of 5 × 4 with two channels, cells with windows of 3 × 3 on 4 × 3 places, above and left of which the
    /// image goes on with zeros.
    private struct Trial {
        let u: [Float]
        let responses: [Float]
        let taps: [Float] = (1...9).map { Float($0) / 32 }
        static let (samples, height, width, channels) = (6, 5, 4, 2)
        static let (high, wide, planes) = (4, 3, 3)

        init(seed: UInt64) {
            var numbers = TestNumbers(seed: seed)
            u = numbers.floats(Trial.samples * Trial.height * Trial.width * Trial.channels, .uniform(0...1))
            // Few levels, so that some responses are equal; many are 0.
            responses = (0..<Trial.samples * Trial.high * Trial.wide * Trial.planes).map { _ in
                Float(max(numbers.integer(below: 12) - 4, 0)) / 8
            }
        }

        func response(_ sample: Int, _ place: Int, _ plane: Int) -> Float {
            responses[(sample * Trial.high * Trial.wide + place) * Trial.planes + plane]
        }

        /// The winning place of each plane of a sample, by the words of the rule.
        func winners(_ sample: Int, column: Int) -> [Int?] {
            let places = 0..<Trial.high * Trial.wide
            func near(_ a: Int, _ b: Int) -> Bool {
                abs(a / Trial.wide - b / Trial.wide) <= column / 2 && abs(a % Trial.wide - b % Trial.wide) <= column / 2
            }
            /// Cells in the order in which the first of equals wins.
            func precedes(_ a: (place: Int, plane: Int), _ b: (place: Int, plane: Int)) -> Bool {
                let (x, y) = (response(sample, a.place, a.plane), response(sample, b.place, b.plane))
                return x != y ? x > y : a.place != b.place ? a.place < b.place : a.plane < b.plane
            }
            let cells = places.flatMap { place in (0..<Trial.planes).map { (place: place, plane: $0) } }
            let candidates = cells.filter { cell in
                response(sample, cell.place, cell.plane) > 0
                    && !cells.contains { near($0.place, cell.place) && precedes($0, cell) }
            }
            return (0..<Trial.planes).map { plane in
                candidates.filter { $0.plane == plane }.min(by: precedes)?.place
            }
        }
    }

    /// Winners add c u to their planes' weights and half the root of Σ c u² to their inhibition.
    @Test(arguments: [1, 3, 5, 99]) func winnersLearnWhatTheySee(column: Int) throws {
        let trial = Trial(seed: UInt64(column))
        let weights = Parameter(index: 0, name: "a", shape: [Trial.planes, 3, 3, Trial.channels], initializer: .zeros)
        let inhibition = Parameter(index: 1, name: "b", shape: [Trial.planes], initializer: .zeros)
        let layout = ModelLayout([weights, inhibition])
        let values = FlatBuffer(count: layout.count)
        let gradients = FlatBuffer(count: GrainVectorLayout(all: layout).count)
        let tape = Tape(layout: layout, values: values)
        tape.begin(gradients: gradients.pointer)
        let u = Tensor(trial.u, [Trial.samples, Trial.height, Trial.width, Trial.channels], pool: tape.pool)
        let responses = Tensor(trial.responses, [Trial.samples, Trial.high, Trial.wide, Trial.planes], pool: tape.pool)
        let (loss, count) = competitiveLearning(
            u, responses: responses, weights: tape.parameter(weights), inhibition: tape.parameter(inhibition),
            CompetitiveWindow(taps: trial.taps, top: 1, left: 1, column: column))
        tape.backward(from: loss)

        var expectedWeights = [Double](repeating: 0, count: weights.shape.count)
        var expectedInhibition = [Double](repeating: 0, count: Trial.planes)
        var (sum, winners) = (0.0, 0)
        for sample in 0..<Trial.samples {
            for (plane, place) in trial.winners(sample, column: column).enumerated() {
                guard let place else { continue }
                winners += 1
                sum += Double(trial.response(sample, place, plane))
                var energy = 0.0
                for tap in 0..<9 {
                    let (row, left) = (place / Trial.wide + tap / 3 - 1, place % Trial.wide + tap % 3 - 1)
                    guard (0..<Trial.height).contains(row), (0..<Trial.width).contains(left) else { continue }
                    for channel in 0..<Trial.channels {
                        let index = ((sample * Trial.height + row) * Trial.width + left) * Trial.channels + channel
                        let value = Double(trial.u[index])
                        energy += Double(trial.taps[tap]) * value * value
                        expectedWeights[(plane * 9 + tap) * Trial.channels + channel] -= Double(trial.taps[tap]) * value
                    }
                }
                expectedInhibition[plane] -= energy.squareRoot() / 2
            }
        }
        #expect(count == winners && winners > Trial.samples / 2)
        #expect(abs(Double(loss.value.pointer[0]) + sum) < 1e-5)
        let offsets = [weights, inhibition].map { GrainVectorLayout(all: layout).trained.offset(of: $0.index) ?? -1 }
        func read(_ offset: Int, _ count: Int) -> [Float] { (0..<count).map { gradients.pointer[offset + $0] } }
        #expect(relativeError(read(offsets[0], expectedWeights.count), expectedWeights) < 1e-6)
        #expect(relativeError(read(offsets[1], Trial.planes), expectedInhibition) < 1e-6)
    }
}
