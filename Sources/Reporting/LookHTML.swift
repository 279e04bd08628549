import Foundation
import Inspection

/// The page of a look: one file, with its pictures inside.
struct LookHTML {
    let text: String

    init(_ page: LookPage) throws {
        let figures = page.figures.map {
            "<div class=\"tile\"><b>\(escaped($0.value))</b><span>\(escaped($0.name))</span></div>"
        }.joined()
        text = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escaped(page.title))</title>
            <style>\(reportStyleSheet)\(LookHTML.style)</style></head><body>
            <h1>\(escaped(page.title))</h1>
            <p class="lead">\(escaped(page.lead))</p>
            \(figures.isEmpty ? "" : "<div class=\"tiles\">\(figures)</div>")
            \(try page.parts.map(LookHTML.part).joined(separator: "\n"))
            </body></html>

            """
    }

    private static let style = """
        body { padding: 1rem clamp(1rem, 3vw, 2rem); }
        .look { margin: 1.2rem 0; overflow-x: auto; }
        .look img { image-rendering: pixelated; max-width: 100%; height: auto; display: block; }
        .look figcaption { display: block; }
        .samples { display: grid; gap: 0.8rem; }
        .samples > div { font-size: 0.8rem; color: var(--soft); }
        .samples img { margin-bottom: 0.2rem; }
        .look table { width: auto; }
        """

    private static func part(_ part: LookPage.Part) throws -> String {
        switch part {
        case .pictures(let sheet): try figure(sheet)
        case .table(let table): self.table(table)
        }
    }

    private static func figure(_ sheet: PictureSheet) throws -> String {
        if sheet.count == 0 { return "" }
        let caption = "<figcaption>\(escaped(sheet.caption))</figcaption>"
        if sheet.labels.isEmpty || sheet.secondsPerFrame != nil {
            return "<figure class=\"look\">\(caption)\(image(try LookPicture.file(sheet), sheet.caption))</figure>"
        }
        let pictures = try (0..<sheet.count).map { index in
            let label = sheet.labels.indices.contains(index) ? sheet.labels[index] : ""
            return "<div>\(image(try LookPicture.file(sheet, picture: index), label))\(escaped(label))</div>"
        }
        // Columns of one width, so that pictures of the same sample stand below each other.
        let width = max(130, sheet.width * sheet.enlargement)
        let columns = "grid-template-columns: repeat(auto-fill, minmax(min(100%, \(width)px), 1fr))"
        return "<figure class=\"look\">\(caption)<div class=\"samples\" style=\"\(columns)\">\(pictures.joined())"
            + "</div></figure>"
    }

    private static func image(_ file: Data, _ description: String) -> String {
        "<img alt=\"\(escaped(description))\" src=\"data:image/png;base64,\(file.base64EncodedString())\">"
    }

    private static func table(_ table: LookTable) -> String {
        let head = table.head.enumerated().map { index, text in
            "<th\(index == 0 ? "" : " class=\"number\"")>\(escaped(text))</th>"
        }.joined()
        let rows = table.rows.map { row in
            let cells = row.enumerated().map { index, text in
                index == 0 ? "<th>\(escaped(text))</th>" : "<td class=\"number\">\(escaped(text))</td>"
            }
            return "<tr>\(cells.joined())</tr>"
        }.joined(separator: "\n")
        return "<figure class=\"look\"><figcaption>\(escaped(table.caption))</figcaption><table><tr>\(head)</tr>\n"
            + "\(rows)</table></figure>"
    }
}
