/// `text` for HTML content and attribute values: the five characters with a meaning are written as references.
package func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for character in text.unicodeScalars {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(character)
        }
    }
    return result
}

/// A page that needs no other file and loads nothing, with the style and the script of reports.
///
/// - Parameters:
///   - title: as text.
///   - head: more elements of the head, as HTML.
///   - sections: their contents, as HTML; those that have nothing to show are left out.
func htmlPage(title: String, head: String = "", sections: [(id: String, content: String)]) -> String {
    let parts = sections.filter { !$0.content.isEmpty }.map {
        "<section id=\"\($0.id)\">\n\($0.content)\n</section>"
    }
    return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <link rel="icon" href="data:,">\(head)
        <title>\(escaped(title))</title>
        <style>
        \(reportStyleSheet)
        </style>
        </head>
        <body>
        <main>
        \(parts.joined(separator: "\n"))
        </main>
        <script>
        \(reportScript)
        </script>
        </body>
        </html>

        """
}
