import TensorCore

/// One recording as features, for trained weights to be applied to.
struct SoundSamples: UnlabelledSamples {
    let count = 1
    private let features: [Float]

    init(_ path: String, _ mel: MelSettings, rate: Int, longest: Double) throws(DataError) {
        let sound = try SoundFile(path)
        let spectrum = MelSpectrum(mel, rate: rate)
        var samples: [Float] = []
        do throws(SoundProblem) {
            let seconds = Double(sound.samples.count) / Double(sound.rate)
            if seconds > longest { throw .tooLong(seconds: seconds, limit: longest) }
            samples = try Resampler(from: sound.rate, to: rate)(sound.samples)
        } catch {
            throw .sound(path: path, problem: error)
        }
        let frames = spectrum.frameCount(samples: samples.count)
        var features = [Float](repeating: 0, count: frames * spectrum.mels)
        samples.withUnsafeBufferPointer { samples in
            features.withUnsafeMutableBufferPointer { spectrum(samples, into: $0) }
        }
        self.features = features
    }

    func values(_ index: Int) -> [Float] { features }
}
