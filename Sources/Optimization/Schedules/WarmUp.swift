import ConfigurationReading

/// A linear rise of the learning rate over the first steps, before the schedule proper takes over (Goyal et al. 2017,
/// section 2.2): r (from + (1 − from) step / steps), r the schedule's first rate.
package struct WarmUp: Equatable, Sendable {
    package let length: TrainingInterval
    /// The share of r to begin with, 0…1.
    package let from: Double

    package init(_ length: TrainingInterval, from: Double = 0) {
        self.length = length
        self.from = from
    }
}

extension WarmUp: ConfigurationSection {
    package static var title: String { "warmup" }

    package init(from reader: ConfigurationReader) {
        let interval = TrainingInterval.optional(epochs: "epochs", steps: "steps", from: reader, "Length of the rise")
        from = reader.value("from", .number(in: 0...1), default: 0, "Share of the learning rate to begin with.")
        reader.excludeEachOther("epochs", "steps")
        if interval == nil {
            reader.refuse("", because: "it says not how long the rise lasts; add epochs or steps.")
        }
        length = interval ?? .epochs(1)
    }
}
