/// A picture of curves over training epochs.
package struct Chart: Equatable, Sendable {
    package struct Point: Equatable, Sendable {
        package var x: Double
        package var y: Double

        package init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// How far something reaches at one place.
    package struct Band: Equatable, Sendable {
        package var x: Double
        package var lower: Double
        package var upper: Double

        package init(x: Double, lower: Double, upper: Double) {
            self.x = x
            self.lower = lower
            self.upper = upper
        }
    }

    /// One curve.
    package struct Series: Equatable, Sendable {
        /// How points are joined.
        package enum Style: Equatable, Sendable {
            case line
            /// A line with a dot on every point, for figures that are few.
            case dottedLine
            /// The value has held since the point before, as a figure of the steps up to its point does.
            case steps
            /// Areas on top of one another that share 0…1; values hold since the point before.
            case stackedArea
        }

        package var name: String
        /// Which colour of the page's palette, from 1 on.
        package var color: Int
        package var style: Style
        package var points: [Point]
        /// What lies around the curve, as the spread of the runs whose mean it is; empty for nothing.
        package var band: [Band] = []
        /// Whether its line has gaps, to be told from another of its colour.
        package var isDashed = false

        package init(name: String, color: Int, style: Style, points: [Point]) {
            self.name = name
            self.color = color
            self.style = style
            self.points = points
        }
    }

    /// A moment at which something was decided.
    package struct Marker: Equatable, Sendable {
        package var x: Double
        package var kind: String
        package var text: String

        package init(x: Double, kind: String, text: String) {
            self.x = x
            self.kind = kind
            self.text = text
        }
    }

    /// How the vertical axis is laid out.
    package enum Scale: Equatable, Sendable {
        case linear
        /// Linear and from zero on.
        case fromZero
        /// Logarithmic when the largest value is at least `ratio` times the smallest positive one and none is negative;
        /// zeros then lie on the floor.
        case logarithmic(fromRatio: Double)
    }

    package var title: String
    /// The vertical axis's unit, empty when it has none.
    package var unit: String
    package var series: [Series]
    package var markers: [Marker]
    package var scale: Scale
    /// Whether values are shares of one, labelled in per cent.
    package var isPercent: Bool
    /// Where the horizontal axis ends at the least.
    package var lastEpoch: Double
    /// What the horizontal axis counts; that of epochs begins at 0.
    package var horizontal: String
    /// Values that the vertical axis has beside its own: those of a chart that stands next to it on the same scale.
    package var sharedValues: [Double] = []
    /// Whether it says what its curves are, where there are several.
    package var hasLegend = true

    package init(
        title: String, unit: String = "", series: [Series], markers: [Marker] = [], scale: Scale,
        isPercent: Bool = false, lastEpoch: Double = 0, horizontal: String = "epoch"
    ) {
        self.title = title
        self.unit = unit
        self.series = series
        self.markers = markers
        self.scale = scale
        self.isPercent = isPercent
        self.lastEpoch = lastEpoch
        self.horizontal = horizontal
    }

    /// Whether its axis is that of all charts over the run.
    package var isOverEpochs: Bool { horizontal == "epoch" }

    /// Whether its series are areas on top of one another.
    package var isStacked: Bool { series.contains { $0.style == .stackedArea } }

    /// The finite values that it shows.
    package var values: [Double] {
        series.flatMap { $0.points.map(\.y) + $0.band.flatMap { [$0.lower, $0.upper] } }.filter(\.isFinite)
    }

    /// Whether there is any finite value to draw.
    package var isEmpty: Bool { !series.contains { $0.points.contains { $0.y.isFinite } } }
}

extension [Chart.Point] {
    /// At most about `count` points that look the same: of every stretch the lowest and the highest are kept.
    package func thinned(to count: Int) -> [Chart.Point] {
        if self.count <= count { return self }
        let stretches = Swift.max(count / 2, 1)
        var result: [Chart.Point] = []
        for stretch in 0..<stretches {
            let range = self.count * stretch / stretches..<self.count * (stretch + 1) / stretches
            guard let low = range.min(by: { self[$0].y < self[$1].y }),
                let high = range.max(by: { self[$0].y < self[$1].y })
            else { continue }
            result.append(self[Swift.min(low, high)])
            if low != high { result.append(self[Swift.max(low, high)]) }
        }
        return result
    }
}

extension Chart.Series {
    /// The parts of the band that have no gap, each of not more places than can be told apart.
    var spans: [[Chart.Band]] {
        let size = (band.count + ChartDrawing.visiblePoints - 1) / ChartDrawing.visiblePoints
        let places = stride(from: 0, to: band.count, by: max(size, 1)).map { start in
            let part = band[start..<Swift.min(start + size, band.count)]
            return Chart.Band(
                x: part[start].x, lower: part.map(\.lower).min() ?? .nan, upper: part.map(\.upper).max() ?? .nan)
        }
        return places.split { !$0.lower.isFinite || !$0.upper.isFinite }.map(Array.init).filter { $0.count > 1 }
    }

    /// Its classes in the page.
    var classes: String { "c\(color)\(isDashed ? " dashed" : "")" }
}
