import Glibc

/// Pictures as they are found, in any order, column by column.
struct FoundPictures: Sendable {
    /// What a data set is cut into.
    enum Part: Int, CaseIterable, Sendable {
        case train, test, validation
    }

    private(set) var count = 0
    /// What they are ordered by: the part, the path without its extension, the extension.
    private var keys: [UInt8] = []
    private var keyEnds: [Int] = []
    /// How they are called in their container.
    private var names: [UInt8] = []
    private var nameEnds: [Int] = []
    private(set) var containers: [Int32] = []
    /// Places among classes; -1 for none.
    private(set) var classes: [Int32] = []
    private(set) var sizes: [Int64] = []
    private(set) var offsets: [Int64] = []

    /// - Parameters:
    ///   - key: the path inside of the part, without its extension.
    ///   - container: the folder or shard.
    ///   - offset: where its bytes begin in the shard; nil where it is a file itself.
    mutating func append(
        _ part: Part, key: some Collection<UInt8>, fileExtension: some Collection<UInt8>, name: some Collection<UInt8>,
        container: Int32, class: Int32, size: Int64, offset: Int64?
    ) {
        keys.append(UInt8(part.rawValue))
        keys.append(contentsOf: key)
        keys.append(0)  // before every byte of a name, so that a path comes before those that it begins
        keys.append(contentsOf: fileExtension)
        keyEnds.append(keys.count)
        names.append(contentsOf: name)
        nameEnds.append(names.count)
        containers.append(container)
        classes.append(`class`)
        sizes.append(size)
        if let offset { offsets.append(offset) }
        count += 1
    }

    /// All that others have found, behind one's own.
    mutating func append(_ other: FoundPictures) {
        keyEnds.append(contentsOf: other.keyEnds.lazy.map { [keys] in $0 + keys.count })
        keys.append(contentsOf: other.keys)
        nameEnds.append(contentsOf: other.nameEnds.lazy.map { [names] in $0 + names.count })
        names.append(contentsOf: other.names)
        containers += other.containers
        classes += other.classes
        sizes += other.sizes
        offsets += other.offsets
        count += other.count
    }

    /// Gives containers and classes their final numbers.
    mutating func renumber(containers new: [Int32], classes newClasses: [Int32]) {
        for index in 0..<count {
            containers[index] = new[Int(containers[index])]
            if classes[index] >= 0 { classes[index] = newClasses[Int(classes[index])] }
        }
    }

    /// The pictures of each part.
    var partCounts: [Int] {
        var counts = Part.allCases.map { _ in 0 }
        for index in 0..<count { counts[Int(keys[index == 0 ? 0 : keyEnds[index - 1]])] += 1 }
        return counts
    }

    func part(_ index: Int) -> Part { Part(rawValue: Int(keys[index == 0 ? 0 : keyEnds[index - 1]])) ?? .train }

    func name(_ index: Int) -> ArraySlice<UInt8> { names[(index == 0 ? 0 : nameEnds[index - 1])..<nameEnds[index]] }

    /// Part by part, in each by the bytes of their paths without extensions; the same path's in the order in which they
    /// were found.
    func order() -> [Int32] {
        keys.withUnsafeBytes { keys in
            keyEnds.withUnsafeBufferPointer { ends in
                (0..<Int32(count)).sorted { a, b in
                    let (first, second) = (start(ends, a), start(ends, b))
                    let (lengthA, lengthB) = (ends[Int(a)] - first, ends[Int(b)] - second)
                    guard let base = keys.baseAddress else { return a < b }
                    let order = memcmp(base + first, base + second, min(lengthA, lengthB))
                    return order != 0 ? order < 0 : lengthA != lengthB ? lengthA < lengthB : a < b
                }
            }
        }
    }

    private func start(_ ends: UnsafeBufferPointer<Int>, _ index: Int32) -> Int {
        index == 0 ? 0 : ends[Int(index) - 1]
    }
}
