import Foundation
import System

/// The page and the picture of a comparison.
package struct ComparisonFiles: Sendable {
    /// The folder that they go to.
    private let folder: String
    /// Which one names it.
    private let option: String

    package init(folder: String, option: String = "--out") {
        self.option = option
        var folder = folder
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        self.folder = folder
    }

    package var page: String { folder + "/compare.html" }
    package var picture: String { folder + "/compare.png" }

    /// Makes the folder and checks that files can be written there. Throws ``LookFileError``.
    package func prepare() throws(LookFileError) {
        try LookFiles.prepare(file: page, option: option)
    }

    /// Writes both.
    ///
    /// - Parameter writtenAt: seconds since 1970, for the page.
    /// - Throws: ``LookFileError``, ``ReportingError``.
    package func write(_ comparison: Comparison, writtenAt: Double?) throws {
        let charts = ComparisonCharts(comparison).pictured
        let legend = ChartLegend(comparison.settings.map(\.name))
        let png = try ChartPicture(title: comparison.title, legend: legend.keys, rows: charts).png()
        let html = ComparisonHTML(comparison: comparison, folder: folder, writtenAt: writtenAt).text
        for (path, bytes) in [(page, Array(html.utf8)), (picture, Array(png))] {
            do {
                try AtomicFile.write(bytes: bytes, to: path, isDurable: false)
            } catch {
                throw LookFileError(error, path: path, option: option)
            }
        }
    }
}
