/// What can be wrong with recordings; each text says what to do.
package enum SoundProblem: Error, Equatable, CustomStringConvertible {
    /// No bytes, or a header without samples behind it.
    case empty
    /// The header counts more bytes than there are.
    case cutShort(expected: Int, actual: Int)
    /// The decoder gave fewer samples than the header counts.
    case samplesMissing(expected: Int, actual: Int)
    /// Two numbers of the header that cannot both be right.
    case contradictoryHeader(String)
    case undecodable(reason: String)
    case notFinite(seconds: Double)
    case unsupportedRate(from: Int, to: Int)
    case tooLong(seconds: Double, limit: Double)
    case noRecordings(extensions: [String])
    /// Two recordings of one name, in an archive.
    case repeatedName(String)
    /// More samples than memory should hold.
    case tooMuch(limit: Int)
    case nameDoesNotFit(pattern: String)
    case noSuchClass(field: String, name: String, known: [String])
    case noClass(field: String, table: String)

    package var description: String {
        switch self {
        case .empty: return "holds no samples; record it again or remove the file"
        case .cutShort(let expected, let actual):
            return
                "its header counts \(expected) bytes and the file has \(actual); copy the file again, or write it anew "
                + "with a true header"
        case .samplesMissing(let expected, let actual):
            return "its header counts \(expected) samples and \(actual) can be read; copy the file again"
        case .contradictoryHeader(let what): return "its header contradicts itself: \(what); write the file anew"
        case .undecodable(let reason):
            return "cannot be decoded: \(reason); convert it to WAV or FLAC, or remove it"
        case .notFinite(let seconds):
            return "a sample at \(seconds) s is not a finite number; write the file anew"
        case .unsupportedRate(let from, let to):
            return
                "cannot be brought from \(from) to \(to) samples a second; set data.rate to a rate of the recordings, "
                + "or convert them first"
        case .tooLong(let seconds, let limit):
            return "lasts \(seconds) s, longer than data.longest, which is \(limit) s; make data.longest larger or cut "
                + "the recording"
        case .noRecordings(let extensions):
            return "holds no recordings, files that end in \(extensions.joined(separator: ", ")); give the folder or "
                + "archive that has some"
        case .repeatedName(let name): return "holds '\(name)' twice; pack the archive anew"
        case .tooMuch(let limit):
            return "its samples need more than \(limit) bytes of memory; choose a lower data.rate or fewer recordings"
        case .nameDoesNotFit(let pattern):
            return "its name does not fit data.names, '\(pattern)'; rename the file or correct the pattern"
        case .noSuchClass(let field, let name, let known):
            return "'\(name)' is no '\(field)' of the training part, which has \(known.joined(separator: ", ")); move "
                + "recordings of every class there, or correct the name"
        case .noClass(let field, let table):
            return "'\(field)' is not in \(table) for it; add a row to the table"
        }
    }
}
