import Foundation
import Optimization
import Testing

@Suite struct OptimizerTests {
    /// Three parameters over three and a bit blocks of 4,096; the middle one starts and ends inside a block.
    private let spans = [
        ParameterSpan(name: "a", offset: 0, count: 5001), ParameterSpan(name: "b", offset: 5001, count: 6000),
        ParameterSpan(name: "c", offset: 11_001, count: 2003),
    ]
    private var count: Int { 13_004 }

    @Test(arguments: [1, 2, 3, 4, 7]) func `parts cover the buffer in order at block boundaries`(parts: Int) {
        for count in [0, 1, 4096, 4097, 13_004, 100_000] {
            var end = 0
            for part in 0..<parts {
                let range = Optimizer.range(of: count, part: part, of: parts)
                #expect(range.lowerBound == end)
                #expect(range.lowerBound % 4096 == 0 || range.lowerBound == count)
                end = range.upperBound
            }
            #expect(end == count)
        }
    }

    @Test(arguments: [2, 3, 4, 9]) func `any number of parts, on threads, gives the same bits`(parts: Int) throws {
        let groups = try ParameterGroups(
            spans, defaults: GroupSettings(weightDecay: 0.01),
            rules: [GroupRule("b", learningRateFactor: 0.5, weightDecay: 0, l1: 0.001)])
        for rule in allRules() {
            let optimizer = try Optimizer(rule: rule, groups: groups, clipping: .value(limit: 2))
            func train(parts: Int) -> [[UInt32]] {
                let parameters = FlatBuffer(normal: count, stream: 1)
                let slots = optimizer.slots(learningRate: 0.01)
                for number in 1...3 {
                    let gradients = FlatBuffer(normal: count, stream: 1 + number, scale: 8)
                    nonisolated(unsafe) let (weights, sums, state) = (parameters, gradients, slots)
                    DispatchQueue.concurrentPerform(iterations: parts) { part in
                        optimizer.step(
                            parameters: weights, gradients: sums, slots: state, learningRate: 0.01,
                            gradientScale: 0.125,
                            stepNumber: number, part: part, of: parts)
                    }
                }
                return [parameters.bits] + slots.map(\.bits)
            }
            #expect(train(parts: parts) == train(parts: 1), "\(rule.name)")
        }
    }

    @Test func `each group has its own rate and decay, frozen parameters and gaps stay untouched`() throws {
        let spans = [
            ParameterSpan(name: "a", offset: 0, count: 1), ParameterSpan(name: "b", offset: 1, count: 1),
            ParameterSpan(name: "frozen", offset: 2, count: 1), ParameterSpan(name: "c", offset: 4, count: 1),
        ]
        let groups = try ParameterGroups(
            spans,
            rules: [
                GroupRule("b", learningRateFactor: 0.5), GroupRule("c", weightDecay: 0.25),
                GroupRule("frozen", isFrozen: true),
            ])
        let optimizer = try Optimizer(rule: SGD(), groups: groups)
        let parameters = FlatBuffer([4, 4, 4, 4, 4])
        optimizer.step(
            parameters: parameters, gradients: FlatBuffer([8, 8, .nan, .nan, 8]), slots: [], learningRate: 0.5,
            gradientScale: 0.25)
        #expect(parameters.values == [3, 3.5, 4, 4, 2.5])
    }

    @Test func `slots start at zero or at the group's learning rate`() throws {
        let groups = try ParameterGroups(spans, rules: [GroupRule("b", learningRateFactor: 0.5)])
        let slots = try Optimizer(rule: Rprop(), groups: groups).slots(learningRate: 0.25)
        #expect(slots[0].values.allSatisfy { $0 == 0 })
        #expect(slots[1].values == (0..<count).map { (5001..<11_001).contains($0) ? 0.125 : 0.25 })
    }

    @Test func `AdamW shrinks parameters apart from the gradient`() throws {
        let groups = try ParameterGroups(
            [ParameterSpan(name: "a", offset: 0, count: 1)], defaults: GroupSettings(weightDecay: 0.5))
        let optimizer = try Optimizer(rule: Adam(decouplesWeightDecay: true), groups: groups)
        let parameters = FlatBuffer([8])
        let slots = optimizer.slots(learningRate: 0.5)
        optimizer.step(parameters: parameters, gradients: FlatBuffer([0]), slots: slots, learningRate: 0.5)
        #expect(parameters.values == [6])
        #expect(slots[0].values == [0])
    }
}
