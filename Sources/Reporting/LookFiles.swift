import Foundation
import Inspection
import JobHealth
import System

/// Where the pictures and the page of a look are written.
package struct LookFiles: Sendable {
    /// The folder or file as somebody gave it.
    private let place: String
    /// The beginning of the files' names.
    private let name: String

    /// - Parameters:
    ///   - place: a folder, which gets pictures and the page; or a `.png` file for the pictures alone, or an `.html`
    ///     file for the page alone.
    ///   - name: of the kind of look.
    package init(_ place: String, name: String) {
        self.place = place
        self.name = name
    }

    private var isPicture: Bool { place.hasSuffix(".png") }
    private var isPage: Bool { place.hasSuffix(".html") }

    /// Makes the folder and checks that files can be written there, before anything is computed. Throws
    /// ``LookFileError``.
    package func prepare() throws(LookFileError) {
        try LookFiles.prepare(
            isPicture || isPage ? (place as NSString).deletingLastPathComponent : place, option: "--out")
    }

    /// The same for a file that another option names. Throws ``LookFileError``.
    package static func prepare(file: String, option: String) throws(LookFileError) {
        try prepare((file as NSString).deletingLastPathComponent, option: option)
    }

    private static func prepare(_ folder: String, option: String) throws(LookFileError) {
        let path = folder.isEmpty ? "." : folder
        do throws(SystemError) {
            try Directory.create(path)
        } catch {
            throw LookFileError(error, path: path, option: option)
        }
        if access(path, W_OK | X_OK) != 0 { throw LookFileError(path: path, code: errno, option: option) }
    }

    /// Writes the files and gives their paths, the page's last. Throws ``LookFileError``, ``ReportingError``.
    package func write(_ page: LookPage) throws -> [String] {
        var written: [String] = []
        func write(_ bytes: Data, to path: String) throws {
            do {
                try AtomicFile.write(bytes: Array(bytes), to: path, isDurable: false)
            } catch {
                throw LookFileError(error, path: path)
            }
            written.append(path)
        }
        if !isPage {
            for sheet in page.sheets where sheet.count > 0 {
                try write(try LookPicture.file(sheet), to: path(of: sheet.name))
            }
        }
        if !isPicture {
            let path = isPage ? place : "\(place)/\(name).html"
            try write(Data(try LookHTML(page).text.utf8), to: path)
        }
        return written
    }

    /// Writes a file of text. Throws ``LookFileError``.
    package static func write(_ text: String, to path: String, option: String = "--out") throws(LookFileError) {
        do {
            try AtomicFile.write(bytes: Array(text.utf8), to: path, isDurable: false)
        } catch {
            throw LookFileError(error, path: path, option: option)
        }
    }

    private func path(of sheet: String) -> String {
        let stem = isPicture ? String(place.dropLast(4)) : "\(place)/\(name)"
        return stem + (sheet.isEmpty ? "" : "-\(sheet.replacingOccurrences(of: "/", with: "-"))") + ".png"
    }
}

/// A file of a look that can't be written.
package struct LookFileError: CodedError, Equatable, CustomStringConvertible {
    package let path: String
    package let code: Int32
    /// Which one names the place.
    let option: String

    package init(path: String, code: Int32, option: String) {
        self.path = path
        self.code = code
        self.option = option
    }

    init(_ error: SystemError, path: String, option: String = "--out") {
        self.path = path
        self.option = option
        if case .file(_, _, let code) = error { self.code = code } else { code = EIO }
    }

    /// Of a place that was chosen wrongly, or of storage that fails.
    package var exitCode: ExitCode {
        [EACCES, EROFS, ENOTDIR, EPERM, EISDIR, ENOENT].contains(code) ? .usage : .internal
    }

    package var description: String {
        "cannot write \(path): \(SystemError.text(code)); "
            + ([ENOSPC, EDQUOT].contains(code) ? "free some space, or give another" : "give a writable")
            + " folder with \(option)"
    }
}
