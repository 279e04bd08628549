import Foundation

/// A fault for the tests: every sentence about an error says something else, to show that no program reads it.
///
/// `TRAINER_TEST_GARBLE=1`, read here alone, asks for it.
package enum GarbledText {
    /// Whether sentences are to be garbled.
    package static let isAsked = ProcessInfo.processInfo.environment["TRAINER_TEST_GARBLE"] == "1"

    /// `text` as it is, or with `x` for all that is no space.
    package static func apply(_ text: String) -> String {
        isAsked ? String(text.map { $0.isWhitespace ? $0 : "x" }) : text
    }
}
