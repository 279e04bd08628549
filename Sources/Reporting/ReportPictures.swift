import Foundation
import NeuralNetwork
import Training

/// What the report shows as pictures: the worst mistakes, filters and samples.
struct ReportPictures {
    /// Pictures are shown with at most so many pixels a side.
    static let mostPixels = 96
    /// A sheet of samples takes at most so many bytes.
    static let mostBytes = 200_000

    /// The samples that each output was most wrong about.
    static func mistakes(_ record: MistakeRecord) throws -> String {
        let pictures = try record.pictures.map { try PNGFile.pictures($0, mostPixels: mostPixels) }
        let items = record.samples.enumerated().map { place, sample in
            let picture = pictures.map { HTMLReport.image($0[place], alt: "sample \(sample.name)") } ?? ""
            return "<li>\(picture)<span>is <b>\(escaped(sample.right))</b>\(percent(sample.rightProbability))</span>"
                + "<span>taken for <b>\(escaped(sample.chosen))</b>\(percent(sample.chosenProbability))</span>"
                + "<span class=\"name\">\(escaped(shortened(sample.name)))</span></li>"
        }
        return """
            <figure><figcaption><h3>\(escaped(record.output))</h3></figcaption>
            <ul class="mistakes">
            \(items.joined(separator: "\n"))
            </ul></figure>
            """
    }

    private static func percent(_ share: Double?) -> String {
        share.map { String(format: " (%.1f %%)", 100 * $0) } ?? ""
    }

    /// A file's path without its folders; a number as it is.
    private static func shortened(_ name: String) -> String {
        Int(name) != nil ? "sample \(name)" : String(name.split(separator: "/").last ?? "")
    }

    /// A layer's filters side by side.
    static func filters(_ record: PictureRecord) throws -> String {
        let text =
            "\(NumberText.count(record.count, "filter")) of \(record.height) × \(record.width)"
            + (record.channels == 3 ? " in colour" : "")
        let images = try PNGFile.pictures(record, mostPixels: mostPixels).map { HTMLReport.image($0, alt: "") }
        return """
            <figure><figcaption><h3>\(escaped(record.name))</h3><span class="note">\(text)</span></figcaption>
            <div class="images\(record.count <= 16 ? " few" : "")" role="img"
                aria-label="\(escaped("\(record.name): \(text)"))">
            \(images.joined(separator: "\n"))
            </div></figure>
            """
    }

    /// Pictures that a phase shows of what it has learned, on one sheet.
    static func samples(_ record: PictureRecord) throws -> String {
        let png = try PNGFile.sheet(record, mostBytes: mostBytes)
        let width = min(2, max(1, 1000 / (record.columns * record.width))) * record.columns * record.width
        return """
            <figure><figcaption><h3>\(escaped(record.name))</h3>\
            <span class="note">step \(NumberText.grouped(record.step))</span></figcaption>
            \(HTMLReport.image(png, alt: "Pictures of \(record.name)", style: "sheet", width: width))</figure>
            """
    }
}

extension HTMLReport {
    /// A PNG file within the page.
    ///
    /// - Parameters:
    ///   - style: its class; none where it is empty.
    ///   - width: in the page's pixels; nil where the style says it.
    static func image(_ png: Data, alt: String, style: String = "", width: Int? = nil) -> String {
        "<img alt=\"\(escaped(alt))\"" + (style.isEmpty ? "" : " class=\"\(style)\"")
            + (width.map { " style=\"width: \($0)px\"" } ?? "")
            + " src=\"data:image/png;base64,\(png.base64EncodedString())\">"
    }
}

extension PNGFile {
    /// Each picture of a record as a file of its own, made smaller by a whole factor where it has more pixels a side.
    static func pictures(_ record: PictureRecord, mostPixels: Int) throws -> [Data] {
        let largest = max(record.height, record.width)
        let small = record.reduced(by: (largest + mostPixels - 1) / mostPixels)
        let size = small.height * small.width * small.channels
        return try (0..<small.count).map { place in
            try bytes(
                small.values[place * size..<(place + 1) * size].map(brightness), height: small.height,
                width: small.width, channels: small.channels)
        }
    }

    private static func brightness(_ value: Float) -> UInt8 {
        value.isNaN ? 0 : UInt8(min(max(value.rounded(), 0), 255))
    }

    /// All pictures of a record on one sheet, made smaller by a whole factor until the file takes no more bytes.
    static func sheet(_ record: PictureRecord, mostBytes: Int) throws -> Data {
        var factor = 1
        while true {
            let small = record.reduced(by: factor)
            let png = try sheet(
                small.values, count: small.count, height: small.height, width: small.width, channels: small.channels,
                columns: small.columns)
            if png.count <= mostBytes || min(small.height, small.width) <= 2 { return png }
            factor += 1
        }
    }
}

extension PictureRecord {
    /// The pictures in 1/`factor` of the height and width: means over squares, those at the borders cut.
    package func reduced(by factor: Int) -> PictureRecord {
        if factor <= 1 { return self }
        var small = self
        small.height = (height + factor - 1) / factor
        small.width = (width + factor - 1) / factor
        small.values = []
        small.values.reserveCapacity(count * small.height * small.width * channels)
        for picture in 0..<count {
            for top in stride(from: 0, to: height, by: factor) {
                for left in stride(from: 0, to: width, by: factor) {
                    let (bottom, right) = (min(top + factor, height), min(left + factor, width))
                    for channel in 0..<channels {
                        var sum: Float = 0
                        for row in top..<bottom {
                            for column in left..<right {
                                sum += values[((picture * height + row) * width + column) * channels + channel]
                            }
                        }
                        small.values.append(sum / Float((bottom - top) * (right - left)))
                    }
                }
            }
        }
        return small
    }
}
