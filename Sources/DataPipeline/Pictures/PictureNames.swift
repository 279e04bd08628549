import TensorCore

/// What names of files and folders say of pictures.
enum PictureNames {
    /// In any case.
    static let extensions = PictureDecoder.extensions

    private static let lowercase = extensions.map { Array($0.utf8) }

    /// Where the extension of a picture's name begins, behind its dot; nil for a file that is no picture.
    static func extensionStart(of name: ArraySlice<UInt8>) -> Int? {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return nil }
        let ending = name[(dot + 1)...]
        guard ending.count <= 4 else { return nil }
        let isPicture = lowercase.contains { known in known.elementsEqual(ending.lazy.map { $0 | 0x20 }) }
        return isPicture ? dot + 1 : nil
    }

    /// The part that a folder or the beginning of a shard's name stands for.
    static func part(_ name: some Collection<UInt8>) -> FoundPictures.Part? {
        switch String(decoding: name, as: UTF8.self) {
        case "train": .train
        case "test": .test
        case "val", "valid", "validation": .validation
        default: nil
        }
    }

    /// Classes in their order: numbers in theirs, others by their bytes.
    static func ordered(_ names: some Sequence<[UInt8]>) -> [[UInt8]] {
        let names = Array(Set(names))
        let numbers = names.compactMap { name in Int(String(decoding: name, as: UTF8.self)).map { (name, $0) } }
        if numbers.count == names.count, Set(numbers.map(\.1)).count == names.count {
            return numbers.sorted { $0.1 < $1.1 }.map(\.0)
        }
        return names.sorted(by: [UInt8].precedes)
    }

    /// A class's name as text: other bytes than UTF-8 are spelt out.
    static func text(_ name: [UInt8]) -> String { name.isEmpty ? "" : TokenWord.word(of: name) }
}

/// Files that are left out: how many, and the first of them by its path.
struct LeftOut: Sendable {
    private(set) var count = 0
    private var first: [UInt8]?

    mutating func add(_ path: [UInt8]) {
        count += 1
        if first.map({ path.lexicographicallyPrecedes($0) }) ?? true { first = path }
    }

    mutating func add(_ other: LeftOut) {
        count += other.count
        if let theirs = other.first, first.map({ theirs.lexicographicallyPrecedes($0) }) ?? true { first = theirs }
    }

    /// One sentence; nil where nothing is left out.
    ///
    /// - Parameter what: `files that are no pictures (jpg, jpeg, png)`.
    func note(_ what: String) -> String? {
        first.map { "\(count) \(what) left out, the first is \(String(decoding: $0, as: UTF8.self))" }
    }
}
