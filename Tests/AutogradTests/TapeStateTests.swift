import Autograd
import Kernels
import TensorCore
import TestSupport
import Testing

/// What layers leave behind beside gradients, and what a phase that does not train everything leaves out.
@Suite struct TapeStateTests {
    static let arena = ModelLayout([
        Parameter(index: 0, name: "gamma", shape: [2], initializer: .ones),
        Parameter(index: 1, name: "beta", shape: [2], initializer: .zeros),
        Parameter(index: 2, name: "mean", shape: [2], role: .statistic(momentum: 0.5), initializer: .zeros),
        Parameter(index: 3, name: "variance", shape: [2], role: .statistic(momentum: 0.5), initializer: .ones),
        Parameter(index: 4, name: "state", shape: [4, 2], role: .carried, initializer: .zeros),
    ])
    let parameters = arena.parameters
    let values = FlatBuffer(count: arena.count)
    let tape: Tape

    init() {
        Self.arena.initialize(values, key: RandomKey(seed: 1))
        tape = Tape(layout: Self.arena, values: values)
    }

    private func normalized(_ x: [Float], rows: Int, frozen: FrozenStatistics = .running) -> Variable {
        let x = tape.constant(Tensor(x, [rows, 2], pool: tape.pool))
        return batchNormalization(
            x, gamma: tape.parameter(parameters[0]), beta: tape.parameter(parameters[1]), runningMean: parameters[2],
            runningVariance: parameters[3], mode: .training(RandomKey(seed: 1)), frozen: frozen)
    }

    /// A grain's vector, whose memory held something else before.
    private func vector(_ layout: GrainVectorLayout, _ forward: () -> Variable) -> [Float] {
        let memory = FlatBuffer(count: layout.count)
        memory.pointer.update(repeating: .nan, count: layout.count)
        tape.begin(gradients: memory.pointer, layout: layout)
        let y = forward()
        let gradient = Tensor(y.shape, pool: tape.pool)
        gradient.fill(1)
        tape.backward(from: y, gradient: gradient)
        return (0..<layout.count).map { memory.pointer[$0] }
    }

    @Test func batchNormalizationContributesItsRowsTimesItsStatistics() {
        let layout = tape.wholeVector
        let once = vector(layout) { normalized([1, 10, 3, 30], rows: 2) }
        #expect(Array(once[layout.statistics.lowerBound..<layout.statistics.lowerBound + 2]) == [4, 40])
        #expect(layout.offset(of: 3).map { [once[$0], once[$0 + 1]] } == [2 * 2, 2 * 200])
        #expect(Array(once[layout.statisticWeights]) == [2, 2, 0])
    }

    @Test func aLayerUsedTwiceContributesTwice() {
        let layout = tape.wholeVector
        let twice = vector(layout) {
            add(normalized([1, 10, 3, 30], rows: 2), normalized([5, 1, 5, 1], rows: 2))
        }
        #expect(Array(twice[layout.statistics.lowerBound..<layout.statistics.lowerBound + 2]) == [4 + 10, 40 + 2])
        #expect(Array(twice[layout.statisticWeights]) == [4, 4, 0])
    }

    @Test func aLayerThatDoesNotRunContributesZerosAndKeepsItsStatistics() {
        let layout = tape.wholeVector
        let vector = vector(layout) { tape.input(Tensor([1], [1], pool: tape.pool)) }
        #expect(vector[..<layout.metrics.lowerBound].enumerated().allSatisfy { $1 == 0 || $0 % 16 >= 2 })
        let before = (0..<Self.arena.count).map { values.pointer[$0] }
        vector.withUnsafeBufferPointer { sums in
            if let base = sums.baseAddress { layout.updateStatistics(values, sums: base) }
        }
        #expect((0..<Self.arena.count).map { values.pointer[$0] } == before)
    }

    @Test func aFrozenLayerMayTakeTheGrainsStatisticsWithoutKeepingThem() throws {
        let layout = GrainVectorLayout(
            GradientLayout(Self.arena, ParameterSet(Self.arena) { $0 == "gamma" }), metrics: 0)
        var (trained, frozen): ([Float], [Float]) = ([], [])
        let whole = vector(tape.wholeVector) {
            let y = normalized([1, 10, 3, 30], rows: 2)
            trained = y.value.values
            return y
        }
        let own = vector(layout) {
            let y = normalized([1, 10, 3, 30], rows: 2, frozen: .grain)
            frozen = y.value.values
            return y
        }
        #expect(frozen == trained)
        // The same gradient of γ, and no place for statistics.
        let place = try #require(tape.wholeVector.offset(of: 0))
        #expect(Array(own[..<2]) == Array(whole[place..<place + 2]) && layout.statistics.isEmpty)
    }

    @Test func frozenStatisticsNormaliseAndContributeNothing() {
        let frozen = GrainVectorLayout(
            GradientLayout(Self.arena, ParameterSet(Self.arena) { $0 == "gamma" }), metrics: 0)
        values.pointer[Self.arena.offsets[2]] = 1
        var output: [Float] = []
        let vector = vector(frozen) {
            let y = normalized([1, 10, 3, 30], rows: 2)
            output = y.value.values
            return y
        }
        #expect(relativeError(output, [0, 10, 2, 30] as [Double]) < 1e-5)
        #expect(relativeError(Array(vector[0..<2]), [2, 40] as [Double]) < 1e-5)  // dγ = Σ normalised
        #expect(frozen.statistics.isEmpty && frozen.statisticWeights.isEmpty && frozen.gradients.count == 16)
    }

    @Test func carriedRowsComeFromTheArenaAndGoIntoTheVector() {
        let layout = tape.wholeVector
        let memory = FlatBuffer(count: layout.count)
        memory.pointer.update(repeating: .nan, count: layout.count)
        for i in 0..<8 { values.pointer[Self.arena.offsets[4] + i] = Float(i) }
        tape.begin(gradients: memory.pointer, layout: layout, carried: CarriedLanes(lanes: 1..<3))
        let state = tape.carried(parameters[4])
        #expect(state.value.values == [2, 3, 4, 5] && !state.needsGradient)
        tape.carry(parameters[4], value: scaled(state, by: 10))
        tape.backward(from: tape.constant(Tensor([0], [1], pool: tape.pool)))
        #expect(layout.carried.prefix(8).map { memory.pointer[$0] } == [0, 0, 20, 30, 40, 50, 0, 0])
        #expect(layout.weightOffset(of: 4).map { memory.pointer[$0] } == 2)
    }

    @Test func aSequenceStartsWithZeros() {
        values.pointer.update(repeating: 3, count: values.count)
        tape.begin(gradients: nil, carried: CarriedLanes(lanes: 0..<4, isStartOfSequence: true))
        #expect(tape.carried(parameters[4]).value.values == Array(repeating: 0, count: 8))
        tape.begin(gradients: nil)
        #expect(tape.carried(parameters[4], rows: 3).value.values == Array(repeating: 0, count: 6))
    }

    @Test func evaluationCarriesRowsFromGrainToGrain() {
        let rows = CarriedRows()
        values.pointer.update(repeating: 3, count: values.count)
        func grain() -> [Float] {
            tape.begin(gradients: nil, carried: CarriedLanes(lanes: 0..<2, rows: rows))
            let state = tape.carried(parameters[4])
            let next = add(state, tape.constant(Tensor([1, 2, 3, 4], [2, 2], pool: tape.pool)))
            tape.carry(parameters[4], value: next)
            return state.value.values
        }
        #expect(grain() == [0, 0, 0, 0])
        #expect(grain() == [1, 2, 3, 4])
        #expect(grain() == [2, 4, 6, 8])
        rows.reset()
        #expect(grain() == [0, 0, 0, 0])
    }

    @Test func rowsThatGrainsOwnByTheirNumbersAreAssignedTogether() {
        let layout = tape.wholeVector
        let state = values.pointer + Self.arena.offsets[4]
        for i in 0..<8 { state[i] = Float(i) }
        let total = FlatBuffer(count: layout.count)
        for (rows, new) in [(0..<3, nil), (3..<4, [Float(60), 70])] as [(Range<Int>, [Float]?)] {
            let memory = FlatBuffer(count: layout.count)
            memory.pointer.update(repeating: .nan, count: layout.count)
            tape.begin(gradients: memory.pointer, layout: layout)
            let own = tape.carried(parameters[4], rows: rows)
            #expect(
                !own.needsGradient && own.value.values == (rows.lowerBound * 2..<rows.upperBound * 2).map { Float($0) })
            tape.carry(parameters[4], new.map { Tensor($0, [1, 2], pool: tape.pool) } ?? own.value, rows: rows)
            for i in layout.statistics.lowerBound..<layout.metrics.lowerBound {
                total.pointer[i] += memory.pointer[i]
            }
        }
        layout.assignCarried(values, sums: total.pointer)
        #expect((0..<8).map { state[$0] } == [0, 1, 2, 3, 4, 5, 60, 70])
    }
}
