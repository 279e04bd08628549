/// The discrete Fourier transform of one short line of complex numbers, 16 channels at a time: Z[v] = Σ z[j] · exp(−2πi
/// · j · v / count).
///
/// Stockham's self-sorting mixed-radix algorithm (Cochran et al., "What is the fast Fourier transform?", 1967; Van
/// Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, section 1.7) with radices 2 to 5. Real and
/// imaginary parts are separate, so the inverse, times `count`, is the same transform with both swapped.
struct FFTLine {
    /// The lengths of ``transform(_:into:spare:)``; each is 4 · 2, 4 · 3, 4 · 4, 4 · 5, 4 · 3 · 2 or 4 · 4 · 2.
    static let sizes = [8, 12, 16, 20, 24, 32]
    /// Floats of the table of twiddle factors for the longest line.
    static let twiddleCount = 64

    /// Real and imaginary parts of the elements of a line, `stride` vectors apart.
    struct Elements {
        var re: UnsafeMutablePointer<Vector>
        var im: UnsafeMutablePointer<Vector>
        var stride = 1

        /// The same line with its parts exchanged: transforming it is the inverse transform.
        var swapped: Elements { Elements(re: im, im: re, stride: stride) }

        @inline(__always)
        subscript(index: Int) -> Complex {
            get { Complex(re: re[index * stride], im: im[index * stride]) }
            nonmutating set {
                re[index * stride] = newValue.re
                im[index * stride] = newValue.im
            }
        }
    }

    /// Sixteen complex numbers.
    struct Complex {
        var re: Vector
        var im: Vector

        /// −i · z
        @inline(__always) var turned: Complex { Complex(re: im, im: -re) }

        @inline(__always) static func + (a: Complex, b: Complex) -> Complex {
            Complex(re: a.re + b.re, im: a.im + b.im)
        }
        @inline(__always) static func - (a: Complex, b: Complex) -> Complex {
            Complex(re: a.re - b.re, im: a.im - b.im)
        }

        /// self + factor · b
        @inline(__always)
        func adding(_ b: Complex, times factor: Float) -> Complex {
            Complex(re: re.plus(b.re, times: factor), im: im.plus(b.im, times: factor))
        }

        @inline(__always)
        func times(_ factor: Float) -> Complex { Complex(re: re * factor, im: im * factor) }

        /// self · (cosine + i · sine)
        @inline(__always)
        func rotated(_ cosine: Float, _ sine: Float) -> Complex {
            Complex(re: (re * cosine).plus(im, times: -sine), im: (im * cosine).plus(re, times: sine))
        }
    }

    let count: Int
    let twiddles: UnsafePointer<Float>

    /// - Parameter twiddles: room for 2 · `count` floats, which this fills.
    init(count: Int, twiddles: UnsafeMutablePointer<Float>) {
        self.count = count
        self.twiddles = UnsafePointer(twiddles)
        for k in 0..<count {
            let angle = -2 * Double.pi * Double(k) / Double(count)
            twiddles[2 * k] = Float(Double.cosine(angle))
            twiddles[2 * k + 1] = Float(Double.sine(angle))
        }
    }

    /// Transforms `source` into `target`, which may be the same; `spare` holds two lines.
    @inline(__always)
    func transform(_ source: Elements, into target: Elements, spare: Elements) {
        let second = Elements(re: spare.re + count, im: spare.im + count)
        pass4(source, into: spare, length: count, step: 1)
        switch count {
        case 8: pass2(spare, into: target, length: 2, step: 4)
        case 12: pass3(spare, into: target, length: 3, step: 4)
        case 16: pass4(spare, into: target, length: 4, step: 4)
        case 20: pass5(spare, into: target, length: 5, step: 4)
        case 24:
            pass3(spare, into: second, length: 6, step: 4)
            pass2(second, into: target, length: 2, step: 12)
        default:
            pass4(spare, into: second, length: 8, step: 4)
            pass2(second, into: target, length: 2, step: 16)
        }
    }

    // MARK: - Passes: `step` interleaved lines of `length` become radix · step lines of length / radix

    @inline(__always)
    func turn(_ z: Complex, _ p: Int, _ k: Int, _ step: Int) -> Complex {
        let index = 2 * (p * k * step)
        return z.rotated(twiddles[index], twiddles[index + 1])
    }

    @inline(__always)
    func pass2(_ a: Elements, into b: Elements, length: Int, step: Int) {
        let part = length / 2 * step
        for p in 0..<length / 2 {
            for q in 0..<step {
                let from = q + step * p
                let (z0, z1) = (a[from], a[from + part])
                let to = q + step * 2 * p
                b[to] = z0 + z1
                b[to + step] = p == 0 ? z0 - z1 : turn(z0 - z1, p, 1, step)
            }
        }
    }

    @inline(__always)
    func pass3(_ a: Elements, into b: Elements, length: Int, step: Int) {
        let part = length / 3 * step
        for p in 0..<length / 3 {
            for q in 0..<step {
                let from = q + step * p
                let (z0, z1, z2) = (a[from], a[from + part], a[from + 2 * part])
                let sum = z1 + z2
                let middle = z0.adding(sum, times: -0.5)
                let side = (z1 - z2).turned.times(0.866_025_403_784_438_6)  // sin 60°
                let to = q + step * 3 * p
                b[to] = z0 + sum
                b[to + step] = p == 0 ? middle + side : turn(middle + side, p, 1, step)
                b[to + 2 * step] = p == 0 ? middle - side : turn(middle - side, p, 2, step)
            }
        }
    }

    @inline(__always)
    func pass4(_ a: Elements, into b: Elements, length: Int, step: Int) {
        let part = length / 4 * step
        for p in 0..<length / 4 {
            for q in 0..<step {
                let from = q + step * p
                let (z0, z1, z2, z3) = (a[from], a[from + part], a[from + 2 * part], a[from + 3 * part])
                let (even, evenDifference) = (z0 + z2, z0 - z2)
                let (odd, oddDifference) = (z1 + z3, (z1 - z3).turned)
                let to = q + step * 4 * p
                b[to] = even + odd
                if p == 0 {
                    b[to + step] = evenDifference + oddDifference
                    b[to + 2 * step] = even - odd
                    b[to + 3 * step] = evenDifference - oddDifference
                } else {
                    b[to + step] = turn(evenDifference + oddDifference, p, 1, step)
                    b[to + 2 * step] = turn(even - odd, p, 2, step)
                    b[to + 3 * step] = turn(evenDifference - oddDifference, p, 3, step)
                }
            }
        }
    }

    @inline(__always)
    func pass5(_ a: Elements, into b: Elements, length: Int, step: Int) {
        // cos 72°, cos 144°
        let (cosine1, cosine2): (Float, Float) = (0.309_016_994_374_947_4, -0.809_016_994_374_947_4)
        let (sine1, sine2): (Float, Float) = (0.951_056_516_295_153_5, 0.587_785_252_292_473_1)  // sin 72°, sin 144°
        let part = length / 5 * step
        for p in 0..<length / 5 {
            for q in 0..<step {
                let from = q + step * p
                let z0 = a[from]
                let (z1, z2) = (a[from + part], a[from + 2 * part])
                let (z3, z4) = (a[from + 3 * part], a[from + 4 * part])
                let (sum1, sum2) = (z1 + z4, z2 + z3)
                let (difference1, difference2) = ((z1 - z4).turned, (z2 - z3).turned)
                let middle1 = z0.adding(sum1, times: cosine1).adding(sum2, times: cosine2)
                let middle2 = z0.adding(sum1, times: cosine2).adding(sum2, times: cosine1)
                let side1 = difference1.times(sine1).adding(difference2, times: sine2)
                let side2 = difference1.times(sine2).adding(difference2, times: -sine1)
                let to = q + step * 5 * p
                b[to] = z0 + sum1 + sum2
                b[to + step] = p == 0 ? middle1 + side1 : turn(middle1 + side1, p, 1, step)
                b[to + 2 * step] = p == 0 ? middle2 + side2 : turn(middle2 + side2, p, 2, step)
                b[to + 3 * step] = p == 0 ? middle2 - side2 : turn(middle2 - side2, p, 3, step)
                b[to + 4 * step] = p == 0 ? middle1 - side1 : turn(middle1 - side1, p, 4, step)
            }
        }
    }
}
