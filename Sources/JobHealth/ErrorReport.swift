/// An error in the form in which people and other ranks get it.
package struct ErrorReport: Error, Equatable, Sendable, Codable, CustomStringConvertible {
    package var text: String
    package var code: Int32

    package init(text: String, code: ExitCode) {
        self.text = text
        self.code = code.rawValue
    }

    package var description: String { text }
}
