import Autograd
import Kernels
import TensorCore
import Testing

/// Where a phase's gradients, statistics and carried state lie.
@Suite struct GrainVectorLayoutTests {
    static let arena = ModelLayout([
        Parameter(index: 0, name: "a.weight", shape: [20], initializer: .ones),
        Parameter(index: 1, name: "a.mean", shape: [3], role: .statistic(momentum: 0.5), initializer: .ones),
        Parameter(index: 2, name: "b.weight", shape: [5], initializer: .ones),
        Parameter(index: 3, name: "table", shape: [4], role: .constant, initializer: .ones),
        Parameter(index: 4, name: "b.state", shape: [4, 2], role: .carried, initializer: .zeros),
        Parameter(index: 5, name: "b.mean", shape: [17], role: .statistic(momentum: 0.25), initializer: .ones),
        Parameter(index: 6, name: "c.weight", shape: [16], initializer: .ones),
    ])

    @Test func theArenaHasWeightsThenStatisticsThenCarriedThenConstants() {
        // c.weight 0, b.weight 16, a.weight 32 (32 floats), a.mean 64, b.mean 80 (32), b.state 112, table 128
        #expect(Self.arena.offsets == [32, 64, 16, 128, 112, 80, 0])
        #expect(Self.arena.trainableCount == 64 && Self.arena.count == 144)
        #expect(Self.arena.trainableOrder == [6, 2, 0])
    }

    @Test func gradientsOfEverythingLieAsInTheArena() {
        let layout = GradientLayout(Self.arena, .all(Self.arena))
        #expect(layout.order == [6, 2, 0] && layout.count == 64)
        #expect([6, 2, 0].map { layout.offset(of: $0) } == [0, 16, 32])
        #expect([1, 3, 4, 5].allSatisfy { layout.offset(of: $0) == nil })
        #expect(layout.spans == [.init(compact: 0..<64, arenaOffset: 0)])
    }

    @Test func frozenWeightsTakeNoPlace() {
        let layout = GradientLayout(Self.arena, ParameterSet(Self.arena) { !$0.hasPrefix("b.") })
        #expect(layout.order == [6, 0] && layout.count == 48)
        #expect(layout.offset(of: 6) == 0 && layout.offset(of: 2) == nil && layout.offset(of: 0) == 16)
        #expect(layout.spans == [.init(compact: 0..<16, arenaOffset: 0), .init(compact: 16..<48, arenaOffset: 32)])
        let nothing = GradientLayout(Self.arena, ParameterSet(Self.arena) { _ in false })
        #expect(nothing.count == 0 && nothing.spans.isEmpty && nothing.order.isEmpty)
    }

    @Test func everythingHasItsPlaceInTheVector() {
        let layout = GrainVectorLayout(all: Self.arena, metrics: 3, flags: 2)
        #expect(layout.gradients == 0..<64 && layout.statistics == 64..<112)
        #expect(layout.offset(of: 1) == 64 && layout.offset(of: 5) == 80)
        #expect(layout.statisticWeights == 112..<115)
        #expect([1, 5, 4].map { layout.weightOffset(of: $0) } == [112, 113, 114])
        #expect(layout.carried == 128..<144 && layout.offset(of: 4) == 128)
        #expect(layout.metrics == 144..<147 && layout.flags == 147..<149 && layout.count == 160)
        #expect(layout.offset(of: 3) == nil && !layout.contains(3) && layout.contains(4))
    }

    @Test func whatIsNotTrainedHasNoPlace() {
        let layout = GrainVectorLayout(
            GradientLayout(Self.arena, ParameterSet(Self.arena) { $0.hasPrefix("b.") }), metrics: 1)
        #expect(layout.gradients == 0..<16 && layout.statistics == 16..<48)
        #expect(layout.offset(of: 0) == nil && layout.offset(of: 1) == nil && layout.offset(of: 5) == 16)
        #expect(layout.statisticOrder == [5] && layout.carriedOrder == [4])
        #expect(layout.count % 16 == 0 && layout.flags.count == 2)
    }

    @Test func aStatisticMovesByItsMomentumAndStaysWhereNothingWasSeen() {
        let layout = GrainVectorLayout(all: Self.arena)
        let values = FlatBuffer(count: Self.arena.count)
        Self.arena.initialize(values, key: RandomKey(seed: 1))
        let sums = FlatBuffer(count: layout.count)
        // Two grains with weights 1 and 3 whose values are 5 and 1: the mean is 2.
        for i in 0..<3 { sums.pointer[64 + i] = 1 * 5 + 3 * 1 }
        sums.pointer[112] = 4
        layout.updateStatistics(values, sums: sums.pointer)
        #expect((0..<3).allSatisfy { values.pointer[64 + $0] == 1.5 })
        #expect((0..<17).allSatisfy { values.pointer[80 + $0] == 1 })
    }

    @Test func carriedStateIsAssignedWhereAGrainCarriedIt() {
        let layout = GrainVectorLayout(all: Self.arena)
        let values = FlatBuffer(count: Self.arena.count)
        values.pointer[112] = 7
        let sums = FlatBuffer(count: layout.count)
        layout.assignCarried(values, sums: sums.pointer)
        #expect(values.pointer[112] == 7)
        for i in 0..<8 { sums.pointer[128 + i] = Float(i + 1) }
        sums.pointer[114] = 4
        layout.assignCarried(values, sums: sums.pointer)
        #expect((0..<8).map { values.pointer[112 + $0] } == [1, 2, 3, 4, 5, 6, 7, 8])
    }
}
