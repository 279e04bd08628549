import DataParallel
import Foundation
import Synchronization
import Testing

@Suite("GradientWire", .timeLimit(.minutes(1)))
struct GradientWireTests {
    private static let roundings: [(value: Float, bits: UInt16)] = [
        (1, 0x3F80), (-2, 0xC000), (0, 0), (-0.0, 0x8000), (.infinity, 0x7F80), (-.infinity, 0xFF80),
        (0x1.01p0, 0x3F80),  // a tie: down to the even one
        (0x1.03p0, 0x3F82),  // a tie: up to the even one
        (0x1.01001p0, 0x3F81), (0x1.02fffp0, 0x3F81),
        (.greatestFiniteMagnitude, 0x7F80), (0x1p-133, 0x0001), (0x1p-149, 0x0000),
    ]

    @Test("a Float becomes the nearest bfloat16, ties to even")
    func rounding() {
        for (value, bits) in Self.roundings { #expect(bfloat16Bits(value) == bits, "\(value)") }
    }

    @Test("NaN stays NaN, whatever its payload")
    func notANumber() {
        for bits in [0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0xFF80_0001, 0xFFFF_FFFF] as [UInt32] {
            #expect(float(bfloat16Bits: bfloat16Bits(Float(bitPattern: bits))).isNaN)
        }
    }

    /// A step's result on every rank.
    private static func results(of job: Job, _ vectors: GrainVectors) -> [[Float]] {
        let results = Mutex([[Float]](repeating: [], count: job.ranks))
        let errors = job.run { rank in
            for step in 0..<2 {
                let sum = try rank.step { grain, vector, _ in
                    for (index, value) in vectors.vector(step: step, grain: grain).enumerated() {
                        vector[index] = value
                    }
                }
                let copy = Array(UnsafeBufferPointer(start: sum, count: job.floats))
                results.withLock { $0[rank.number] = copy }
            }
        }
        #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
        return results.withLock { $0 }
    }

    @Test(
        "as bfloat16 all ranks have the same sums, near the exact ones; what is no gradient keeps its bits",
        arguments: [nil, [0, 1, 0, 1, 1]] as [[Int]?], [2, 3, 5])
    func errorBound(hosts: [Int]?, ranks: Int) {
        let vectors = GrainVectors(grainCount: 8, floats: 16 * 40)
        let gradients = 16 * 37
        let job = Job(
            grains: 8, ranks: ranks, workers: 1, floats: vectors.floats, bucketBytes: 512, kind: .exchange,
            wire: .bfloat16, gradientCount: gradients, hostOfRank: hosts.map { Array($0[..<ranks]) })
        let results = Self.results(of: job, vectors)
        for result in results { #expect(bits(result) == bits(results[0])) }
        let exact = vectors.sum(step: 1)
        #expect(bits(Array(results[0][gradients...])) == bits(Array(exact[gradients...])))
        #expect(bits(results[0]) != bits(exact))
        for index in 0..<gradients {
            // Each partial sum is rounded once and the result once more, each time by at most 2⁻⁸ of itself; the rest
            // is Float's.
            let magnitude = (0..<8).reduce(Float(0)) { $0 + abs(vectors.vector(step: 1, grain: $1)[index]) }
            #expect(abs(results[0][index] - exact[index]) <= 0x1.02p-7 * magnitude, "float \(index)")
        }
    }

    @Test("bfloat16 halves the bytes of gradients", arguments: [2, 4])
    func bytes(ranks: Int) {
        let vectors = GrainVectors(grainCount: 4, floats: 16 * 64)
        func sent(_ wire: GradientWire, _ gradients: Int) -> Int {
            let counter = ByteCounter()
            _ = Self.results(
                of: Job(
                    grains: 4, ranks: ranks, workers: 1, floats: vectors.floats, bucketBytes: 1024, kind: .exchange,
                    wire: wire,
                    gradientCount: gradients, counter: counter), vectors)
            return counter.total
        }
        let whole = sent(.float32, vectors.floats)
        // two steps of 2 (P − 1) / P · n floats from P ranks
        #expect(whole == 2 * 2 * (ranks - 1) * vectors.floats * 4)
        #expect(sent(.bfloat16, vectors.floats) * 2 == whole)
        #expect(sent(.bfloat16, 0) == whole)
    }
}
