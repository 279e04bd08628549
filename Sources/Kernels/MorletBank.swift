import Glibc

/// The Fourier transforms of the filters of a scattering transform on images of height × width pixels that go on
/// periodically: wavelets of J scales and L orientations, and a Gaussian for what they leave out.
///
/// Bruna and Mallat, "Invariant scattering convolution networks", IEEE TPAMI 35(8), 2013, section 2.1, with the choices
/// of `kymatio` 0.3 (Andreux et al., JMLR 21, 2020): ψ(u) = g(u) (exp(iξ · u) − κ) with a Gaussian g of deviation σ =
/// 0.8 · 2ʲ along the wave and σ · L/4 across it, |ξ| = ¾π / 2ʲ, and κ such that ψ has no mean; φ is a Gaussian of
/// deviation 0.8 · 2ᴶ⁻¹. All transforms are real.
///
/// `kymatio`'s wavelets are multiplied by ``gain``, which makes the largest value of ``littlewoodPaley`` exactly 1, the
/// sum with which filters keep energy without adding any. `kymatio` also divides by 2 · 3.1415 σ² where π belongs.
package struct MorletBank: Sendable {
    package let height: Int
    package let width: Int
    /// J.
    package let scales: Int
    /// L.
    package let orientations: Int
    /// What the wavelets of the literature are multiplied by.
    package private(set) var gain = 1.0
    /// J · L wavelets, the orientations of the finest scale first; [height, width] with frequency 0 first.
    package private(set) var wavelets: [[Double]] = []
    /// φ̂ is their product: [height] and [width].
    package let lowPassRows: [Double]
    package let lowPassColumns: [Double]

    package init(height: Int, width: Int, scales: Int, orientations: Int) {
        self.height = height
        self.width = width
        self.scales = scales
        self.orientations = orientations
        let deviation = 0.8 * pow(2, Double(scales - 1))
        lowPassRows = MorletBank.gaussian(deviation, count: height)
        lowPassColumns = MorletBank.gaussian(deviation, count: width)
        for scale in 0..<scales {
            for orientation in 0..<orientations { wavelets.append(wavelet(scale, orientation)) }
        }
        normalize()
    }

    /// The scale j of a wavelet by its number.
    package func scale(of wavelet: Int) -> Int { wavelet / orientations }

    /// |φ̂(ω)|² + ½ Σ (|ψ̂(ω)|² + |ψ̂(−ω)|²), [height, width]: what of a real image's energy at ω the filters keep.
    package var littlewoodPaley: [Double] {
        let kept = waveletEnergy
        return (0..<height * width).map { point in
            let low = lowPassRows[point / width] * lowPassColumns[point % width]
            return low * low + kept[point]
        }
    }

    /// The wavelets' part of ``littlewoodPaley``.
    private var waveletEnergy: [Double] {
        var sums = [Double](repeating: 0, count: height * width)
        for wavelet in wavelets {
            for u in 0..<height {
                for v in 0..<width {
                    let value = wavelet[u * width + v]
                    let mirrored = (height - u) % height * width + (width - v) % width
                    sums[u * width + v] += value * value / 2
                    sums[mirrored] += value * value / 2
                }
            }
        }
        return sums
    }

    /// Gives the wavelets the largest factor with which no frequency gains energy.
    private mutating func normalize() {
        let kept = waveletEnergy
        var square = Double.infinity
        for point in 1..<height * width where kept[point] > 1e-6 {
            let low = lowPassRows[point / width] * lowPassColumns[point % width]
            square = min(square, (1 - low * low) / kept[point])
        }
        guard square.isFinite else { return }
        gain = square.squareRoot()
        for index in wavelets.indices { for point in wavelets[index].indices { wavelets[index][point] *= gain } }
    }

    /// The frequency of a point of a transform, in −π..<π.
    private static func frequency(_ point: Int, of count: Int) -> Double {
        2 * Double.pi * Double(point < (count + 1) / 2 ? point : point - count) / Double(count)
    }

    /// A Gaussian of the given deviation at whole numbers, periodic: the sum of its transform over all multiples of 2π,
    /// divided by that at 0.
    private static func gaussian(_ deviation: Double, count: Int) -> [Double] {
        let values = (0..<count).map { point -> Double in
            let omega = frequency(point, of: count)
            return (-4...4).reduce(0) { sum, turn in
                let argument = (omega + 2 * .pi * Double(turn)) * deviation
                return sum + exp(-argument * argument / 2)
            }
        }
        return values.map { $0 / values[0] }
    }

    private func wavelet(_ scale: Int, _ orientation: Int) -> [Double] {
        let deviation = 0.8 * pow(2, Double(scale))
        let slant = 4 / Double(orientations)
        let wave = 0.75 * Double.pi / pow(2, Double(scale))
        let angle = (Double(Int(Double(orientations) / 2 - 1)) - Double(orientation)) * .pi / Double(orientations)
        let (cosine, sine) = (cos(angle), sin(angle))
        // Nine deviations of the transform's wider axis beyond the wave: e⁻⁴⁰.
        let reach = Int(((9 * max(1, slant) / deviation + wave + .pi) / (2 * .pi)).rounded(.up))
        /// The envelope's transform at ω, and at ω less the wave's frequency, each summed over multiples of 2π.
        func sums(_ row: Double, _ column: Double) -> (envelope: Double, wave: Double) {
            var result = (envelope: 0.0, wave: 0.0)
            for turnRow in -reach...reach {
                for turnColumn in -reach...reach {
                    let (y, x) = (row + 2 * .pi * Double(turnRow), column + 2 * .pi * Double(turnColumn))
                    let along = y * cosine + x * sine
                    let across = (x * cosine - y * sine) / slant
                    let factor = -deviation * deviation / 2
                    let (first, second) = (along * along, (along - wave) * (along - wave))
                    if factor * (first + across * across) > -60 {
                        result.envelope += exp(factor * (first + across * across))
                    }
                    if factor * (second + across * across) > -60 {
                        result.wave += exp(factor * (second + across * across))
                    }
                }
            }
            return result
        }
        let origin = sums(0, 0)
        var values: [Double] = []
        values.reserveCapacity(height * width)
        for u in 0..<height {
            for v in 0..<width {
                let sum = sums(MorletBank.frequency(u, of: height), MorletBank.frequency(v, of: width))
                values.append(sum.wave - origin.wave / origin.envelope * sum.envelope)
            }
        }
        return values
    }
}
