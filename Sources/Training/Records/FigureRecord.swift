/// Curves over something else than the run's time, as they are after a validation.
package struct FigureRecord: Codable, Equatable, Sendable {
    package struct Curve: Codable, Equatable, Sendable {
        package var name: String
        package var x: [Double]
        package var y: [Double]

        package init(name: String, x: [Double], y: [Double]) {
            self.name = name
            self.x = x
            self.y = y
        }
    }

    /// Finished steps.
    package var step: Int
    /// Tells it from other figures of the run, and is its title.
    package var title: String
    /// What the horizontal axis counts.
    package var horizontal: String
    /// Whether values span decades.
    package var isLogarithmic: Bool
    /// Whether the first one of the run is to be seen beside the last one.
    package var showsFirst: Bool
    package var curves: [Curve]

    package init(
        step: Int, title: String, horizontal: String, isLogarithmic: Bool = false, showsFirst: Bool = false,
        curves: [Curve]
    ) {
        self.step = step
        self.title = title
        self.horizontal = horizontal
        self.isLogarithmic = isLogarithmic
        self.showsFirst = showsFirst
        self.curves = curves
    }
}
