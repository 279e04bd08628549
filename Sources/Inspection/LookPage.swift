/// What a look shows: it becomes PNG files and a page.
package struct LookPage: Sendable {
    package var title: String
    /// What is seen, and how to read it: a sentence or two.
    package var lead: String
    /// What a script reads, in order: `name=value`.
    package var figures: [(name: String, value: String)]
    package var parts: [Part]
    /// Numbers for programs.
    package var tensors: [LookTensor] = []

    package enum Part: Sendable {
        case pictures(PictureSheet)
        case table(LookTable)
    }

    package init(_ title: String, lead: String, figures: [(name: String, value: String)] = [], parts: [Part] = []) {
        self.title = title
        self.lead = lead
        self.figures = figures
        self.parts = parts
    }

    /// Its pictures in order.
    package var sheets: [PictureSheet] {
        parts.compactMap { if case .pictures(let sheet) = $0 { sheet } else { nil } }
    }

    /// Its tables in order.
    package var tables: [LookTable] {
        parts.compactMap { if case .table(let table) = $0 { table } else { nil } }
    }
}

/// A table of text.
package struct LookTable: Sendable, Equatable {
    package var caption: String
    /// Of the columns; the first one names the row.
    package var head: [String]
    package var rows: [[String]]

    package init(_ caption: String, head: [String], rows: [[String]]) {
        self.caption = caption
        self.head = head
        self.rows = rows
    }
}

/// Pictures of one size, side by side or one after the other.
package struct PictureSheet: Sendable, Equatable {
    /// A part of its file's name; empty for the page's main pictures.
    package var name: String
    package var caption: String
    /// [count, height, width, channels], 0 for black and 255 for white; what lies outside is cut off.
    package var values: [Float]
    package let height: Int
    package let width: Int
    /// 1 for grey, 3 for red, green and blue.
    package let channels: Int
    /// Pictures in a row.
    package var columns: Int
    /// What stands below each picture of the page; empty for nothing.
    package var labels: [String]
    /// How many pixels become of a pixel along each side.
    package var enlargement: Int
    /// How long each picture is seen where they follow each other; nil where they lie side by side.
    package var secondsPerFrame: Double?

    package init(
        _ name: String = "", caption: String, values: [Float] = [], height: Int, width: Int, channels: Int,
        columns: Int = 8, labels: [String] = [], enlargement: Int? = nil, secondsPerFrame: Double? = nil
    ) {
        precondition(
            channels == 1 || channels == 3, "PictureSheet: \(channels) channels of \(name); 1 and 3 can be seen")
        precondition(
            height > 0 && width > 0 && values.count % (height * width * channels) == 0,
            "PictureSheet: \(values.count) values of \(height)×\(width)×\(channels)")
        self.name = name
        self.caption = caption
        self.values = values
        self.height = height
        self.width = width
        self.channels = channels
        self.columns = columns
        self.labels = labels
        // Small pictures are seen at about this size.
        self.enlargement = enlargement ?? max(1, 112 / max(height, width))
        self.secondsPerFrame = secondsPerFrame
    }

    /// How many pictures it has.
    package var count: Int { values.count / (height * width * channels) }

    /// The values of one picture.
    package func picture(_ index: Int) -> [Float] {
        let size = height * width * channels
        return Array(values[index * size..<(index + 1) * size])
    }

    /// The same with every pixel ``enlargement`` times as wide and high.
    package var enlarged: PictureSheet {
        if enlargement == 1 { return self }
        let (h, w) = (height * enlargement, width * enlargement)
        var large = [Float](repeating: 0, count: count * h * w * channels)
        var next = 0
        for picture in 0..<count {
            for row in 0..<h {
                let line = (picture * height + row / enlargement) * width
                for column in 0..<w {
                    for channel in 0..<channels {
                        large[next] = values[(line + column / enlargement) * channels + channel]
                        next += 1
                    }
                }
            }
        }
        return PictureSheet(
            name, caption: caption, values: large, height: h, width: w, channels: channels, columns: columns,
            labels: labels, enlargement: 1, secondsPerFrame: secondsPerFrame)
    }
}
