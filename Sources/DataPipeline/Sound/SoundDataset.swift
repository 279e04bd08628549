import Kernels
import TensorCore

/// What of a recording a sample holds.
package enum SoundView: Equatable, Sendable {
    /// The whole recording as log-mel features.
    case logMel(MelSettings)
    /// A window of its samples as μ-law levels.
    case muLaw(window: Int)
}

/// Recordings as samples, see ``Sound``.
///
/// As log-mel features: field `sound` [frames, mels], as long as the recording. As μ-law levels: windows that follow
/// each other in a recording, the last of them shorter; fields `levels` [T], the level before each place, for a
/// recording's first one that of silence, and `next` [T], the level there. Behind them come the fields of classes, [].
package struct SoundDataset: Dataset {
    package let name: String
    package let fields: [FieldDescription]
    package let defaultInput: String
    package let defaultTarget: String?
    private let store: RecordingStore
    private let rate: Int
    private let reading: Reading
    /// What each sample is cut from.
    private let pieces: [Piece]
    /// By field of classes, by recording of the store.
    private let labels: [[Int32]]

    private enum Reading: Sendable {
        case logMel(MelSpectrum)
        case muLaw
    }

    private struct Piece: Sendable {
        let recording: Int32
        /// Its first sample in the recording.
        let first: Int32
        let count: Int32
    }

    /// - Parameters:
    ///   - recordings: the places in the store of those that belong to the part.
    ///   - labels: of all recordings of the store.
    init(
        _ settings: Sound, split: DatasetSplit, store: RecordingStore, recordings: [Int], classes: RecordingClasses
    ) {
        name = "sound/\(split.rawValue)"
        self.store = store
        rate = settings.rate
        labels = classes.labels
        let classFields = zip(classes.names, classes.classes).map { name, classes in
            FieldDescription(name: name, elementType: .int32, shape: [], meaning: .classes(names: classes))
        }
        let all = recordings.map { (Int32($0), store.recordings[$0].count) }
        switch settings.view {
        case .logMel(let mel):
            let spectrum = MelSpectrum(mel, rate: settings.rate)
            let longest = Int((settings.longest * Double(settings.rate)).rounded(.up))
            reading = .logMel(spectrum)
            defaultInput = "sound"
            defaultTarget = settings.target ?? classes.names.first
            fields =
                [
                    FieldDescription(
                        name: "sound", elementType: .float32,
                        shape: [spectrum.frameCount(samples: longest), spectrum.mels], variableAxis: 0,
                        meaning: .real(names: []))
                ] + classFields
            pieces = all.map { Piece(recording: $0, first: 0, count: Int32($1)) }
        case .muLaw(let window):
            reading = .muLaw
            defaultInput = "levels"
            defaultTarget = settings.target ?? "next"
            let levels = ["levels", "next"].map { name in
                FieldDescription(
                    name: name, elementType: .int32, shape: [window], variableAxis: 0,
                    meaning: .levels(count: MuLaw.levelCount, rate: settings.rate))
            }
            fields = levels + classFields
            pieces = all.flatMap { recording, count in
                stride(from: 0, to: count, by: window).map {
                    Piece(recording: recording, first: Int32($0), count: Int32(min(window, count - $0)))
                }
            }
        }
    }

    package var count: Int { pieces.count }
    package var exports: [String: SharedBytes.Export] { store.exports }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        for field in fields { hash.feed("\(field.name) \(field.shape) \(field.meaning)") }
        for piece in pieces {
            hash.feed(Int(piece.first))
            hash.feed(Int(piece.count))
            for labels in labels { hash.feed(Int(labels[Int(piece.recording)])) }
            store.withSamples(store.recordings[Int(piece.recording)]) { hash.feed(UnsafeRawBufferPointer($0)) }
        }
        return hash.value
    }

    package func length(of index: Int, field: Int) -> Int {
        switch reading {
        case .logMel(let spectrum): spectrum.frameCount(samples: Int(pieces[index].count))
        case .muLaw: Int(pieces[index].count)
        }
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        guard case .logMel(let spectrum) = reading, field == 0 else {
            preconditionFailure("\(name): field \(field) is none of floats")
        }
        store.withSamples(store.recordings[Int(pieces[index].recording)]) { spectrum($0, into: buffer) }
    }

    package func origin(of index: Int) -> String? { store.recordings[Int(pieces[index].recording)].name }

    package func fieldSource(_ field: Int) -> FieldSource? {
        if case .logMel = reading, field == 0 { .recordings(rate: rate) } else { nil }
    }

    package func read(
        _ index: Int, field: Int, changing change: SourceChange, into buffer: UnsafeMutableBufferPointer<Float>
    ) {
        guard case .logMel(let spectrum) = reading, field == 0, case .sound(let change) = change else {
            preconditionFailure("\(name): field \(field) is not made of sound")
        }
        store.withSamples(store.recordings[Int(pieces[index].recording)]) { samples in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: samples.count) { copy in
                _ = copy.update(fromContentsOf: samples)
                change.apply(to: copy, rate: rate)
                spectrum(UnsafeBufferPointer(copy), into: buffer)
            }
        }
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        let piece = pieces[index]
        let levels: Int
        if case .muLaw = reading { levels = 2 } else { levels = 0 }
        guard field < levels else {
            let place = field - (fields.count - labels.count)
            precondition(place >= 0 && buffer.count == 1, "\(name): field \(field) is not \(buffer.count) integers")
            buffer[0] = labels[place][Int(piece.recording)]
            return
        }
        precondition(buffer.count == Int(piece.count), "\(name): \(buffer.count) levels of \(piece.count)")
        // `levels` begins a sample before the window.
        let start = Int(piece.first) + field - 1
        store.withSamples(store.recordings[Int(piece.recording)]) { samples in
            for offset in buffer.indices {
                let place = start + offset
                buffer[offset] = place < 0 ? Int32(MuLaw.middle) : MuLaw.level(of: samples[place])
            }
        }
    }
}
