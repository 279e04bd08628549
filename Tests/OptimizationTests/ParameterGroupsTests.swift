import Optimization
import Testing

@Suite struct ParameterGroupsTests {
    /// In the buffer: fc.bias 0..<2, fc.weight 2..<8, layer1.0.bias 8..<9, layer1.0.weight 9..<12, gap, stem.weight
    /// 16..<20.
    private let spans = [
        ParameterSpan(name: "stem.weight", offset: 16, count: 4),
        ParameterSpan(name: "layer1.0.weight", offset: 9, count: 3),
        ParameterSpan(name: "layer1.0.bias", offset: 8, count: 1),
        ParameterSpan(name: "fc.weight", offset: 2, count: 6),
        ParameterSpan(name: "fc.bias", offset: 0, count: 2),
    ]

    @Test func `without rules the segments are the contiguous ranges`() throws {
        let groups = try ParameterGroups(spans, defaults: GroupSettings(weightDecay: 0.1))
        #expect(groups.segments.map(\.range) == [0..<12, 16..<20])
        #expect(groups.segments.allSatisfy { $0.settings == GroupSettings(weightDecay: 0.1) })
        #expect(groups.count == 20)
        #expect(groups.spans.map(\.offset) == [0, 2, 8, 9, 16])
    }

    @Test func `a rule changes what it names and later rules override earlier ones`() throws {
        let groups = try ParameterGroups(
            spans, defaults: GroupSettings(weightDecay: 0.1),
            rules: [
                GroupRule("layer1.*", learningRateFactor: 0.5), GroupRule("*.bias", weightDecay: 0),
                GroupRule("fc.*", learningRateFactor: 10), GroupRule("*", l1: 0.25),
            ])
        #expect(groups.segments.map(\.range) == [0..<2, 2..<8, 8..<9, 9..<12, 16..<20])
        #expect(
            groups.segments.map(\.settings) == [
                GroupSettings(learningRateFactor: 10, weightDecay: 0, l1: 0.25),
                GroupSettings(learningRateFactor: 10, weightDecay: 0.1, l1: 0.25),
                GroupSettings(learningRateFactor: 0.5, weightDecay: 0, l1: 0.25),
                GroupSettings(learningRateFactor: 0.5, weightDecay: 0.1, l1: 0.25),
                GroupSettings(learningRateFactor: 1, weightDecay: 0.1, l1: 0.25),
            ])
    }

    @Test func `frozen parameters are in no segment`() throws {
        let groups = try ParameterGroups(
            spans, rules: [GroupRule("*", isFrozen: true), GroupRule("fc.????", isFrozen: false)])
        #expect(groups.segments.map(\.range) == [0..<2])
        #expect(groups.settings.map(\.isFrozen) == [false, true, true, true, true])
    }

    @Test(arguments: [
        ("*.biass", "fc.bias"), ("layer2.0.weight", "layer1.0.weight"), ("stem", "fc.bias"),
        ("stem.weigth*", "stem.weight"),
    ])
    func `a pattern that matches nothing is an error that names the nearest parameter`(pattern: String, nearest: String)
    {
        #expect(throws: OptimizationError.unmatchedPattern(pattern: pattern, nearest: nearest)) {
            try ParameterGroups(spans, rules: [GroupRule(pattern, isFrozen: true)])
        }
    }

    @Test func `a pattern that matches untrained parameters alone changes nothing`() throws {
        let groups = try ParameterGroups(spans, untrained: ["frozen.bias"], rules: [GroupRule("frozen.*", l1: 1)])
        #expect(groups.settings.allSatisfy { $0.l1 == 0 })
        #expect(throws: OptimizationError.unmatchedPattern(pattern: "frozen.weigh", nearest: "frozen.bias")) {
            try ParameterGroups(spans, untrained: ["frozen.bias"], rules: [GroupRule("frozen.weigh", l1: 1)])
        }
    }

    @Test func `a rule for a model without parameters is an error too`() {
        #expect(throws: OptimizationError.unmatchedPattern(pattern: "*", nearest: nil)) {
            try ParameterGroups([], rules: [GroupRule("*", isFrozen: true)])
        }
    }

    @Test func `refuses negative and non-finite settings and says where`() {
        #expect(
            throws: OptimizationError.outOfRange(
                owner: "parameter group 'fc.*'", name: "weightDecay", value: -1, allowed: "weightDecay ≥ 0")
        ) {
            try ParameterGroups(spans, rules: [GroupRule("fc.*", weightDecay: -1)])
        }
        #expect(throws: OptimizationError.self) { try ParameterGroups(spans, defaults: GroupSettings(l1: .infinity)) }
        #expect(throws: OptimizationError.self) {
            try ParameterGroups(spans, rules: [GroupRule("*", learningRateFactor: .nan)])
        }
    }
}
