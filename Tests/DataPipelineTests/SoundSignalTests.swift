import DataPipeline
import Foundation
import Kernels
import Testing

/// What PyTorch makes of sound, see `Fixtures/scripts/make_sound.py`.
private struct SoundReference: Decodable {
    let features: [[Double]]
    let bandFeatures: [[Double]]
    let amplitudes: [Float]
    let levels: [Int32]

    static func load() throws -> SoundReference {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/sound.json")
        return try JSONDecoder().decode(SoundReference.self, from: Data(contentsOf: file))
    }

    static func recording(_ count: Int) -> [Float] {
        (0..<count).map { n -> Float in
            let noise = Double((n * n * 31 + n * 17) % 4001 - 2000)
            return Float(noise * Double(n) / Double(count) / 32768)
        }
    }
}

struct SoundSignalTests {
    // MARK: - μ-law

    @Test("levels are those of torchaudio's mu_law_encoding, of G.711's formula with μ = 255")
    func muLawLevels() throws {
        let reference = try SoundReference.load()
        #expect(reference.amplitudes.map { MuLaw.level(of: $0) } == reference.levels)
        #expect(MuLaw.level(of: 0) == Int32(MuLaw.middle) && MuLaw.level(of: -1) == 0 && MuLaw.level(of: 1) == 255)
        #expect(MuLaw.level(of: 1.001) == 255 && MuLaw.level(of: -5) == 0)
    }

    @Test("a level's amplitude has that level, amplitudes rise, and are the inverse of the formula")
    func muLawAmplitudes() {
        for level in Int32(0)...255 {
            let x = MuLaw.amplitude(of: level)
            #expect(MuLaw.level(of: x) == level)
            let f = (x < 0 ? -1 : 1) * log(1 + 255 * Double(abs(x))) / log(256)
            #expect(abs(f - (2 * Double(level) / 255 - 1)) < 1e-6)
            if level > 0 { #expect(MuLaw.amplitude(of: level - 1) < x) }
        }
    }

    // MARK: - Resampling

    /// The largest |resampled − sine| where no filter reaches beyond the recording.
    private func error(frequency: Double, from: Int, to: Int, expected gain: Double) throws -> Double {
        func sine(_ rate: Int, _ index: Int) -> Double { sin(2 * .pi * frequency * Double(index) / Double(rate) + 0.3) }
        let result = try Resampler(from: from, to: to)((0..<from / 2).map { Float(sine(from, $0)) })
        #expect(result.count == (from / 2 * to + from - 1) / from)
        let edge = 54 * to / min(from, to)
        return (edge..<result.count - edge).map { abs(Double(result[$0]) - gain * sine(to, $0)) }.max() ?? .infinity
    }

    @Test(
        "a tone keeps its amplitude and place, one above the new rate's half is gone",
        arguments: [(44_100, 8000), (8000, 16_000), (11_025, 8000), (48_000, 8000), (8000, 11_025), (16_000, 8000)])
    func resamples(from: Int, to: Int) throws {
        let nyquist = Double(min(from, to)) / 2
        for share in [0.0, 0.1, 0.5, 0.9] {
            #expect(try error(frequency: share * nyquist, from: from, to: to, expected: 1) < 2e-4, "\(share)")
        }
        for frequency in stride(from: 1.001 * nyquist, to: Double(from) / 2, by: nyquist / 3) {
            #expect(try error(frequency: frequency, from: from, to: to, expected: 0) < 2e-4, "\(frequency) Hz")
        }
    }

    @Test("the same rate changes nothing, and rates that would need endless filters are refused")
    func rates() throws {
        let samples: [Float] = [1, -0.5, 0.25]
        #expect(try Resampler(from: 8000, to: 8000)(samples) == samples)
        #expect(try Resampler(from: 16_000, to: 8000)(samples).count == 2)
        #expect(try Resampler(from: 44_100, to: 8000)([1]).count == 1)
        #expect(throws: SoundProblem.unsupportedRate(from: 767_999, to: 768_000)) {
            try Resampler(from: 767_999, to: 768_000)
        }
        #expect(throws: SoundProblem.self) { try Resampler(from: 1, to: 768_000 * 1_000_003) }
        #expect(throws: SoundProblem.self) { try Resampler(from: 2_000_000_011, to: 1000) }
    }

    // MARK: - Features

    private func features(_ samples: [Float], _ settings: MelSettings, rate: Int = 8000) -> [[Float]] {
        let spectrum = MelSpectrum(settings, rate: rate)
        let frames = spectrum.frameCount(samples: samples.count)
        var result = [Float](repeating: .nan, count: frames * settings.mels)
        samples.withUnsafeBufferPointer { samples in
            result.withUnsafeMutableBufferPointer { spectrum(samples, into: $0) }
        }
        return (0..<frames).map { Array(result[$0 * settings.mels..<($0 + 1) * settings.mels]) }
    }

    private func expectClose(_ a: [[Float]], _ b: [[Double]], within tolerance: Double) {
        #expect(a.count == b.count && a.map(\.count) == b.map(\.count))
        let error = zip(a.joined(), b.joined()).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(error < tolerance, "\(error)")
    }

    @Test("features are those of PyTorch's stft and HTK's mel bands")
    func matchesTorch() throws {
        let reference = try SoundReference.load()
        // Energies in single precision: 256 terms, each rounded, of which the largest outweigh a weak band's.
        expectClose(features(SoundReference.recording(1111), MelSettings()), reference.features, within: 2e-5)
        expectClose(
            features(SoundReference.recording(300), MelSettings(lowest: 200, highest: 3000)), reference.bandFeatures,
            within: 2e-5)
    }

    /// The definition, term by term in double precision.
    private func twin(_ samples: [Float], _ settings: MelSettings, rate: Int) -> [[Double]] {
        let (length, hop) = (
            Int((settings.frame * Double(rate)).rounded()), Int((settings.hop * Double(rate)).rounded())
        )
        var size = 2
        while size < length { size *= 2 }
        func mel(_ f: Double) -> Double { 2595 * log10(1 + f / 700) }
        let (low, high) = (mel(settings.lowest), mel(settings.highest ?? Double(rate) / 2))
        let corners = (0...settings.mels + 1).map {
            700 * (pow(10, (low + Double($0) * (high - low) / Double(settings.mels + 1)) / 2595) - 1)
        }
        var frames: [[Double]] = []
        var start = 0
        repeat {
            let frame = (0..<length).map { j -> Double in
                guard start + j < samples.count else { return 0 }
                let angle = 2 * Double.pi * Double(j) / Double(length)
                return Double(samples[start + j]) * (0.5 - 0.5 * cos(angle))
            }
            let power = (0...size / 2).map { k -> Double in
                var (re, im) = (0.0, 0.0)
                for j in 0..<length {
                    re += frame[j] * cos(2 * .pi * Double(j * k % size) / Double(size))
                    im += frame[j] * sin(2 * .pi * Double(j * k % size) / Double(size))
                }
                return re * re + im * im
            }
            frames.append(
                (0..<settings.mels).map { band in
                    var sum = 1e-6
                    for k in 0...size / 2 {
                        let f = Double(k) * Double(rate) / Double(size)
                        let rise = (f - corners[band]) / (corners[band + 1] - corners[band])
                        let fall = (corners[band + 2] - f) / (corners[band + 2] - corners[band + 1])
                        sum += max(0, min(rise, fall)) * power[k]
                    }
                    return log(sum)
                })
            start += hop
        } while start + length < samples.count + hop
        return frames
    }

    @Test(
        "features are the definition's for other rates, frames and bands",
        arguments: [
            (16_000, 2000, MelSettings(mels: 23, frame: 0.032, hop: 0.008, lowest: 60, highest: 7000)),
            (8000, 17, MelSettings()), (8000, 200, MelSettings()), (8000, 201, MelSettings()),
            (8000, 8000, MelSettings(mels: 7, frame: 0.004, hop: 0.05)),
        ])
    func matchesTwin(rate: Int, count: Int, settings: MelSettings) {
        let samples = SoundReference.recording(count)
        expectClose(features(samples, settings, rate: rate), twin(samples, settings, rate: rate), within: 5e-5)
    }

    @Test("what a frame gives does not depend on the frames beside it, and silence has the floor's logarithm")
    func framesAreSeparate() {
        let samples = SoundReference.recording(4000)
        let all = features(samples, MelSettings())
        for frame in [0, 1, 15, 16, 17, 40] {
            #expect(features(Array(samples[frame * 80..<frame * 80 + 200]), MelSettings())[0] == all[frame])
        }
        #expect(features([0, 0, 0], MelSettings()).joined().allSatisfy { abs($0 - Float(log(1e-6))) < 1e-5 })
    }

    @Test("settings without a band's frequency or outside of the rate say so")
    func problems() {
        #expect(
            MelSettings().problem(rate: 8000) == nil && MelSettings(mels: 80, frame: 0.064).problem(rate: 16_000) == nil
        )
        for (settings, words) in [
            (MelSettings(mels: 128), "band"), (MelSettings(lowest: 5000), "half of data.rate"),
            (MelSettings(highest: 9000), "half of data.rate"), (MelSettings(frame: 1e-5), "shorter"),
            (MelSettings(hop: 1e-5), "shorter"), (MelSettings(frame: 100), "65536"),
        ] {
            #expect(settings.problem(rate: 8000)?.contains(words) == true, "\(settings)")
        }
    }
}
