import CSndfile
import DataPipeline
import Foundation
import Testing

struct SoundFileTests {
    /// 32-bit numbers with zeros below the highest 16, 8 of them at the ends.
    private let levels: [Int32] =
        [.min, Int32(Int16.max) << 16, 0, 1 << 16, -1 << 16]
        + (0..<3000).map { Int32(truncatingIfNeeded: $0 &* 40_503) << 16 }

    @Test("whole numbers of every width become x / 2ᵇ⁻¹ exactly", arguments: [8, 16, 24, 32])
    func integers(bits: Int) throws {
        let format = [8: SF_FORMAT_PCM_U8, 16: SF_FORMAT_PCM_16, 24: SF_FORMAT_PCM_24, 32: SF_FORMAT_PCM_32][bits] ?? 0
        // Bits that a narrower file loses are 0; single precision holds 24.
        let kept = min(bits, 24)
        let samples = (0..<4000).map { Int32(truncatingIfNeeded: $0 &* 2_654_435_761) & (-1 << (32 - kept)) }
        let file = try decoded(SoundFiles.encoded(samples, rate: 11_025, format: SoundFiles.wav | Int32(format)))
        #expect(file.rate == 11_025 && file.samples == samples.map { Float($0) / 0x1p31 })
    }

    @Test("FLAC, AIFF, Ogg's place among the endings, and floats are read as they are")
    func others() throws {
        for format in [SoundFiles.flac | SoundFiles.pcm16, Int32(SF_FORMAT_AIFF) | SoundFiles.pcm16] {
            #expect(
                try decoded(SoundFiles.encoded(levels, format: format)).samples == levels.map { Float($0) / 0x1p31 })
        }
        let floats: [Float] = [0, 0.1, -1.5, 3e-20, 7]
        let format = SoundFiles.wav | Int32(SF_FORMAT_FLOAT)
        #expect(try decoded(SoundFiles.encoded(floats: floats, format: format)).samples == floats)
        #expect(SoundFile.extensions.contains("flac") && SoundFile.extensions.contains("ogg"))
    }

    @Test("several channels become their mean")
    func channels() throws {
        let stereo = try decoded(
            SoundFiles.encoded(
                [1 << 30, 0, -1 << 30, 1 << 30, 1 << 28, 1 << 29], channels: 2,
                format: SoundFiles.wav | SoundFiles.pcm16))
        #expect(stereo.samples == [0.25, 0, 0.1875])
        let three = try decoded(
            SoundFiles.encoded([3 << 24, 6 << 24, 9 << 24], channels: 3, format: SoundFiles.flac | SoundFiles.pcm16))
        #expect(three.samples == [Float(6 << 24) / 0x1p31])
    }

    @Test("what is written is read back, also by libsndfile's own count, and what is too loud is cut off")
    func writes() throws {
        let samples: [Float] = [0, 0.5, -1, 32767.0 / 32768, 1 / 32768, 0.4 / 32768, 0.6 / 32768, 1, 2, -7]
        let bytes = WaveFile.bytes(samples, rate: 16_000)
        let file = try decoded(bytes)
        #expect(bytes.count == 44 + 2 * samples.count && file.rate == 16_000)
        #expect(file.samples.map { $0 * 32768 } == [0, 16384, -32768, 32767, 1, 0, 1, 32767, 32767, -32768])
        #expect(
            bytes
                == (try SoundFiles.encoded(
                    file.samples.map { Int32($0 * 0x1p31) }, rate: 16_000, format: SoundFiles.wav | SoundFiles.pcm16)))
        let folder = try TemporaryFolder()
        try WaveFile.write(samples, rate: 16_000, to: "\(folder.path)/a.wav")
        #expect(try SoundFile("\(folder.path)/a.wav") == file)
    }

    // MARK: - Files that are not what they say

    private func changed(_ bytes: [UInt8], _ offset: Int, _ number: Int, bytes count: Int = 4) -> [UInt8] {
        var bytes = bytes
        for byte in 0..<count { bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
        return bytes
    }

    @Test("a header that counts more than there is, nothing, or what contradicts itself is refused")
    func lyingHeaders() {
        let wave = WaveFile.bytes([0.1, 0.2, 0.3, 0.4], rate: 8000)
        #expect(soundProblem(wave) == nil)
        for claim in [10, 1 << 20, 0xFFFF_FFFF] {
            #expect(soundProblem(changed(wave, 40, claim)) == .cutShort(expected: 44 + claim, actual: 52))
        }
        #expect(soundProblem(Array(wave[..<50])) == .cutShort(expected: 52, actual: 50))
        #expect(soundProblem(Array(wave[..<30])) == .cutShort(expected: 36, actual: 30))
        #expect(soundProblem(changed(wave, 40, 0)) == .empty && soundProblem(Array(wave[..<36])) == .empty)
        #expect(soundProblem(WaveFile.bytes([], rate: 8000)) == .empty && soundProblem([]) == .empty)
        #expect(
            soundProblem(changed(wave, 40, 7)) == .contradictoryHeader("7 bytes of samples, of which 2 belong together")
        )
        #expect(
            soundProblem(changed(wave, 22, 0, bytes: 2))
                == .contradictoryHeader("0 channels, 8000 samples a second, 16 bits a sample"))
        #expect(
            soundProblem(changed(wave, 22, 2, bytes: 2)) == .contradictoryHeader("2 channels of 16 bits in 2 bytes"))
        #expect(
            soundProblem(changed(wave, 34, 24, bytes: 2)) == .contradictoryHeader("1 channels of 24 bits in 2 bytes"))
        #expect(
            soundProblem(changed(wave, 24, 48_000))
                == .contradictoryHeader("48000 times 2 bytes a second, and 16000 bytes a second"))
    }

    @Test("a FLAC file that is cut short or damaged, a text and numbers that are none are refused")
    func undecodable() throws {
        let flac = try SoundFiles.encoded(levels, format: SoundFiles.flac | SoundFiles.pcm16)
        for length in [flac.count / 2, flac.count - 3000, 100] {
            let problem = soundProblem(Array(flac[..<length]))
            #expect(problem != nil, "\(length) bytes of \(flac.count)")
        }
        guard case .undecodable? = soundProblem(Array("This is not a recording.".utf8)) else {
            Issue.record("a text was decoded")
            return
        }
        let notFinite = try SoundFiles.encoded(
            floats: [0, 0, .nan, 0], rate: 4, format: SoundFiles.wav | Int32(SF_FORMAT_FLOAT))
        #expect(soundProblem(notFinite) == .notFinite(seconds: 0.5))
        #expect(throws: DataError.missingFile(path: "/nowhere/a.wav", expected: ["/nowhere/a.wav"])) {
            try SoundFile("/nowhere/a.wav")
        }
    }

    @Test("no damaged header or body stops the program", arguments: 0..<40)
    func survivesDamage(round: Int) throws {
        let format = round % 2 == 0 ? SoundFiles.wav : SoundFiles.flac
        var bytes = try SoundFiles.encoded(Array(levels[..<200]), format: format | SoundFiles.pcm16)
        for change in 0..<4 {
            let place = (round &* 7919 &+ change &* 104_729) % min(bytes.count, change < 2 ? 60 : bytes.count)
            bytes[place] = UInt8(truncatingIfNeeded: round &* 31 &+ change &* 113)
        }
        if let file = try? decoded(bytes) { #expect(!file.samples.isEmpty && file.samples.allSatisfy(\.isFinite)) }
    }
}
