/// What can be wrong with a picture; each text says what to do.
package enum PictureProblem: Error, Equatable, CustomStringConvertible {
    /// No bytes.
    case empty
    /// Neither a JPEG nor a PNG file, by its first bytes.
    case unknownFormat
    /// The file ends before the picture does.
    case cutShort
    case damaged(reason: String)
    case unsupported(what: String)
    case tooLarge(height: Int, width: Int, limit: Int)
    /// A JPEG file in more scans than a picture of its size may have.
    case manyScans(limit: Int)
    case noMemory(height: Int, width: Int)

    package var description: String {
        switch self {
        case .empty: "holds no bytes; copy the file again, or remove it"
        case .unknownFormat:
            "is neither a JPEG nor a PNG picture, whatever its name says; convert it to one of them, or remove it"
        case .cutShort: "ends before its picture does; copy the file again, or remove it"
        case .damaged(let reason): "cannot be decoded: \(reason); copy the file again, or remove it"
        case .unsupported(let what): "cannot be decoded here: \(what); convert it to a usual JPEG or PNG"
        case .tooLarge(let height, let width, let limit):
            "has \(height) rows of \(width) pixels, more than \(limit) pixels; make it smaller or cut it"
        case .manyScans(let limit):
            "is a JPEG in more than \(limit) scans, which only files have that are made to take long; write it anew"
        case .noMemory(let height, let width):
            "has \(height) rows of \(width) pixels, for which there is no memory; make it smaller or cut it"
        }
    }
}
