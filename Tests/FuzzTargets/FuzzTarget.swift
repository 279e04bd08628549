/// A reader of what comes from outside, for inputs that nobody has looked at.
///
/// Whatever the bytes are, it gives what they hold or an error: it never ends the program, never goes on for ever and
/// never takes memory out of proportion. `Tests/scripts/fuzz` searches for inputs that show otherwise, guided by the
/// code that they reach; the tests of this folder's neighbour give every reader some thousands.
package struct FuzzTarget: Sendable, CustomStringConvertible {
    package let name: String
    /// Bytes that an input may have: more of them add time, not code.
    package let longest: Int
    /// Small inputs that are in order, or nearly so; others are made of them.
    package let seeds: @Sendable () throws -> [[UInt8]]
    private let latinWords: @Sendable () throws -> [String]
    private let read: @Sendable (UnsafeRawBufferPointer) throws -> Void

    /// - Parameters:
    ///   - words: of the format, a character for each byte.
    ///   - read: reads an input and uses what it gives; its errors are well. Where a promise is broken it
    ///     ends the program.
    init(
        _ name: String, longest: Int, seeds: @escaping @Sendable () throws -> [[UInt8]],
        words: @escaping @Sendable () throws -> [String] = { [] },
        read: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) {
        self.name = name
        self.longest = longest
        self.seeds = seeds
        latinWords = words
        self.read = read
    }

    /// Words of the format, which chance would not find.
    package func words() throws -> [[UInt8]] {
        try latinWords().map { $0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
    }

    /// Gives an input to the reader; whether it found nothing wrong with it.
    @discardableResult
    package func takes(_ input: UnsafeRawBufferPointer) -> Bool {
        do {
            try read(input)
            return true
        } catch {
            // What a user would see must be made without harm too.
            precondition(!"\(error)".isEmpty, "\(name): an error says nothing")
            return false
        }
    }

    package var description: String { name }

    /// All targets, by the names that `Tests/scripts/fuzz` takes.
    package static let all: [FuzzTarget] = [
        .idx, .gzip, .cifar, .csv, .samples, .sound, .archive, .jpeg, .png, .shards, .safetensors, .checkpoint, .yaml,
        .model,
    ]
}

extension UnsafeRawBufferPointer {
    /// The bytes before `place`, and those from there on; all are before where there are fewer.
    func divided(at place: Int) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
        let place = Swift.min(place, count)
        return (UnsafeRawBufferPointer(rebasing: self[..<place]), UnsafeRawBufferPointer(rebasing: self[place...]))
    }
}
