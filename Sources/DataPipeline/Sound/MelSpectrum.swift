import Glibc
import Kernels

/// How sound becomes frames of energies in bands of frequency.
package struct MelSettings: Equatable, Sendable {
    /// Bands.
    package let mels: Int
    /// Seconds of a frame.
    package let frame: Double
    /// Seconds from one frame to the next.
    package let hop: Double
    /// Where the first band begins, in Hz.
    package let lowest: Double
    /// Where the last band ends, in Hz; nil for half of the rate.
    package let highest: Double?

    package init(
        mels: Int = 40, frame: Double = 0.025, hop: Double = 0.01, lowest: Double = 0, highest: Double? = nil
    ) {
        self.mels = mels
        self.frame = frame
        self.hop = hop
        self.lowest = lowest
        self.highest = highest
    }

    /// Why sound of this rate has no such features, with what to do; nil when it has.
    package func problem(rate: Int) -> String? {
        let top = highest ?? Double(rate) / 2
        if frame * Double(rate) < 2 || hop * Double(rate) < 1 {
            return "a frame of \(frame) s every \(hop) s is shorter than the distance of samples; make them longer"
        }
        if frame * Double(rate) > 65_536 { return "a frame has more than 65536 samples; make it shorter" }
        if lowest >= top || top > Double(rate) / 2 {
            return "bands from \(lowest) to \(top) Hz are not within 0 to \(Double(rate) / 2) Hz, half of data.rate; "
                + "correct lowest and highest"
        }
        if let empty = MelSpectrum(self, rate: rate).emptyBand {
            return
                "band \(empty + 1) of \(mels) lies between two frequencies of the spectrum; make mels smaller or frame "
                + "longer"
        }
        return nil
    }
}

/// Log-mel features: ln(10⁻⁶ + energy) in triangular bands that are evenly spaced on the mel scale.
///
/// A frame is weighted by a Hann window (0.5 − 0.5 cos 2πj/J), filled up with zeros to a power of two, and its power
/// spectrum |X|² is summed in each band with weights that rise from 0 at the centre of the band below to 1 at its own
/// and fall to 0 at that of the band above. The scale is HTK's, mel(f) = 2595 log₁₀(1 + f / 700) (Young et al., "The
/// HTK Book", 2002, section 5.4), weights are not divided by the bands' widths: PyTorch's `melscale_fbanks` with its
/// defaults. The energy of 10⁻⁶ that every band has on top is that of silence in 16 bits and some more, so that digital
/// silence is no outlier.
///
/// The first frame begins with the sound; the last one is filled up with zeros, so that every sample is in a frame.
package struct MelSpectrum: Sendable {
    package let mels: Int
    private let frameSamples: Int
    private let hopSamples: Int
    private let window: [Float]
    private let spectra: FrameSpectra
    private let bands: [(first: Int, count: Int, weights: Int)]
    private let weights: [Float]
    private static let floor: Float = 1e-6
    private static let lanes = 16

    package init(_ settings: MelSettings, rate: Int) {
        mels = settings.mels
        frameSamples = max(Int((settings.frame * Double(rate)).rounded()), 2)
        hopSamples = max(Int((settings.hop * Double(rate)).rounded()), 1)
        let length = frameSamples
        window = (0..<length).map { Float(0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(length))) }
        var size = 2
        while size < length { size *= 2 }
        spectra = FrameSpectra(size: size)
        (bands, weights) = MelSpectrum.makeBands(
            settings.mels, bins: spectra.binCount, width: Double(rate) / Double(size), from: settings.lowest,
            to: settings.highest ?? Double(rate) / 2)
    }

    /// How many frames sound of so many samples has.
    package func frameCount(samples: Int) -> Int {
        samples <= frameSamples ? 1 : (samples - frameSamples + hopSamples - 1) / hopSamples + 1
    }

    /// The first band without a frequency; nil when all have one.
    var emptyBand: Int? { bands.firstIndex { $0.count == 0 } }

    /// Writes [frames, mels].
    ///
    /// - Parameter result: holds ``frameCount(samples:)`` · ``mels`` numbers.
    package func callAsFunction(
        _ samples: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>
    ) {
        let frames = frameCount(samples: samples.count)
        precondition(
            result.count == frames * mels, "MelSpectrum: \(result.count) numbers for \(frames) frames of \(mels)")
        let lanes = MelSpectrum.lanes
        let (room, powerRoom) = (lanes * spectra.size, lanes * spectra.binCount)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: room + powerRoom + lanes * spectra.spareCount) { all in
            guard let frame = all.baseAddress, let target = result.baseAddress else { return }
            let (power, spare) = (frame + room, frame + room + powerRoom)
            for first in stride(from: 0, to: frames, by: lanes) {
                let count = min(lanes, frames - first)
                frame.update(repeating: 0, count: room)
                for lane in 0..<count { cut(samples, frame: first + lane, into: frame + lane) }
                spectra.transform(frame, power: power, spare: spare)
                bands.withUnsafeBufferPointer { bands in
                    weights.withUnsafeBufferPointer { weights in
                        guard let weights = weights.baseAddress else { return }
                        logBandEnergies(
                            power, bands: bands, weights: weights, floor: MelSpectrum.floor,
                            into: target + first * mels, frames: count)
                    }
                }
            }
        }
    }

    /// Writes a windowed frame, its samples 16 places apart; what is behind the sound stays as it is, zero.
    private func cut(_ samples: UnsafeBufferPointer<Float>, frame: Int, into target: UnsafeMutablePointer<Float>) {
        let start = frame * hopSamples
        window.withUnsafeBufferPointer { window in
            for index in 0..<min(frameSamples, samples.count - start) {
                target[MelSpectrum.lanes * index] = samples[start + index] * window[index]
            }
        }
    }

    /// The triangles, as the bins in which each is above 0.
    private static func makeBands(
        _ count: Int, bins: Int, width: Double, from lowest: Double, to highest: Double
    ) -> ([(first: Int, count: Int, weights: Int)], [Float]) {
        func mel(_ f: Double) -> Double { 2595 * log10(1 + f / 700) }
        let (low, high) = (mel(lowest), mel(highest))
        let corners = (0...count + 1).map { place in
            700 * (pow(10, (low + (high - low) * Double(place) / Double(count + 1)) / 2595) - 1)
        }
        var (bands, weights): ([(first: Int, count: Int, weights: Int)], [Float]) = ([], [])
        for band in 0..<count {
            let triangle = (0..<bins).map { bin -> Float in
                let f = Double(bin) * width
                let rise = (f - corners[band]) / (corners[band + 1] - corners[band])
                let fall = (corners[band + 2] - f) / (corners[band + 2] - corners[band + 1])
                return Float(max(0, min(rise, fall)))
            }
            let first = triangle.firstIndex { $0 > 0 } ?? 0
            let end = (triangle.lastIndex { $0 > 0 } ?? -1) + 1
            bands.append((first, max(0, end - first), weights.count))
            weights += triangle[first..<max(first, end)]
        }
        return (bands, weights)
    }
}
