import Kernels
import System

/// What a field of floats is computed from when it is read; random changes may come before.
package enum FieldSource: Equatable, Sendable {
    /// Samples of sound, so many a second.
    case recordings(rate: Int)
    /// Pictures of any size.
    case pictures
}

/// What is done at random to what a sample is computed from.
package enum SourceChange {
    case sound(SoundChange)
    case picture(PictureChange)
}

/// The transforms of a field's source, each with its place among all augmentations of the run.
enum SourceTransforms: Sendable {
    case sound([(place: Int, transform: any SoundTransform)])
    case picture([(place: Int, transform: any WindowTransform)])

    /// - Parameter key: of the sample in its epoch.
    func change(key: RandomKey) -> SourceChange {
        switch self {
        case .sound(let transforms): .sound(SoundChange(transforms, key: key))
        case .picture(let transforms): .picture(PictureChange(transforms, key: key))
        }
    }
}

/// A sample that is left out of its grain because it can't be read; whoever reads samples goes on with the next one.
struct DamagedSample: Error, CustomStringConvertible {
    /// What is wrong with it, with its file.
    let description: String
}

/// Which samples have been left out because they can't be read.
///
/// `@unchecked Sendable`: everything is under the lock.
package final class DamageLog: @unchecked Sendable {
    /// A sample that was left out.
    package struct Entry: Codable, Equatable, Sendable {
        /// Its number among all of the data set.
        package let number: Int
        /// What is wrong with it, with its file.
        package let text: String
    }

    private let monitor = Monitor()
    private var entries: [Int: String] = [:]

    package init() {}

    func add(_ number: Int, _ text: String) { monitor.withLock { entries[number] = text } }

    /// Each sample once, by number.
    package var all: [Entry] {
        monitor.withLock { entries.map { Entry(number: $0, text: $1) } }.sorted { $0.number < $1.number }
    }
}
