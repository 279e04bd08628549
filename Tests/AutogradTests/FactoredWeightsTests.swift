import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// Gradients that a grain leaves as two factors.
@Suite struct FactoredWeightsTests {
    static let arena = ModelLayout([
        Parameter(index: 0, name: "small", shape: [4, 6], initializer: .normal(1), factorRows: 1),
        Parameter(index: 1, name: "large", shape: [40, 60], initializer: .normal(1), factorRows: 1),
        Parameter(index: 2, name: "bias", shape: [40], initializer: .normal(1)),
        Parameter(index: 3, name: "table", shape: [40, 60], initializer: .normal(1)),
        Parameter(index: 4, name: "last", shape: [50, 40], initializer: .normal(1), factorRows: 1),
    ])
    static let gradients = GradientLayout(arena, .all(arena))

    @Test func theyAreLargeProductsOfSmallFactors() {
        let chosen = FactoredWeights(of: Self.gradients, samplesPerGrain: 5, leastCount: 1000)
        #expect(chosen.weights.map(\.index) == [4, 1], "ascending in the vector, whose last layer stands in front")
        #expect(chosen.weights.map(\.range) == [0..<2000, 2000 + 2400 + 48..<2000 + 2400 + 48 + 2400])
        #expect(chosen.weights.map(\.outputs) == [50, 40] && chosen.weights.map(\.inputs) == [40, 60])
        #expect(chosen.place(of: 4) == 0 && chosen.place(of: 1) == 1 && chosen.place(of: 3) == nil)
        // 5 · (50 + 40) · 4 ≤ 2000 < 6 · (50 + 40) · 4, and 6 · (40 + 60) · 4 ≤ 2400 < 7 · (40 + 60) · 4
        let fewer = FactoredWeights(of: Self.gradients, samplesPerGrain: 6, leastCount: 1000)
        #expect(fewer.weights.map(\.index) == [1])
        #expect(FactoredWeights(of: Self.gradients, samplesPerGrain: 7, leastCount: 1000).weights.isEmpty)
        #expect(FactoredWeights(of: Self.gradients, samplesPerGrain: 1).weights.isEmpty)
    }

    @Test func frozenWeightsAreNone() {
        let layout = GradientLayout(Self.arena, ParameterSet(Self.arena) { $0 != "last" })
        let chosen = FactoredWeights(of: layout, samplesPerGrain: 1, leastCount: 1000)
        #expect(chosen.weights.map(\.index) == [1] && chosen.place(of: 4) == nil)
    }

    @Test func whatLiesBetweenThemIsLeft() {
        let chosen = FactoredWeights(of: Self.gradients, samplesPerGrain: 1, leastCount: 1000)
        func others(_ range: Range<Int>) -> [Range<Int>] {
            var result: [Range<Int>] = []
            chosen.forEachOther(in: range) { result.append($0) }
            return result
        }
        #expect(others(0..<7000) == [2000..<4448, 6848..<7000])
        #expect(others(10..<1990).isEmpty && others(5000..<6848).isEmpty)
        #expect(others(1990..<2010) == [2000..<2010] && others(3000..<3100) == [3000..<3100])
    }

    /// The product of a grain's factors is the gradient that the tape writes without them, also of a weight that is
    /// used twice; the vector's floats of factored weights stay as they are.
    @Test(arguments: [false, true]) func theirProductIsTheGradient(isUsedTwice: Bool) throws {
        let values = FlatBuffer(count: Self.arena.count)
        Self.arena.initialize(values, key: RandomKey(seed: 3))
        let layout = GrainVectorLayout(
            Self.gradients, metrics: 0, flags: 0, samplesPerGrain: isUsedTwice ? 2 : 3, leastFactored: 1000)
        let tape = Tape(layout: Self.arena, values: values)
        func run(_ factors: GradientFactors?) -> FlatBuffer {
            let vector = FlatBuffer(count: layout.count)
            vector.pointer.update(repeating: .nan, count: vector.count)
            tape.begin(gradients: vector.pointer, layout: layout, factors: factors)
            let input = Tensor([3, 60], pool: tape.pool)
            Initializer.normal(1).fill(input.pointer, shape: [3, 60], key: RandomKey(seed: 4))
            let x = tape.input(input)
            let large = Self.arena.parameters[1]
            var y = linear(x, tape.parameter(large), bias: tape.parameter(Self.arena.parameters[2]))
            if isUsedTwice { y = add(y, linear(x, tape.parameter(large))) }
            y = linear(y, tape.parameter(Self.arena.parameters[4]))
            let ones = Tensor(y.shape, pool: tape.pool)
            ones.fill(1)
            tape.backward(from: y, gradient: ones)
            return vector
        }
        let direct = run(nil)
        let factors = GradientFactors(layout.factored)
        for _ in 0..<2 {  // a grain begins with no rows, whatever the one before left
            let vector = run(factors)
            for (place, weight) in layout.factored.weights.enumerated() {
                let left = factors.factors[place]
                #expect(left.rows == (isUsedTwice && weight.index == 1 ? 6 : 3))
                let product = weight.range.indices.map { index in
                    let (row, column) = (index - weight.range.lowerBound).quotientAndRemainder(
                        dividingBy: weight.inputs)
                    return (0..<left.rows).reduce(0.0) {
                        $0 + Double(left.dy[$1 * weight.outputs + row]) * Double(left.x[$1 * weight.inputs + column])
                    }
                }
                let written = weight.range.map { direct.pointer[$0] }
                #expect(relativeError(written, product) < 1e-5)
                #expect(weight.range.allSatisfy { vector.pointer[$0].isNaN })
            }
            layout.factored.forEachOther(in: layout.gradients) { range in
                #expect(range.allSatisfy { vector.pointer[$0].bitPattern == direct.pointer[$0].bitPattern })
            }
        }
    }

    @Test func aGrainWithoutSamplesClearsOnlyWhatIsItsOwn() {
        let layout = GrainVectorLayout(
            Self.gradients, metrics: 2, flags: 2, samplesPerGrain: 1, leastFactored: 1000)
        let vector = FlatBuffer(count: layout.count)
        vector.pointer.update(repeating: 7, count: vector.count)
        layout.clear(vector.pointer)
        for index in 0..<layout.flags.upperBound {
            let isKept = layout.flags.contains(index) || layout.factored.weights.contains { $0.range.contains(index) }
            #expect(vector.pointer[index] == (isKept ? 7 : 0))
        }
    }
}
