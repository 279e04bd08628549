import Optimization
import Testing

@Suite struct ParameterPiecesTests {
    private func optimizer(_ rule: any UpdateRule, maxNorm: Double = .infinity) throws -> Optimizer {
        let spans = [
            ParameterSpan(name: "matrix", offset: 0, count: 100_000, rowLength: 50),
            ParameterSpan(name: "bias", offset: 100_000, count: 10),
            ParameterSpan(name: "frozen", offset: 100_016, count: 5000, rowLength: 5),
            ParameterSpan(name: "limited", offset: 105_024, count: 9000, rowLength: 30),
        ]
        let rules = [GroupRule("frozen", isFrozen: true), GroupRule("limited", maxNorm: maxNorm)]
        return try Optimizer(rule: rule, groups: try ParameterGroups(spans, rules: rules))
    }

    @Test func `pieces are counted from each parameter's beginning, and a frozen one has none`() throws {
        let pieces = try optimizer(SGD()).pieces
        #expect(pieces.ranges.count == 25 + 1 + 3)
        #expect(pieces.ranges[24] == 98_304..<100_000 && pieces.ranges[25] == 100_000..<100_010)
        #expect(pieces.ranges[26] == 105_024..<109_120 && pieces.ranges[28] == 113_216..<114_024)
        #expect(pieces.indices(in: 0..<4097) == 0..<2)
        #expect(pieces.indices(in: 4097..<100_010) == 2..<26)
        #expect(pieces.indices(in: 100_010..<105_024).isEmpty)
    }

    @Test func `cuts lie between pieces and leave limited rows together; those of layer-wise rules are coarse`() throws
    {
        let plain = try optimizer(SGD()).cuts(upTo: 114_032)
        #expect(plain.first == 0 && plain.last == 114_032 && plain == plain.sorted())
        #expect(plain.contains(4096) && plain.contains(105_024 + 8192))
        let limited = try optimizer(SGD(), maxNorm: 2).cuts(upTo: 114_032)
        #expect(limited.filter { $0 > 105_024 } == [114_032])
        let layerwise = try optimizer(LARS()).cuts(upTo: 114_032)
        #expect(layerwise.filter { $0 < 100_000 } == [0, 65_536])
    }

    @Test func `measured pieces in a range are those that begin there`() throws {
        let optimizer = try optimizer(LARS())
        #expect(optimizer.pieceCount == 2 + 1)
        #expect(optimizer.pieces(in: 0..<65_536) == 0..<1)
        #expect(optimizer.pieces(in: 65_536..<105_024) == 1..<2)
        #expect(optimizer.pieces(in: 100_000..<105_024).isEmpty)
        #expect(optimizer.pieces(in: 0..<114_032) == 0..<3)
    }
}
