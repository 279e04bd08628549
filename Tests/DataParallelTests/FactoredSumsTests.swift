import Autograd
import DataParallel
import Kernels
import TensorCore
import TestSupport
import Testing

/// Sums of gradients that grains leave as factors.
@Suite("Factored gradients", .timeLimit(.minutes(1)))
struct FactoredSumsTests {
    // More than a block in both directions, and no multiple of a block's or a vector's size.
    static let (outputs, inputs) = (67, 1043)
    static let arena = ModelLayout([
        Parameter(index: 0, name: "first", shape: [33], initializer: .zeros),
        Parameter(index: 1, name: "weight", shape: [outputs, inputs], initializer: .zeros, factorRows: 1),
        Parameter(index: 2, name: "last", shape: [500], initializer: .zeros),
    ])
    static let layout = GrainVectorLayout(
        GradientLayout(arena, .all(arena)), metrics: 3, samplesPerGrain: 3, leastFactored: 1000)

    /// One grain's factors and its other floats.
    struct Grain {
        let dy: [Float]
        let x: [Float]
        let others: [Float]
        var rows: Int { dy.count / outputs }

        /// Every fourth grain has no samples.
        init(step: Int, grain: Int) {
            var random = SplitMix64(step, grain)
            let rows = (step + grain) % 4
            func values(_ count: Int) -> [Float] {
                (0..<count).map { _ in
                    let bits = random.next()
                    return Float(Int(bits % 2001) - 1000)
                        * Float(sign: .plus, exponent: Int(bits >> 40) % 9, significand: 1)
                }
            }
            dy = values(rows * outputs)
            x = values(rows * inputs)
            others = rows == 0 ? Array(repeating: 0, count: layout.count) : values(layout.count)
        }

        /// The gradient [outputs, inputs], every value a chain of multiply-adds over the rows.
        var product: [Float] {
            (0..<outputs * inputs).map { index in
                (0..<rows).reduce(Float(0)) { sum, row in
                    sum.addingProduct(dy[row * outputs + index / inputs], x[row * inputs + index % inputs])
                }
            }
        }
    }

    private static func expected(step: Int, _ grains: Range<Int>) -> [Float] {
        if grains.count == 1 {
            let grain = Grain(step: step, grain: grains.lowerBound)
            var vector = grain.others
            vector.replaceSubrange(layout.factored.weights[0].range, with: grain.product)
            return vector
        }
        var half = 1
        while half * 2 < grains.count { half *= 2 }
        let left = expected(step: step, grains.lowerBound..<grains.lowerBound + half)
        let right = expected(step: step, grains.lowerBound + half..<grains.upperBound)
        return zip(left, right).map { $0 + $1 }
    }

    struct WrongBits: Error { var step: Int }

    /// A grain as the tape computes it: y = x Wᵀ backward with the gradient dy.
    private static func fill(
        _ vector: UnsafeMutablePointer<Float>, _ factors: GradientFactors?, _ grain: Grain, _ tape: Tape,
        _ report: (Int) -> Void
    ) {
        let weight = layout.factored.weights[0].range
        for index in 0..<layout.count where !weight.contains(index) { vector[index] = grain.others[index] }
        if grain.rows == 0 {
            factors?.reset()
            return report(layout.count)
        }
        let own = FlatBuffer(count: layout.count)
        tape.begin(gradients: own.pointer, layout: layout, factors: factors)
        let x = tape.constant(Tensor(grain.x, [grain.rows, inputs], pool: tape.pool))
        let y = linear(x, tape.parameter(arena.parameters[1]))
        tape.backward(from: y, gradient: Tensor(grain.dy, [grain.rows, outputs], pool: tape.pool))
        report(weight.lowerBound)
        report(weight.upperBound - 1)
        report(layout.count)
    }

    @Test("the sum has the bits of the recursive sum of the products", arguments: [1, 2, 3, 5, 8, 13])
    func bitsOfTheTree(grains: Int) {
        let expected = (0..<3).map { bits(Self.expected(step: $0, 0..<grains)) }
        for ranks in 1...min(grains, 3) {
            for workers in 1...3 {
                for kind in ReductionKind.allCases where kind != .local || ranks == 1 {
                    let job = Job(
                        grains: grains, ranks: ranks, workers: workers, floats: Self.layout.count,
                        bucketBytes: [1 << 10, 40 << 10, 1 << 20][(ranks + workers + grains) % 3], kind: kind,
                        factored: Self.layout.factored)
                    let errors = job.run { rank in
                        let values = FlatBuffer(count: Self.arena.count)
                        for step in expected.indices {
                            let sum = try rank.step { grain, vector, report in
                                var random = SplitMix64(step, grain, workers)
                                delay(&random, oneIn: 2)
                                Self.fill(
                                    vector, rank.reducer.factors(ofGrain: grain), Grain(step: step, grain: grain),
                                    Tape(layout: Self.arena, values: values), report)
                            }
                            if bits(UnsafeBufferPointer(start: sum, count: job.floats)) != expected[step] {
                                throw WrongBits(step: step)
                            }
                        }
                    }
                    #expect(errors.allSatisfy { $0 == nil }, "\(job): \(errors)")
                }
            }
        }
    }

    @Test func whereAGrainFailsNobodyWaitsForItsFactors() {
        struct Failure: Error {}
        let job = Job(
            grains: 6, ranks: 1, workers: 3, floats: Self.layout.count, kind: .local, factored: Self.layout.factored)
        let errors = job.run { rank in
            let values = FlatBuffer(count: Self.arena.count)
            _ = try rank.step { grain, vector, report in
                if grain == 4 { throw Failure() }
                Self.fill(
                    vector, rank.reducer.factors(ofGrain: grain), Grain(step: 1, grain: grain),
                    Tape(layout: Self.arena, values: values), report)
            }
        }
        #expect(errors.allSatisfy { $0 is Failure })
    }
}
