import NeuralNetwork

/// What the redrawn line of a running epoch shows.
package struct ProgressState: Equatable, Sendable {
    package var epoch: Int
    package var epochs: Int
    /// Finished steps of this epoch.
    package var step: Int
    package var stepsPerEpoch: Int
    /// Seconds to the end of the epoch, nil when not known yet.
    package var secondsLeft: Double?
    /// The most important first: it goes last when room is short.
    package var metrics: [MetricValue]
    package var samplesPerSecond: Double

    package init(
        epoch: Int, epochs: Int, step: Int, stepsPerEpoch: Int, secondsLeft: Double?, metrics: [MetricValue],
        samplesPerSecond: Double
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.step = step
        self.stepsPerEpoch = stepsPerEpoch
        self.secondsLeft = secondsLeft
        self.metrics = metrics
        self.samplesPerSecond = samplesPerSecond
    }

    /// The line in at most `width` columns.
    ///
    /// When room is short the bar shrinks, then goes; after it the speed, the time left and the metrics go, the last
    /// first and the first never; what is left is cut.
    package func line(width: Int) -> String {
        let total = NumberText.grouped(stepsPerEpoch)
        let done = NumberText.grouped(step)
        // Padded, so that the bar does not move when a digit is added.
        let padding = String(repeating: " ", count: max(0, total.count - done.count))
        let place = "Epoch \(epoch)/\(epochs)  \(padding)\(done)/\(total)"
        let percent = "\(step * 100 / max(stepsPerEpoch, 1))%"
        let time = secondsLeft.map { "ETA \(NumberText.duration($0))" }
        let figures = metrics.map { "\($0.name) \(NumberText.metric($0))" }
        let speed = "\(NumberText.rate(samplesPerSecond)) samples/s"

        let everything = [percent] + (time.map { [$0] } ?? []) + figures + [speed]
        let full = everything.joined(separator: " - ")
        let room = width - place.count - full.count - 4  // spaces and brackets
        if room >= 8 { return "\(place) [\(bar(cells: min(room, 30)))] \(full)" }
        let withoutSpeed = Array(everything.dropLast())
        let shorter = stride(from: figures.count, to: 0, by: -1).map { [percent] + figures.prefix($0) }
        for parts in [everything, withoutSpeed] + shorter {
            let line = place + " " + parts.joined(separator: " - ")
            if line.count <= width { return line }
        }
        return String("\(place) \(figures.first ?? percent)".prefix(max(width, 0)))
    }

    /// `=====>....`: done, here, to come.
    private func bar(cells: Int) -> String {
        let done = min(cells, step * cells / max(stepsPerEpoch, 1))
        if done == cells { return String(repeating: "=", count: cells) }
        return String(repeating: "=", count: done) + ">" + String(repeating: ".", count: cells - done - 1)
    }
}
