import DataPipeline
import System

/// Collects generated levels as a recording, which is written as a WAV file at the end.
final class SoundSink: GenerationSink {
    /// A recording begins out of silence.
    let beginning = [MuLaw.middle]
    private var samples: [Float] = []
    private let count: Int
    private let rate: Int
    private let path: String

    /// - Parameters:
    ///   - rate: samples a second.
    ///   - path: of the file, which appears when it is whole.
    init(rate: Int, seconds: Double, path: String) {
        self.rate = rate
        self.path = path
        count = max(1, Int((seconds * Double(rate)).rounded()))
        samples.reserveCapacity(count)
    }

    func begin() throws {}

    func take(_ choice: Int) throws -> Bool {
        samples.append(MuLaw.amplitude(of: Int32(choice)))
        return samples.count < count
    }

    func end() throws { try WaveFile.write(samples, rate: rate, to: path) }
}
