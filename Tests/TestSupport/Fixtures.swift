import Foundation

/// The files that tests read, which lie in the folder `Tests/Fixtures` of the source tree.
package enum Fixtures {
    /// Absolute, without a slash at the end.
    package static let directory: String = {
        let support = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return support.deletingLastPathComponent().appendingPathComponent("Fixtures").path
    }()

    /// The path of the fixture `name`, for example `golden/linear.safetensors`.
    package static func path(_ name: String) -> String { directory + "/" + name }
}
