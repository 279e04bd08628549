import Foundation
import Optimization
import Testing

@Suite struct GradientClippingTests {
    @Test func `the norm has the same bits for every number of threads and is that of a plain sum`() throws {
        let count = 50 * ParameterPieces.size + 1237
        let groups = try ParameterGroups(
            [
                ParameterSpan(name: "a", offset: 0, count: 70_001),
                ParameterSpan(name: "frozen", offset: 70_001, count: 9),
                ParameterSpan(name: "b", offset: 70_010, count: count - 70_010),
            ], rules: [GroupRule("frozen", isFrozen: true)])
        let gradients = FlatBuffer(normal: count, stream: 3)
        for index in 70_001..<70_010 { gradients.pointer[index] = .nan }
        let norm = GradientNorm(ParameterPieces(groups))
        #expect(norm.count == 18 + 34)

        func total(parts: Int) -> Double {
            var sums = Array(repeating: Double.nan, count: norm.count)
            return sums.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return .nan }
                withExtendedLifetime(gradients) {
                    for part in 0..<parts {
                        norm.sumSquares(
                            of: gradients.pointer, into: base,
                            pieces: norm.count * part / parts..<norm.count * (part + 1) / parts)
                    }
                }
                return norm.norm(sums: base, gradientScale: 0.5)
            }
        }
        let reference = gradients.values.enumerated().reduce(0.0) {
            (70_001..<70_010).contains($1.offset) ? $0 : $0 + Double($1.element) * Double($1.element)
        }
        #expect(abs(total(parts: 1) - 0.5 * reference.squareRoot()) < 1e-12 * reference.squareRoot())
        for parts in [2, 3, 4, 11] { #expect(total(parts: parts).bitPattern == total(parts: 1).bitPattern) }
    }

    @Test(arguments: [0, 1, 7, 31, 32, 33, 1000])
    func `the norm of few or huge elements is exact, not finite only if an element is not`(count: Int) throws {
        let norm = GradientNorm(
            ParameterPieces(try ParameterGroups([ParameterSpan(name: "a", offset: 0, count: count)])))
        func value(_ values: [Float]) -> Double {
            let gradients = FlatBuffer(values)
            var sum = 0.0
            withExtendedLifetime(gradients) {
                norm.sumSquares(of: gradients.pointer, into: &sum, pieces: 0..<norm.count)
            }
            return norm.norm(sums: &sum, gradientScale: 1)
        }
        let ramp = (0..<count).map { Float($0 - 3) }
        #expect(value(ramp) == ramp.reduce(0.0) { $0 + Double($1 * $1) }.squareRoot())
        #expect(value(Array(repeating: .greatestFiniteMagnitude, count: count)).isFinite)
        if count > 0 {
            #expect(value(Array(repeating: 0, count: count - 1) + [.infinity]) == .infinity)
            #expect(value([.nan] + Array(repeating: 0, count: count - 1)).isNaN)
        }
    }

    @Test func `the global norm scales down only what exceeds it`() {
        let clipping = GradientClipping.globalNorm(maximum: 2)
        #expect(clipping.scale(0.5, norm: 1.5) == 0.5)
        #expect(abs(clipping.scale(0.5, norm: 8) - 0.125) < 1e-7)
        #expect(clipping.scale(0.5, norm: .infinity) == 0.5)
        #expect(clipping.scale(0.5, norm: .nan) == 0.5)
        #expect(clipping.limit == .infinity)
        #expect(GradientClipping.none.scale(0.5, norm: 8) == 0.5)
        #expect(GradientClipping.value(limit: 3).scale(0.5, norm: 8) == 0.5)
        #expect(GradientClipping.value(limit: 3).limit == 3)
    }

    @Test func `refuses bounds that are not positive`() throws {
        let groups = try ParameterGroups([])
        for clipping in [GradientClipping.value(limit: 0), .globalNorm(maximum: -1), .globalNorm(maximum: .nan)] {
            #expect(throws: OptimizationError.self) { try Optimizer(rule: SGD(), groups: groups, clipping: clipping) }
        }
    }
}
