import CProducts
import TestSupport
import Testing

/// Products of our own kernels in float32.
struct PortableProductTests {
    private struct Shape {
        let m, n, k: Int
        let (transposeA, transposeB, accumulate): (Bool, Bool, Bool)

        init(_ round: Int, _ random: inout TestNumbers) {
            m = 1 + random.integer(below: round % 5 == 0 ? 400 : 70)
            n = 1 + random.integer(below: round % 6 == 0 ? 700 : 90)
            // Rows of A that are a multiple of 512 bytes apart are copied.
            k = round % 4 == 0 ? 128 * (1 + random.integer(below: 5)) : 1 + random.integer(below: 300)
            let bits = random.integer(below: 8)
            (transposeA, transposeB, accumulate) = (bits & 1 == 1, bits & 2 == 2, bits & 4 == 4)
        }

        func product(_ a: [Float], _ b: [Float], _ before: [Float], _ kernels: f32_kernels) -> [Float] {
            var c = before
            f32_multiply(
                m, n, k, a, transposeA ? m : k, transposeA ? 1 : 0, b, transposeB ? k : n, transposeB ? 1 : 0, &c, n,
                accumulate ? 1 : 0, kernels)
            return c
        }

        /// The chain that defines an element.
        func element(_ place: Int, _ a: [Float], _ b: [Float], _ before: [Float]) -> Float {
            let (row, column) = (place / n, place % n)
            return (0..<k).reduce(accumulate ? before[place] : 0) { sum, depth in
                sum.addingProduct(
                    a[transposeA ? depth * m + row : row * k + depth],
                    b[transposeB ? column * k + depth : depth * n + column])
            }
        }
    }

    @Test func `every kernel has the bits of one chain of fused multiply-adds`() {
        var random = TestNumbers(seed: 5)
        for round in 0..<60 {
            let shape = Shape(round, &random)
            let a = random.floats(shape.m * shape.k)
            let b = random.floats(shape.k * shape.n)
            let before = random.floats(shape.m * shape.n)
            let found = shape.product(a, b, before, f32_fastest)
            #expect(found == shape.product(a, b, before, f32_narrow), "\(shape)")
            #expect(found == shape.product(a, b, before, f32_plain), "\(shape)")
            for _ in 0..<20 {
                let place = random.integer(below: found.count)
                #expect(found[place] == shape.element(place, a, b, before), "\(shape) at \(place)")
            }
        }
    }
}
