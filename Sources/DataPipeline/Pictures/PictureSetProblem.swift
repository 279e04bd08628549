/// What can be wrong with a set of pictures; each text says what to do.
package enum PictureSetProblem: Error, Equatable, CustomStringConvertible {
    case noPictures
    /// A folder of a class, or a class of a table or shards, that has none.
    case emptyClass(String)
    /// A class that one part has and another has not.
    case onlyIn(className: String, part: String, other: String)
    /// Two folders for one part.
    case partTwice([String])
    case brokenLink
    /// Another number of bytes than when the index was made.
    case changed(expected: Int, actual: Int, index: String)
    case missingSince(index: String)
    case packedShard(kind: String, unpack: String)
    /// What is wrong at a byte of a shard.
    case damagedShard(offset: Int, reason: String)
    case entryCutShort(name: String, offset: Int, expected: Int, actual: Int)
    case hostileName(name: String, offset: Int)
    case linkInShard(name: String, offset: Int)
    case twoPictures(key: String, offset: Int)
    case noClass(key: String, offset: Int)
    case noShards
    case badPattern(String)
    case allDamaged(count: Int)
    /// A picture that has no mask.
    case noMask(picture: String)
    case masksOfShards
    case masksAmongPictures
    case maskOfAnotherSize(mask: [Int], picture: [Int])
    /// A number of a mask that no class has.
    case unknownMaskNumber(Int, row: Int, column: Int)
    /// A picture of which the table does not say where something is.
    case noPlaces(picture: String)
    /// A model takes statistics over all grains of a batch.
    case grainOfDamaged(count: Int)

    package var description: String {
        switch self {
        case .noPictures:
            return
                "holds no pictures, files that end in \(PictureNames.extensions.joined(separator: ", ")), in a folder "
                + "for each class; correct data.path"
        case .emptyClass(let name):
            return "the class '\(name)' has no pictures; add some, or remove its folder"
        case .onlyIn(let name, let part, let other):
            return "the class '\(name)' is in '\(part)' and not in '\(other)'; every part must have every class: add "
                + "pictures of it, or remove it everywhere"
        case .partTwice(let names):
            return "holds \(names.joined(separator: " and ")), which stand for the same part; keep one of them"
        case .brokenLink: return "is a link to nothing; remove it, or put the picture back"
        case .changed(let expected, let actual, let index):
            return
                "has \(actual) bytes, and had \(expected) when the index was made; remove \(index), and a new one is "
                + "made at the next start"
        case .missingSince(let index):
            return "was there when the index was made and is gone; put it back, or remove \(index), and a new one is "
                + "made at the next start"
        case .packedShard(let kind, let unpack):
            return "is packed by \(kind), and pictures are read from the middle of a shard; unpack it: \(unpack) "
                + "(pictures are compressed as they are)"
        case .damagedShard(let offset, let reason):
            return "damaged at offset \(offset): \(reason); copy or download the shard again"
        case .entryCutShort(let name, let offset, let expected, let actual):
            return "ends inside of '\(name)' at offset \(offset), which has \(expected) bytes, of which \(actual) are "
                + "there; copy or download the shard again"
        case .hostileName(let name, let offset):
            return "'\(name)' at offset \(offset) leads out of the shard; pack it with paths that begin at its folder"
        case .linkInShard(let name, let offset):
            return "'\(name)' at offset \(offset) is a link; pack the files themselves: tar --dereference "
                + "--hard-dereference"
        case .twoPictures(let key, let offset):
            return "a second picture of the sample '\(key)' at offset \(offset); a name up to its first dot tells "
                + "samples apart: rename the files"
        case .noClass(let key, let offset):
            return
                "the sample '\(key)' at offset \(offset) has no class and others have one; add a file '\(key).cls', or "
                + "put it into a folder named after its class"
        case .noShards: return "holds no shards, files that end in .tar; correct data.path"
        case .badPattern(let reason): return "data.path: \(reason)"
        case .allDamaged(let count):
            return "all of its \(count) pictures are damaged; convert them to JPEG or PNG, or correct data.path"
        case .noMask(let picture):
            return "is not there, the mask of the picture \(picture); add it, or take the picture away"
        case .masksOfShards:
            return "holds shards, and masks are files in a folder of their own; unpack the shards: tar --extract"
        case .masksAmongPictures:
            return "is data.masks.path and lies within data.path, where masks would be taken for pictures; move it out"
        case .maskOfAnotherSize(let mask, let picture):
            return "has \(mask[0]) rows of \(mask[1]) pixels, and its picture has \(picture[0]) of \(picture[1]); make "
                + "them equally large"
        case .unknownMaskNumber(let number, let row, let column):
            return
                "has the number \(number) in row \(row), column \(column), which no class of data.masks.classes has; "
                + "add a class for it, or correct the mask"
        case .noPlaces(let picture):
            return "does not name the picture \(picture), which the index has; remove the index, or add a row"
        case .grainOfDamaged(let count):
            return "all \(count) pictures of a grain are damaged, and the model takes statistics over all grains of a "
                + "batch; make grain larger, or remove the files"
        }
    }
}
