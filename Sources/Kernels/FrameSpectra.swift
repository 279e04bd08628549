/// The power spectra of 16 frames of real numbers at a time: P[k] = |Σ x[j] · exp(−2πi · j · k / size)|².
///
/// Lane l of every vector belongs to frame l, so what a frame gets does not depend on the others. The transform is
/// Stockham's self-sorting radix-2 algorithm (Van Loan, "Computational Frameworks for the Fast Fourier Transform",
/// 1992, section 1.7).
package struct FrameSpectra: Sendable {
    /// The length of a frame, a power of two.
    package let size: Int
    /// cos and sin of −2πk / size for k < size / 2, one after the other.
    private let twiddles: [Float]

    /// The vectors that ``transform(_:power:spare:)`` needs as room.
    package var spareCount: Int { 3 * size }
    /// The numbers of a spectrum: frequency k is k / size of the samples' rate.
    package var binCount: Int { size / 2 + 1 }

    package init(size: Int) {
        precondition(size >= 2 && size & (size - 1) == 0, "FrameSpectra: \(size) is no power of two")
        self.size = size
        twiddles = (0..<size / 2).flatMap { k -> [Float] in
            let angle = -2 * Double.pi * Double(k) / Double(size)
            return [Float(Double.cosine(angle)), Float(Double.sine(angle))]
        }
    }

    /// - Parameters:
    ///   - frames: [size, 16], sample j of all frames together; overwritten.
    ///   - power: [size / 2 + 1, 16].
    ///   - spare: room for ``spareCount`` vectors.
    package func transform(
        _ frames: UnsafeMutablePointer<Float>, power: UnsafeMutablePointer<Float>, spare: UnsafeMutablePointer<Float>
    ) {
        var (re, im) = (frames, spare)
        var (nextRe, nextIm) = (spare + 16 * size, spare + 32 * size)
        for index in 0..<size { im.store(.zero, 16 * index) }
        var (length, stride) = (size, 1)
        while length > 1 {
            pass(re, im, into: nextRe, nextIm, half: length / 2, stride: stride)
            (re, im, nextRe, nextIm) = (nextRe, nextIm, re, im)
            (length, stride) = (length / 2, 2 * stride)
        }
        for index in 0..<binCount {
            let (a, b) = (re.vector(16 * index), im.vector(16 * index))
            power.store((a * a).plus(b, times: b), 16 * index)
        }
    }

    /// One pass: `stride` transforms of length 2 · `half` become 2 · `stride` of length `half`.
    @inline(__always)
    private func pass(
        _ re: UnsafeMutablePointer<Float>, _ im: UnsafeMutablePointer<Float>, into toRe: UnsafeMutablePointer<Float>,
        _ toIm: UnsafeMutablePointer<Float>, half: Int, stride: Int
    ) {
        twiddles.withUnsafeBufferPointer { twiddles in
            for p in 0..<half {
                let (cosine, sine) = (twiddles[2 * p * stride], twiddles[2 * p * stride + 1])
                for q in 0..<stride {
                    let (low, high) = (16 * (q + stride * p), 16 * (q + stride * (p + half)))
                    let target = 16 * (q + stride * 2 * p)
                    let (aRe, aIm, bRe, bIm) = (re.vector(low), im.vector(low), re.vector(high), im.vector(high))
                    let (dRe, dIm) = (aRe - bRe, aIm - bIm)
                    toRe.store(aRe + bRe, target)
                    toIm.store(aIm + bIm, target)
                    toRe.store((dRe * cosine).plus(dIm, times: -sine), target + 16 * stride)
                    toIm.store((dIm * cosine).plus(dRe, times: sine), target + 16 * stride)
                }
            }
        }
    }
}

/// y[c] = log(floor + Σ weights of band c · power), 16 frames side by side.
///
/// - Parameters:
///   - power: [bins, 16].
///   - bands: the first bin of each band, the number of its bins, and where its weights begin.
///   - weights: of all bands.
///   - y: frame l's numbers begin at l · `bands.count`.
///   - frames: how many of the 16 are wanted.
package func logBandEnergies(
    _ power: UnsafePointer<Float>, bands: UnsafeBufferPointer<(first: Int, count: Int, weights: Int)>,
    weights: UnsafePointer<Float>, floor: Float, into y: UnsafeMutablePointer<Float>, frames: Int
) {
    for (channel, band) in bands.enumerated() {
        var sum = Vector(repeating: floor)
        for index in 0..<band.count {
            sum = sum.plus(power.vector(16 * (band.first + index)), times: weights[band.weights + index])
        }
        let value = logarithm(sum)
        for lane in 0..<frames { y[lane * bands.count + channel] = value[lane] }
    }
}

/// y[i] = Σ h[phase, t] · x[first + t], with phase and first of output i following from i · `down` = first · `up` +
/// phase: a rational change of rate by filters of `taps` taps, a multiple of 16.
///
/// - Parameters:
///   - x: with as many zeros before and behind the samples as the filters reach.
///   - filters: [up, taps].
package func filterPolyphase(
    _ x: UnsafePointer<Float>, filters: UnsafePointer<Float>, taps: Int, up: Int, down: Int,
    into y: UnsafeMutablePointer<Float>, count: Int
) {
    for index in 0..<count {
        let (first, phase) = (index * down).quotientAndRemainder(dividingBy: up)
        var sum = Vector.zero
        for tap in stride(from: 0, to: taps, by: 16) {
            sum = sum.plus((x + first).vector(tap), times: (filters + phase * taps).vector(tap))
        }
        y[index] = sum.laneSum
    }
}
