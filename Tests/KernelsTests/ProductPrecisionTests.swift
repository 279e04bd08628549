import CProducts
import Kernels
import TestSupport
import Testing

/// Products of factors that are rounded to bfloat16.
struct ProductPrecisionTests {
    /// What is multiplied, and how it is stored.
    struct Shape: CustomStringConvertible {
        let m, n, k: Int
        let (transposeA, transposeB, accumulate): (Bool, Bool, Bool)

        init(_ random: inout TestNumbers) {
            m = 1 + Int(random.word() % 70)
            n = 1 + Int(random.word() % 90)
            k = 1 + Int(random.word() % (random.word() % 8 == 0 ? 1200 : 130))
            let bits = random.word()
            (transposeA, transposeB, accumulate) = (bits & 1 == 1, bits & 2 == 2, bits & 4 == 4)
        }

        var description: String { "\(m)×\(n)×\(k), \(transposeA), \(transposeB), \(accumulate)" }
    }

    /// What the numbers are like.
    enum Kind: CaseIterable {
        case usual
        /// Any bits: infinities, NaN, denormal and huge numbers.
        case any
        /// Products around the least normal number.
        case tiny

        func number(_ random: inout TestNumbers) -> Float {
            let bits = UInt32(truncatingIfNeeded: random.word() >> 16)
            let exponent = UInt32(truncatingIfNeeded: random.word())
            return switch self {
            case .usual: Float(bitPattern: bits & 0x807F_FFFF | (118 + exponent % 16) << 23)
            case .any: Float(bitPattern: bits)
            case .tiny: Float(bitPattern: bits & 0x807F_FFFF | (exponent % 130) << 23)
            }
        }
    }

    private func numbers(_ count: Int, _ kind: Kind, _ random: inout TestNumbers) -> [Float] {
        (0..<count).map { _ in kind.number(&random) }
    }

    private func product(_ s: Shape, _ a: [Float], _ b: [Float], _ before: [Float], emulates: Bool) -> [Float] {
        var c = before
        bf16_multiply(
            s.m, s.n, s.k, a, s.transposeA ? s.m : s.k, s.transposeA ? 1 : 0, b, s.transposeB ? s.k : s.n,
            s.transposeB ? 1 : 0, &c, s.n, s.accumulate ? 1 : 0, emulates ? 1 : 0)
        return c
    }

    /// Bits, of which those of all NaN are alike.
    private func bits(_ values: [Float]) -> [UInt32] { values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern } }

    // MARK: - The definition, number by number

    private func flushed(_ value: Float) -> Float {
        value.isSubnormal ? Float(sign: value.sign, exponent: 0, significand: 0) : value
    }

    private func rounded(_ value: Float) -> Float {
        if value.isNaN { return .nan }
        let bits = flushed(value).bitPattern
        return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
    }

    private func expected(_ s: Shape, _ a: [Float], _ b: [Float], _ before: [Float]) -> [Float] {
        func factors(_ row: Int, _ column: Int, _ depth: Int) -> (Float, Float) {
            guard depth < s.k else { return (0, 0) }
            return (
                rounded(a[s.transposeA ? depth * s.m + row : row * s.k + depth]),
                rounded(b[s.transposeB ? column * s.k + depth : depth * s.n + column])
            )
        }
        return (0..<s.m * s.n).map { place in
            var sum = s.accumulate ? flushed(before[place]) : 0
            for pair in 0..<(s.k + 1) / 2 {
                for depth in [2 * pair + 1, 2 * pair] {
                    let (x, y) = factors(place / s.n, place % s.n, depth)
                    sum = flushed(sum.addingProduct(x, y))
                }
            }
            return sum
        }
    }

    @Test(arguments: Kind.allCases)
    func `the emulation has the bits of the definition, and the instruction those of the emulation`(kind: Kind) {
        var random = TestNumbers(seed: kind == .any ? 1 : kind == .tiny ? 2 : 3)
        for round in 0..<60 {
            let shape = Shape(&random)
            let a = numbers(shape.m * shape.k, kind, &random)
            let b = numbers(shape.k * shape.n, kind == .tiny ? .usual : kind, &random)
            let before = numbers(shape.m * shape.n, kind, &random)
            let emulated = bits(product(shape, a, b, before, emulates: true))
            if round % 4 == 0 { #expect(emulated == bits(expected(shape, a, b, before)), "\(shape)") }
            #expect(emulated == bits(product(shape, a, b, before, emulates: false)), "\(shape)")
        }
    }

    @Test func `ties go to the even neighbour, and what lies beside them to the nearest`() {
        let one = UInt32(0x3F80_0000)
        for (offset, result) in [
            (0x7FFF, 0x0000), (0x8000, 0x0000), (0x8001, 0x1_0000), (0x1_7FFF, 0x1_0000), (0x1_8000, 0x2_0000),
        ] {
            for emulates in [0, 1] as [Int32] {
                var c: Float = 0
                bf16_multiply(1, 1, 1, [Float(bitPattern: one + UInt32(offset))], 1, 0, [1], 1, 0, &c, 1, 0, emulates)
                #expect(c.bitPattern == one + UInt32(result), "\(offset)")
            }
        }
    }

    @Test func `an element does not depend on the matrices around it`() {
        var random = TestNumbers(seed: 7)
        let (m, n, k) = (230, 600, 700)  // more than a block of each
        let (a, b) = (numbers(m * k, .usual, &random), numbers(k * n, .usual, &random))
        var all = [Float](repeating: 0, count: m * n)
        bf16_multiply(m, n, k, a, k, 0, b, n, 0, &all, n, 0, 0)
        for (row, column) in [(0, 0), (191, 511), (192, 512), (229, 599), (100, 530)] {
            var one: Float = 0
            let line = Array(a[row * k..<(row + 1) * k])
            bf16_multiply(1, 1, k, line, k, 0, (0..<k).map { b[$0 * n + column] }, 1, 0, &one, 1, 0, 0)
            #expect(one.bitPattern == all[row * n + column].bitPattern)
        }
    }

    @Test func `rounding leaves no more than its bound, and typically much less`() {
        var random = TestNumbers(seed: 11)
        for k in [16, 256, 2048] {
            let (m, n) = (24, 40)
            let (a, b) = (numbers(m * k, .usual, &random), numbers(k * n, .usual, &random))
            var c = [Float](repeating: 0, count: m * n)
            ProductPrecision.mixed.use { layerProduct(m: m, n: n, k: k, a, lda: k, b, ldb: n, into: &c, ldc: n) }
            for place in c.indices {
                var (sum, size, squares) = (0.0, 0.0, 0.0)
                for depth in 0..<k {
                    let term = Double(a[place / n * k + depth]) * Double(b[depth * n + place % n])
                    (sum, size, squares) = (sum + term, size + abs(term), squares + term * term)
                }
                let error = abs(Double(c[place]) - sum)
                #expect(error <= 0x1p-7 * 1.002 * size + Double(k) * 0x1p-24 * size)
                // Each of the two roundings is off by 2⁻⁸ at most, one independently of the other.
                #expect(error <= 3 * 0x1p-8 * squares.squareRoot() + Double(k).squareRoot() * 0x1p-22 * size)
            }
        }
    }

    @Test(arguments: [(3, 17, 32), (4, 20, 32), (2, 32, 32), (1, 48, 48)])
    func `packed weights give the bits of those that are read as they are`(blocks: Int, units: Int, padded: Int) {
        var random = TestNumbers(seed: UInt64(units))
        let (inputs, rows) = (units + 3, 9)
        let w = numbers(blocks * units * inputs, .usual, &random)
        let x = numbers(rows * inputs, .usual, &random)
        ProductPrecision.mixed.use {
            var panels = [Float](repeating: .nan, count: panelCount(k: inputs, n: blocks * padded))
            packTransposedBlocks(w, blocks: blocks, units: units, padded: padded, inputs: inputs, into: &panels)
            var y = [Float](repeating: 0, count: rows * blocks * padded)
            multiplyPanels(
                m: rows, n: blocks * padded, k: inputs, x, lda: inputs, panels, into: &y, ldc: blocks * padded,
                accumulate: false)
            for block in 0..<blocks {
                var plain = [Float](repeating: 0, count: rows * units)
                w.withUnsafeBufferPointer { w in
                    layerProduct(
                        m: rows, n: units, k: inputs, x, lda: inputs, w.baseAddress! + block * units * inputs,
                        ldb: inputs, transposeB: true, into: &plain, ldc: units)
                }
                for row in 0..<rows {
                    let line = (row * blocks + block) * padded
                    #expect(bits(Array(y[line..<line + units])) == bits(Array(plain[row * units..<(row + 1) * units])))
                    #expect(y[line + units..<line + padded].allSatisfy { $0 == 0 })
                }
            }
            // The way back: gradients of the sums of all blocks, padding included, times W.
            let width = (inputs + 15) / 16 * 16
            var back = [Float](repeating: .nan, count: panelCount(k: blocks * padded, n: width))
            packBlocks(
                w, blocks: blocks, units: units, padded: padded, inputs: inputs, width: width, into: &back)
            var dx = [Float](repeating: 0, count: rows * width)
            multiplyPanels(
                m: rows, n: width, k: blocks * padded, y, lda: blocks * padded, back, into: &dx, ldc: width,
                accumulate: false)
            var filled = [Float](repeating: 0, count: blocks * padded * inputs)
            for block in 0..<blocks {
                let own = block * units * inputs..<(block + 1) * units * inputs
                filled.replaceSubrange(block * padded * inputs..<block * padded * inputs + own.count, with: w[own])
            }
            var plain = [Float](repeating: 0, count: rows * inputs)
            layerProduct(
                m: rows, n: inputs, k: blocks * padded, y, lda: blocks * padded, filled, ldb: inputs, into: &plain,
                ldc: inputs)
            for row in 0..<rows {
                #expect(
                    bits(Array(dx[row * width..<row * width + inputs]))
                        == bits(Array(plain[row * inputs..<(row + 1) * inputs])))
            }
        }
    }

    @Test func `outside of its scope a thread computes in Float`() {
        let third = [Float(1) / 3]
        var (inside, outside): (Float, Float) = (0, 0)
        ProductPrecision.mixed.use {
            layerProduct(m: 1, n: 1, k: 1, third, lda: 1, [1], ldb: 1, into: &inside, ldc: 1)
            ProductPrecision.float32.use {
                layerProduct(m: 1, n: 1, k: 1, third, lda: 1, [1], ldb: 1, into: &outside, ldc: 1)
            }
        }
        #expect(outside == third[0] && inside == 0.333984375)
        layerProduct(m: 1, n: 1, k: 1, third, lda: 1, [1], ldb: 1, into: &inside, ldc: 1)
        #expect(inside == third[0])
    }
}
