import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

private let spokenDigits = (ProcessInfo.processInfo.environment["TRAINER_DATA"] ?? "/nowhere") + "/spoken-digits"

struct SoundDatasetTests {
    let folder: TemporaryFolder
    private let names = RecordingNames(pattern: try? NamePattern("{digit}_{speaker}_{index}"))

    init() throws { folder = try TemporaryFolder() }

    /// A recording of its own, in whole numbers of 1/32768.
    private func samples(_ number: Int, _ count: Int) -> [Float] {
        (0..<count).map { Float(($0 * $0 * (number + 3) + 7 * $0) % 20_001 - 10_000) / 32768 }
    }

    private struct Recording {
        let name: String
        let samples: [Float]
    }

    /// Of speaker b first, to be sorted behind a's.
    private var training: [Recording] {
        [("10_b_0", 900), ("2_b_1", 200), ("2_a_0", 437), ("10_a_7", 33)].enumerated().map {
            Recording(name: $1.0, samples: samples($0, $1.1))
        }
    }
    private var sorted: [Recording] { training.sorted { $0.name < $1.name } }
    private var test: [Recording] { [Recording(name: "2_b_9", samples: samples(9, 300))] }

    private func write(_ recordings: [Recording], folder name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        for recording in recordings {
            try folder.write("\(name)/\(recording.name).wav", WaveFile.bytes(recording.samples, rate: 8000))
        }
    }

    private func open(_ sound: Sound, _ split: DatasetSplit = .train, imports: [String: SharedBytes.Export] = [:])
        throws -> any Dataset
    {
        try sound.open(split, path: folder.path, imports: imports)
    }

    private func floats(_ dataset: any Dataset, _ index: Int) throws -> [Float] {
        let size = dataset.length(of: index, field: 0) * dataset.fields[0].shape[1]
        var result = [Float](repeating: .nan, count: size)
        try result.withUnsafeMutableBufferPointer { try dataset.read(index, field: 0, into: $0) }
        return result
    }

    private func integers(_ dataset: any Dataset, _ index: Int, _ name: String) throws -> [Int32] {
        let field = try dataset.fieldIndex(name)
        let count = dataset.fields[field].variableAxis == nil ? 1 : dataset.length(of: index, field: field)
        var result = [Int32](repeating: -1, count: count)
        try result.withUnsafeMutableBufferPointer { try dataset.readIntegers(index, field: field, into: $0) }
        return result
    }

    private func mel(_ samples: [Float]) -> [Float] {
        let spectrum = MelSpectrum(MelSettings(mels: 12), rate: 8000)
        var result = [Float](repeating: 0, count: spectrum.frameCount(samples: samples.count) * 12)
        samples.withUnsafeBufferPointer { samples in
            result.withUnsafeMutableBufferPointer { spectrum(samples, into: $0) }
        }
        return result
    }

    private var features: Sound { Sound(view: .logMel(MelSettings(mels: 12)), names: names, longest: 0.2) }
    private func levels(_ window: Int) -> Sound { Sound(view: .muLaw(window: window), names: names) }

    // MARK: - What samples hold

    @Test("as features a sample is a recording, in the order of the names, with its classes")
    func logMel() throws {
        try write(training, folder: "train")
        try write(test, folder: "test")
        let dataset = try open(features)
        #expect(dataset.count == 4 && dataset.defaultInput == "sound" && dataset.defaultTarget == "digit")
        #expect(dataset.fields.map(\.name) == ["sound", "digit", "speaker"])
        #expect(dataset.fields[0].shape == [19, 12] && dataset.fields[0].variableAxis == 0)  // 1600 samples
        #expect(dataset.fields[1].meaning == .classes(names: ["2", "10"]))  // numbers in their order
        #expect(dataset.fields[2].meaning == .classes(names: ["a", "b"]))
        for (index, recording) in sorted.enumerated() {
            #expect(try floats(dataset, index) == mel(recording.samples), "\(recording.name)")
            #expect(try integers(dataset, index, "digit") == [recording.name.hasPrefix("2") ? 0 : 1])
            #expect(try integers(dataset, index, "speaker") == [recording.name.contains("b") ? 1 : 0])
        }
        let held = try open(features, .test)
        #expect(held.count == 1 && held.fields == dataset.fields && held.fingerprint != dataset.fingerprint)
        #expect(try integers(held, 0, "digit") == [0] && floats(held, 0) == mel(test[0].samples))
        let other = Sound(view: features.view, names: names, longest: 0.2, target: "speaker")
        #expect(try open(other).defaultTarget == "speaker")
    }

    @Test(
        "as levels a sample is a window of one recording, each level after the one before, at first silence",
        arguments: [1, 100, 437, 5000])
    func muLaw(window: Int) throws {
        try write(training, folder: "train")
        try write(test, folder: "test")
        let dataset = try open(levels(window))
        #expect(
            dataset.fields.map(\.name) == ["levels", "next", "digit", "speaker"] && dataset.defaultTarget == "next")
        #expect(dataset.fields[1].meaning == .levels(count: 256, rate: 8000) && dataset.fields[1].shape == [window])
        var index = 0
        for recording in sorted {
            let all = recording.samples.map { MuLaw.level(of: $0) }
            for first in stride(from: 0, to: all.count, by: window) {
                let end = min(first + window, all.count)
                #expect(try integers(dataset, index, "next") == Array(all[first..<end]))
                #expect(try integers(dataset, index, "levels") == Array(([128] + all)[first..<end]))
                #expect(try integers(dataset, index, "speaker") == [recording.name.contains("b") ? 1 : 0])
                index += 1
            }
        }
        #expect(dataset.count == index)
    }

    @Test("a batch is padded to its longest recording with zeros, for any grain and number of threads")
    func batches() throws {
        try write(training, folder: "train")
        try write(test, folder: "test")
        let dataset = try open(features)
        for (grain, threads) in [(4, 0), (2, 2), (3, 1)] {
            let source = try BatchSource(
                dataset: dataset, plan: EvaluationPlan(sampleCount: 4, grainSize: grain), fields: ["sound", "digit"],
                key: RandomKey(seed: 1))
            let rows = try everyBatch(source, threads: threads) { batch -> [[Float]] in
                let sound = batch.fields.floats("sound")
                let lengths = batch.fields.integers("sound.length").values.map { Int($0) }
                #expect(sound.shape[1] == lengths.max())
                let size = sound.shape[1] * 12
                return lengths.enumerated().map { row, length in
                    let values = Array(sound.values[row * size..<(row + 1) * size])
                    #expect(values[(length * 12)...].allSatisfy { $0 == 0 })
                    return Array(values[..<(length * 12)])
                }
            }
            #expect(rows.flatMap { $0 } == sorted.map { mel($0.samples) })
        }
    }

    @Test("other rates are resampled, and several channels become one")
    func rates() throws {
        try write(training, folder: "train")
        try write(test, folder: "test")
        let fine: [Double] = (0..<4410).map { sin(2 * Double.pi * 440 * Double($0) / 44_100) }
        let stereo: [Int32] = fine.flatMap { [Int32($0 * 0x1p30), 0] }
        try folder.write(
            "train/2_a_5.flac",
            SoundFiles.encoded(stereo, channels: 2, rate: 44_100, format: SoundFiles.flac | SoundFiles.pcm16))
        let dataset = try open(levels(8000))
        #expect(dataset.count == 5)
        let found = try integers(dataset, 3, "next")  // behind 10_a_7, 10_b_0 and 2_a_0
        let expected = (0..<800).map { MuLaw.level(of: Float(sin(2 * .pi * 440 * Double($0) / 8000) / 4)) }
        #expect(found.count == 800)
        #expect(zip(found, expected).dropFirst(60).dropLast(60).allSatisfy { abs($0 - $1) <= 1 })
    }

    // MARK: - Where recordings lie

    @Test("an archive is what its unpacked copy is, also for another process of the host")
    func archives() throws {
        try write(training, folder: "train")
        try write(test, folder: "test")
        let unpacked = try open(levels(300))
        try FileManager.default.removeItem(atPath: "\(folder.path)/train")
        let files = training.map { (name: "./\($0.name).wav", bytes: WaveFile.bytes($0.samples, rate: 8000)) }
        try SoundFiles.archive(
            files + [("._2_a_0.wav", [1, 2, 3]), ("README", Array("text".utf8))], at: "\(folder.path)/train.tar.gz")
        let packed = try open(levels(300))
        #expect(packed.count == unpacked.count && packed.fingerprint == unpacked.fingerprint)
        let shared = try open(levels(300), imports: packed.exports)
        #expect(packed.exports.count == 1 && shared.exports.isEmpty && shared.fingerprint == packed.fingerprint)
        // What was decoded at another rate is not taken.
        let other = Sound(view: .muLaw(window: 300), names: names, rate: 4000)
        #expect(try !open(other, imports: packed.exports).exports.isEmpty)
        try Data(Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/train.tar.gz")).prefix(900))
            .write(to: URL(fileURLWithPath: "\(folder.path)/train.tar.gz"))
        #expect { try open(levels(300)) } throws: { error in
            if case DataError.corruptArchive("\(folder.path)/train.tar.gz", _) = error { true } else { false }
        }
    }

    @Test("a list that stands for other files of this host is no archive")
    func listedFiles() throws {
        try write(test, folder: "test")
        try write(training, folder: "secret")
        let lines = training.map { "./\($0.name).wav type=file contents=\(folder.path)/secret/\($0.name).wav\n" }
        try folder.write("train.tar", Array(("#mtree\n" + lines.joined()).utf8))
        #expect { try open(levels(300)) } throws: { error in
            if case DataError.corruptArchive("\(folder.path)/train.tar", _) = error { true } else { false }
        }
    }

    @Test("classes come from folders, and from a table by file or by placeholder")
    func classes() throws {
        try write(training, folder: "all/yes")
        try write(test, folder: "all/no")
        try folder.write("all/speakers.csv", Array("speaker,gender\na,female\nb,male\n".utf8))
        try folder.write(
            "all/files.csv",
            Array("file,loud\n\(sorted.map { "yes/\($0.name),\($0.samples.count)\n" }.joined())no/2_b_9.wav,3\n".utf8))
        let path = "\(folder.path)/all"
        func classes(_ names: RecordingNames, _ field: String) throws -> [String] {
            let parts = try DatasetSplit.allCases.map {
                try Sound(view: features.view, names: names, test: 0.4).open($0, path: path, imports: [:])
            }
            #expect(parts.map(\.count) == [3, 2] && parts[0].fingerprint != parts[1].fingerprint)
            guard case .classes(let classes) = try parts[0].field(field).meaning else { return [] }
            return try parts.flatMap { part in
                try (0..<part.count).map { classes[Int(try integers(part, $0, field)[0])] }
            }
        }
        let words = RecordingNames(pattern: try NamePattern("{answer}/{digit}_{speaker}_{index}"), classes: ["speaker"])
        #expect(try classes(words, "speaker").sorted() == ["a", "a", "b", "b", "b"])
        let gender = RecordingNames(
            pattern: words.pattern, table: "speakers.csv", classes: ["speaker", "gender"])
        #expect(try classes(gender, "gender").sorted() == ["female", "female", "male", "male", "male"])
        let unknown = RecordingNames(table: "files.csv", classes: ["quiet"])
        #expect(
            throws: DataError.unknownColumn(
                path: "\(path)/files.csv", key: "classes", name: "quiet", known: ["file", "loud"], nearest: nil)
        ) {
            try classes(unknown, "quiet")
        }
    }

    // MARK: - What is refused

    @Test("recordings that are too long, damaged, empty or none at all, and classes that training does not have")
    func refused() throws {
        func problem(_ sound: Sound, _ split: DatasetSplit = .train) -> DataError? {
            do {
                _ = try open(sound, split)
                return nil
            } catch { return error as? DataError }
        }
        #expect(
            problem(features) == .sound(path: folder.path, problem: .noRecordings(extensions: SoundFile.extensions)))
        try write(training, folder: "train")
        #expect(
            problem(features)
                == .missingFile(path: "\(folder.path)/test", expected: ["train", "test", "or archives of these names"]))
        try write([Recording(name: "7_b_9", samples: [0, 0.5])], folder: "test")
        #expect(
            problem(features, .test)
                == .sound(
                    path: "\(folder.path)/test/7_b_9.wav",
                    problem: .noSuchClass(field: "digit", name: "7", known: ["2", "10"])))
        let short = Sound(view: features.view, names: names, longest: 0.1)
        #expect(
            problem(short)
                == .sound(path: "\(folder.path)/train/10_b_0.wav", problem: .tooLong(seconds: 0.1125, limit: 0.1)))
        try folder.write("train/2_a_x.wav", WaveFile.bytes([], rate: 8000))
        #expect(problem(features) == .sound(path: "\(folder.path)/train/2_a_x.wav", problem: .empty))
        try folder.write("train/2_a_x.wav", WaveFile.bytes([0], rate: 8000))
        try folder.write("train/odd.wav", WaveFile.bytes([0], rate: 8000))
        #expect(
            problem(features)
                == .sound(
                    path: "\(folder.path)/train/odd.wav", problem: .nameDoesNotFit(pattern: "{digit}_{speaker}_{index}")
                ))
        #expect(
            problem(features)?.description == "\(folder.path)/train/odd.wav: its name does not fit data.names, "
                + "'{digit}_{speaker}_{index}'; rename the file or correct the pattern.")
    }

    @Test(
        "the spoken digits have their published counts, and as levels as many samples as their files",
        .enabled(
            if: FileManager.default.fileExists(atPath: spokenDigits),
            "set TRAINER_DATA to a folder that holds spoken-digits"))
    func realRecordings() throws {
        let sound = Sound(view: .logMel(MelSettings()), names: names)
        let train = try sound.open(.train, path: spokenDigits, imports: [:])
        let test = try sound.open(.test, path: spokenDigits, imports: [:])
        #expect(train.count == 1500 && test.count == 300 && train.fields == test.fields)
        var counts: [Int32: Int] = [:]
        for index in 0..<train.count { counts[try integers(train, index, "digit")[0], default: 0] += 1 }
        #expect(counts == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, 150) }))
    }

}
