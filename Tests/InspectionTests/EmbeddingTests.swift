import Foundation
import Inspection
import Kernels
import TestSupport
import Testing

@Suite struct EmbeddingTests {
    /// Two clouds of 40 points in 6 dimensions, 10 apart.
    private let rows: [Double]
    private let classes = (0..<80).map { $0 / 40 }

    init() {
        rows = Noise.normal(count: 480, key: RandomKey(seed: 3)).enumerated().map { index, value in
            Double(value) + (index / 240 == 1 && index % 6 == 2 ? 10 : 0)
        }
    }

    @Test func `principal components have the variance in their order, whichever matrix is decomposed`() throws {
        let found = try #require(Embedding.principal(rows, count: 80, dimensions: 6))
        func variance(_ place: Int) -> Double {
            (0..<80).reduce(0) { $0 + found.points[$1 * 6 + place] * found.points[$1 * 6 + place] }
        }
        #expect(variance(0) > variance(1) && variance(1) > variance(5))
        // All the variance is kept by as many components as there are columns.
        var whole = 0.0
        for column in 0..<6 {
            let mean = (0..<80).reduce(0) { $0 + rows[$1 * 6 + column] } / 80
            whole += (0..<80).reduce(0) { $0 + (rows[$1 * 6 + column] - mean) * (rows[$1 * 6 + column] - mean) }
        }
        #expect(abs((0..<6).reduce(0) { $0 + variance($1) } - whole) < 1e-9 * whole)
        #expect(abs(found.explained - (variance(0) + variance(1)) / whole) < 1e-9)
        // Fewer rows than columns: the other matrix, the same distances.
        let wide = try #require(Embedding.principal(Array(rows[..<30]), count: 5, dimensions: 6))
        #expect(wide.dimensions == 5)
        for (i, j) in [(0, 1), (2, 4)] {
            let own = (0..<6).reduce(0.0) {
                $0 + (rows[i * 6 + $1] - rows[j * 6 + $1]) * (rows[i * 6 + $1] - rows[j * 6 + $1])
            }
            let made = (0..<5).reduce(0.0) {
                $0 + (wide.points[i * 5 + $1] - wide.points[j * 5 + $1])
                    * (wide.points[i * 5 + $1] - wide.points[j * 5 + $1])
            }
            #expect(abs(own - made) < 1e-9 * own)
        }
    }

    @Test func `similarities are symmetric, sum to 1 and are as wide as the perplexity says`() {
        let p = Embedding.similarities(rows, count: 80, dimensions: 6, perplexity: 12)
        #expect(abs(p.reduce(0, +) - 1) < 1e-9)
        for i in 0..<80 { for j in 0..<80 { #expect(p[i * 80 + j] == p[j * 80 + i]) } }
        #expect((0..<80).allSatisfy { p[$0 * 81] == 0 })
    }

    @Test func `t-SNE's gradient is the slope of the divergence`() {
        let p = Embedding.similarities(Array(rows[..<72]), count: 12, dimensions: 6, perplexity: 4)
        let y = Noise.normal(count: 24, key: RandomKey(seed: 5)).map(Double.init)
        var gradient = [Double](repeating: 0, count: 24)
        _ = neighbourGradient(p, points: y, count: 12, exaggeration: 1, into: &gradient)
        var other = gradient
        for index in 0..<24 {
            var (above, below) = (y, y)
            above[index] += 1e-5
            below[index] -= 1e-5
            let slope =
                (neighbourGradient(p, points: above, count: 12, exaggeration: 1, into: &other)
                    - neighbourGradient(p, points: below, count: 12, exaggeration: 1, into: &other)) / 2e-5
            #expect(abs(slope - gradient[index]) < 1e-7)
        }
    }

    @Test func `t-SNE keeps two clouds apart, the same each time`() {
        let made = Embedding.neighbours(rows, count: 80, dimensions: 6, perplexity: 10, steps: 300)
        #expect(Embedding.nearestShare(made.points, classes) == 1)
        #expect(made.divergence > 0 && made.divergence < 2)
        let again = Embedding.neighbours(rows, count: 80, dimensions: 6, perplexity: 10, steps: 300)
        #expect(zip(made.points, again.points).allSatisfy { $0 == $1 })
    }
}
