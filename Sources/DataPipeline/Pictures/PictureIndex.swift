/// Which pictures a data set consists of, in their order: one block of bytes that all processes of a host map.
///
/// A header of 64-bit little-endian numbers (magic, version, hash of what is behind it, the moment when the files were
/// looked at, fingerprint, pictures of each part, begin and length of each section), then the sections, each from a
/// multiple of eight on. 24 bytes a picture and its name; 32 in shards.
struct PictureIndex: Sendable {
    enum Section: Int, CaseIterable {
        /// What the files were looked for with; what tells whether they are as they were (four numbers each: kind,
        /// modified, changed, content) with their paths; what people should know.
        case identity, watches, watchPaths, watchPathEnds, notes, noteEnds
        case classes, classEnds
        /// Folders, with the size 0, or shards.
        case containers, containerEnds, containerSizes
        // By picture.
        case names, nameEnds, places, labels, sizes, offsets
    }

    private enum Header: Int, CaseIterable {
        case magic, version, hash, moment, fingerprint, train, test, validation
    }

    private static let magic = 0x7844_4970_5472_5431  // "1TrTpIDx"
    private static let version = 1
    private static let headerWords = Header.allCases.count + 2 * Section.allCases.count

    let bytes: SharedBytes
    private let sections: [Range<Int>]

    /// Reads what ``encoded(_:)`` has made.
    ///
    /// - Returns: nil for anything else, damaged or of another version.
    init?(_ bytes: SharedBytes) {
        self.bytes = bytes
        var sections: [Range<Int>] = []
        let isWhole = bytes.withUnsafeBytes { raw -> Bool in
            guard raw.count >= 8 * PictureIndex.headerWords, PictureIndex.word(raw, 0) == PictureIndex.magic,
                PictureIndex.word(raw, 1) == PictureIndex.version
            else { return false }
            var end = 8 * PictureIndex.headerWords
            for section in 0..<Section.allCases.count {
                let start = PictureIndex.word(raw, Header.allCases.count + 2 * section)
                let count = PictureIndex.word(raw, Header.allCases.count + 2 * section + 1)
                guard start == (end + 7) / 8 * 8, count >= 0, count <= raw.count - start else { return false }
                end = start + count
                sections.append(start..<end)
            }
            return end == raw.count && PictureIndex.word(raw, Header.hash.rawValue) == PictureIndex.hash(raw)
        }
        self.sections = sections
        guard isWhole, isConsistent else { return nil }
    }

    // MARK: What it says

    var moment: Int64 { Int64(header(.moment)) }
    /// Of names, sizes and classes, not of times: the same for a copy of the files.
    var fingerprint: Int { header(.fingerprint) }

    /// The places of a part's pictures.
    func pictures(of part: FoundPictures.Part) -> Range<Int> {
        let counts = [header(.train), header(.test), header(.validation)]
        let start = counts[..<part.rawValue].reduce(0, +)
        return start..<start + counts[part.rawValue]
    }

    var count: Int { numbers(.nameEnds) }
    var identity: [UInt8] { Array(bytesOf(.identity)) }
    var classes: [[UInt8]] { texts(.classes, .classEnds) }
    var notes: [String] { texts(.notes, .noteEnds).map { String(decoding: $0, as: UTF8.self) } }
    var containerCount: Int { numbers(.containerEnds) }
    func container(_ index: Int) -> [UInt8] { text(.containers, .containerEnds, index) }
    /// The bytes of a shard.
    func containerSize(_ index: Int) -> Int { number(.containerSizes, index) }

    func name(_ picture: Int) -> [UInt8] { text(.names, .nameEnds, picture) }
    /// Writes the name of a picture behind what is there.
    func appendName(_ picture: Int, to path: inout [UInt8]) { append(.names, .nameEnds, picture, to: &path) }
    /// Writes the path of the folder or shard of a picture behind what is there.
    func appendContainer(of picture: Int, to path: inout [UInt8]) {
        append(.containers, .containerEnds, place(picture), to: &path)
    }
    /// The folder or shard that holds a picture.
    func place(_ picture: Int) -> Int { Int(number32(.places, picture)) }
    /// The class; -1 for none.
    func label(_ picture: Int) -> Int32 { number32(.labels, picture) }
    func size(_ picture: Int) -> Int { number(.sizes, picture) }
    /// Where its bytes begin in its shard; nil where it is a file.
    func offset(_ picture: Int) -> Int? { isOfShards ? number(.offsets, picture) : nil }
    var isOfShards: Bool { !sections[Section.offsets.rawValue].isEmpty }

    var watches: [PictureWatch] {
        texts(.watchPaths, .watchPathEnds).enumerated().compactMap { index, path in
            PictureWatch.Kind(rawValue: Int64(number(.watches, 4 * index))).map {
                PictureWatch(
                    kind: $0, path: path, modified: Int64(number(.watches, 4 * index + 1)),
                    changed: Int64(number(.watches, 4 * index + 2)), content: Int64(number(.watches, 4 * index + 3)))
            }
        }
    }

    // MARK: Reading

    private func header(_ header: Header) -> Int { bytes.withUnsafeBytes { PictureIndex.word($0, header.rawValue) } }

    private func bytesOf(_ section: Section) -> [UInt8] {
        bytes.withUnsafeBytes { Array($0[sections[section.rawValue]]) }
    }

    private func numbers(_ section: Section) -> Int { sections[section.rawValue].count / 8 }

    private func number(_ section: Section, _ index: Int) -> Int {
        let range = sections[section.rawValue]
        precondition(index >= 0 && index < range.count / 8, "PictureIndex: no \(section) \(index)")
        return bytes.withUnsafeBytes {
            Int(Int64(littleEndian: $0.load(fromByteOffset: range.lowerBound + 8 * index, as: Int64.self)))
        }
    }

    private func number32(_ section: Section, _ index: Int) -> Int32 {
        let range = sections[section.rawValue]
        precondition(index >= 0 && index < range.count / 4, "PictureIndex: no \(section) \(index)")
        return bytes.withUnsafeBytes {
            Int32(littleEndian: $0.load(fromByteOffset: range.lowerBound + 4 * index, as: Int32.self))
        }
    }

    private func text(_ section: Section, _ ends: Section, _ index: Int) -> [UInt8] {
        var result: [UInt8] = []
        append(section, ends, index, to: &result)
        return result
    }

    private func append(_ section: Section, _ ends: Section, _ index: Int, to text: inout [UInt8]) {
        let start = sections[section.rawValue].lowerBound
        let range = (index == 0 ? 0 : number(ends, index - 1))..<number(ends, index)
        bytes.withUnsafeBytes { text.append(contentsOf: $0[start + range.lowerBound..<start + range.upperBound]) }
    }

    private func texts(_ section: Section, _ ends: Section) -> [[UInt8]] {
        (0..<numbers(ends)).map { text(section, ends, $0) }
    }

    private static func word(_ raw: UnsafeRawBufferPointer, _ index: Int) -> Int {
        Int(Int64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)))
    }

    private static func hash(_ raw: UnsafeRawBufferPointer) -> Int {
        var hash = Fingerprint()
        hash.feed(UnsafeRawBufferPointer(rebasing: raw[8 * (Header.hash.rawValue + 1)..<raw.count]))
        return Int(bitPattern: UInt(hash.value))
    }

    /// Whether every number refers to something, so that a file that somebody made up does no harm.
    private var isConsistent: Bool {
        let texts: [(Section, Section)] = [
            (.watchPaths, .watchPathEnds), (.notes, .noteEnds), (.classes, .classEnds), (.containers, .containerEnds),
            (.names, .nameEnds),
        ]
        for (section, ends) in texts {
            var last = 0
            for index in 0..<numbers(ends) {
                let end = number(ends, index)
                guard end >= last else { return false }
                last = end
            }
            guard last == sections[section.rawValue].count else { return false }
        }
        let (classCount, containerCount) = (numbers(.classEnds), containerCount)
        let isComplete =
            sections[Section.places.rawValue].count == 4 * count && sections[Section.labels.rawValue].count == 4 * count
            && numbers(.sizes) == count && (!isOfShards || numbers(.offsets) == count)
            && numbers(.containerSizes) == containerCount && numbers(.watches) == 4 * numbers(.watchPathEnds)
            && min(header(.train), header(.test), header(.validation)) >= 0
            && [header(.train), header(.test), header(.validation)].allSatisfy { $0 <= count }
            && header(.train) + header(.test) + header(.validation) == count
        guard isComplete else { return false }
        for picture in 0..<count {
            guard place(picture) >= 0, place(picture) < containerCount, label(picture) >= -1,
                label(picture) < classCount, size(picture) >= 0, offset(picture) ?? 0 >= 0
            else { return false }
        }
        return true
    }

    // MARK: Writing

    /// The bytes of an index of what has been found.
    static func encoded(_ content: Content) -> [UInt8] {
        let found = content.pictures
        let order = found.order()
        var sections: [[UInt8]] = Section.allCases.map { _ in [] }
        func set(_ section: Section, _ bytes: [UInt8]) { sections[section.rawValue] = bytes }
        func set(_ section: Section, _ ends: Section, _ texts: some Sequence<some Collection<UInt8>>) {
            var (all, places): ([UInt8], [Int64]) = ([], [])
            for text in texts {
                all.append(contentsOf: text)
                places.append(Int64(all.count))
            }
            set(section, all)
            set(ends, littleEndian(places))
        }
        set(.identity, content.identity)
        set(
            .watches, littleEndian(content.watches.flatMap { [$0.kind.rawValue, $0.modified, $0.changed, $0.content] }))
        set(.watchPaths, .watchPathEnds, content.watches.map(\.path))
        set(.notes, .noteEnds, content.notes.map { Array($0.utf8) })
        set(.classes, .classEnds, content.classes)
        set(.containers, .containerEnds, content.containers)
        set(.containerSizes, littleEndian(content.containerSizes))
        set(.names, .nameEnds, order.lazy.map { found.name(Int($0)) })
        set(.places, littleEndian(order.map { found.containers[Int($0)] }))
        set(.labels, littleEndian(order.map { found.classes[Int($0)] }))
        set(.sizes, littleEndian(order.map { found.sizes[Int($0)] }))
        if !found.offsets.isEmpty { set(.offsets, littleEndian(order.map { found.offsets[Int($0)] })) }
        return joined(sections, content.moment, parts: found.partCounts)
    }

    private static func joined(_ sections: [[UInt8]], _ moment: Int64, parts: [Int]) -> [UInt8] {
        var fingerprint = Fingerprint()
        let named: [Section] = [.classes, .classEnds, .containers, .containerEnds, .names, .nameEnds, .places, .labels]
        for section in named + [.sizes] {
            sections[section.rawValue].withUnsafeBytes { fingerprint.feed($0) }
        }
        var words = [magic, version, 0, Int(moment), Int(bitPattern: UInt(fingerprint.value))] + parts
        var end = 8 * headerWords
        for section in sections {
            let start = (end + 7) / 8 * 8
            words += [start, section.count]
            end = start + section.count
        }
        var result = littleEndian(words.map(Int64.init))
        result.reserveCapacity(end)
        for section in sections {
            result.append(contentsOf: repeatElement(0, count: (8 - result.count % 8) % 8))
            result += section
        }
        let hash = result.withUnsafeBytes { PictureIndex.hash($0) }
        result.replaceSubrange(
            8 * Header.hash.rawValue..<8 * Header.hash.rawValue + 8, with: littleEndian([Int64(hash)]))
        return result
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ numbers: [Number]) -> [UInt8] {
        numbers.map(\.littleEndian).withUnsafeBytes(Array.init)
    }
}

extension PictureIndex {
    /// What an index is made of.
    struct Content: Sendable {
        var identity: [UInt8] = []
        /// Nanoseconds since 1970, before anything was looked at.
        var moment = PictureWatch.now
        var watches: [PictureWatch] = []
        var notes: [String] = []
        /// In their order.
        var classes: [[UInt8]] = []
        /// Folders or shards by their paths in the data set's folder.
        var containers: [[UInt8]] = []
        /// The shards' bytes; 0 for folders.
        var containerSizes: [Int64] = []
        var pictures = FoundPictures()
    }
}
