/// Lines of any length, by a pass for each of its factors.
extension FFTLine {
    /// The radices of the passes for a line of `count` elements: 4s first, then primes in ascending order.
    static func radices(of count: Int) -> [Int] {
        var radices: [Int] = []
        var rest = count
        while rest % 4 == 0 {
            radices.append(4)
            rest /= 4
        }
        var prime = 2
        while rest > 1 {
            while rest % prime == 0 {
                radices.append(prime)
                rest /= prime
            }
            prime += 1
        }
        return radices
    }

    /// Transforms `source` into `target`, which may be the same.
    ///
    /// - Parameters:
    ///   - radices: of ``radices(of:)`` for this line.
    ///   - spare: holds two lines.
    func transform(_ source: Elements, into target: Elements, spare: Elements, radices: [Int]) {
        let second = Elements(re: spare.re + count, im: spare.im + count)
        var (from, length, step) = (source, count, 1)
        if radices.count < 2 {
            // A pass reads all of its line before it has written it only where they are apart.
            for index in 0..<count { spare[index] = source[index] }
            from = spare
        }
        for (index, radix) in radices.enumerated() {
            let to = index == radices.count - 1 ? target : index % 2 == 0 ? spare : second
            switch radix {
            case 2: pass2(from, into: to, length: length, step: step)
            case 3: pass3(from, into: to, length: length, step: step)
            case 4: pass4(from, into: to, length: length, step: step)
            case 5: pass5(from, into: to, length: length, step: step)
            default: passPrime(radix, from, into: to, length: length, step: step)
            }
            (from, length, step) = (to, length / radix, step * radix)
        }
        if radices.isEmpty { for index in 0..<count { target[index] = spare[index] } }
    }

    /// A pass of any radix r by its definition, with r² products instead of about r · log r.
    private func passPrime(_ radix: Int, _ a: Elements, into b: Elements, length: Int, step: Int) {
        let part = length / radix * step
        let turn = count / radix
        for p in 0..<length / radix {
            for q in 0..<step {
                let from = q + step * p
                for k in 0..<radix {
                    var sum = a[from]
                    for j in 1..<radix {
                        let twiddle = 2 * (j * k % radix * turn)
                        let term = a[from + j * part].rotated(twiddles[twiddle], twiddles[twiddle + 1])
                        sum = sum + term
                    }
                    b[q + step * (radix * p + k)] = p == 0 || k == 0 ? sum : self.turn(sum, p, k, step)
                }
            }
        }
    }
}
