import Glibc

/// The μ-law of ITU-T G.711 in its continuous form, with μ = 255, in 256 levels.
///
/// f(x) = sign(x) · ln(1 + μ|x|) / ln(1 + μ) brings −1…1 to −1…1 and gives small amplitudes more room. Level q stands
/// for f = 2q / 255 − 1, and a number gets the nearest level, the upper one of two equally near, as van den Oord et
/// al., "WaveNet", 2016, section 2.2, have it.
package enum MuLaw {
    package static let levelCount = 256
    /// The level of silence: that of 0.
    package static let middle = 128

    /// What each level stands for: (256^|f| − 1) / 255 with the sign of f.
    package static let amplitudes: [Float] = (0..<256).map { Float(expanded(2 * Double($0) / 255 - 1)) }

    /// Where level q + 1 begins.
    private static let bounds: [Float] = (0..<255).map { Float(expanded((2 * Double($0) + 1) / 255 - 1)) }

    private static func expanded(_ f: Double) -> Double {
        let size = (exp(f.magnitude * log(256)) - 1) / 255
        return f < 0 ? -size : size
    }

    /// The level of an amplitude; those outside of −1…1 have the first or the last one.
    package static func level(of amplitude: Float) -> Int32 {
        // How many bounds are not above it: a search by halves, whose steps are the same for all.
        bounds.withUnsafeBufferPointer { bounds in
            var (first, length) = (0, 255)
            while length > 0 {
                let half = length / 2
                let isAbove = bounds[first + half] <= amplitude
                first = isAbove ? first + half + 1 : first
                length = isAbove ? length - half - 1 : half
            }
            return Int32(first)
        }
    }

    /// What a level stands for.
    package static func amplitude(of level: Int32) -> Float { amplitudes[Int(level)] }
}
