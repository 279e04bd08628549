/// What the redrawn line of a running epoch shows.
package struct ProgressState: Equatable, Sendable {
    package var epoch: Int
    package var epochs: Int
    /// Finished steps of this epoch.
    package var step: Int
    package var stepsPerEpoch: Int
    /// Seconds to the end of the epoch, nil when not known yet.
    package var secondsLeft: Double?
    package var loss: Double
    package var accuracy: Double?
    package var samplesPerSecond: Double

    package init(
        epoch: Int, epochs: Int, step: Int, stepsPerEpoch: Int, secondsLeft: Double?, loss: Double, accuracy: Double?,
        samplesPerSecond: Double
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.step = step
        self.stepsPerEpoch = stepsPerEpoch
        self.secondsLeft = secondsLeft
        self.loss = loss
        self.accuracy = accuracy
        self.samplesPerSecond = samplesPerSecond
    }

    /// The line in at most `width` columns.
    ///
    /// When room is short the bar shrinks, then goes; after it the speed, the time left and the accuracy go, in this
    /// order; what is left is cut.
    package func line(width: Int) -> String {
        let total = NumberText.grouped(stepsPerEpoch)
        let done = NumberText.grouped(step)
        // Padded, so that the bar does not move when a digit is added.
        let padding = String(repeating: " ", count: max(0, total.count - done.count))
        let place = "Epoch \(epoch)/\(epochs)  \(padding)\(done)/\(total)"
        let percent = "\(step * 100 / max(stepsPerEpoch, 1))%"
        let time = secondsLeft.map { "ETA \(NumberText.duration($0))" }
        let lossText = "loss \(NumberText.loss(loss))"
        let accuracyText = accuracy.map { "accuracy \(NumberText.fraction($0))" }
        let speed = "\(NumberText.rate(samplesPerSecond)) samples/s"

        let everything = [percent, time, lossText, accuracyText, speed]
        let full = everything.compactMap { $0 }.joined(separator: " - ")
        let room = width - place.count - full.count - 4  // spaces and brackets
        if room >= 8 { return "\(place) [\(bar(cells: min(room, 30)))] \(full)" }
        let poorer = [
            everything, [percent, time, lossText, accuracyText], [percent, lossText, accuracyText],
            [percent, lossText],
        ]
        for parts in poorer {
            let line = place + " " + parts.compactMap { $0 }.joined(separator: " - ")
            if line.count <= width { return line }
        }
        return String("\(place) \(lossText)".prefix(max(width, 0)))
    }

    /// `=====>....`: done, here, to come.
    private func bar(cells: Int) -> String {
        let done = min(cells, step * cells / max(stepsPerEpoch, 1))
        if done == cells { return String(repeating: "=", count: cells) }
        return String(repeating: "=", count: done) + ">" + String(repeating: ".", count: cells - done - 1)
    }
}
