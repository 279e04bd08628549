import Glibc

/// The text of a configuration file.
///
/// - Throws: `ConfigurationError.unreadableFile` with the system's reason.
package func readConfigurationText(file: String) throws(ConfigurationError) -> String {
    guard let stream = fopen(file, "r") else { throw .unreadableFile(file, reason: String(cString: strerror(errno))) }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&chunk, 1, chunk.count, stream)
        if count == 0 { break }
        bytes += chunk[..<count]
    }
    guard ferror(stream) == 0 else { throw .unreadableFile(file, reason: String(cString: strerror(errno))) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .unreadableFile(file, reason: "it is not text in UTF-8")
    }
    // Editors of some systems begin a text with a byte order mark, which is no part of it.
    return text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
}
