import ConfigurationReading

/// How the learning rate changes in the course of a run.
package struct ScheduleConfiguration: Equatable, Sendable {
    /// A rise at the beginning, before `rule` takes over; nil for none.
    package let warmup: Warmup?
    package let rule: Rule

    /// A linear rise of the learning rate over the first steps (Goyal et al. 2017).
    package struct Warmup: Equatable, Sendable {
        package let length: TrainingInterval
        /// The share of the learning rate to begin with.
        package let from: Double
    }

    /// The rate as a function of progress, or of validation.
    package enum Rule: Equatable, Sendable {
        case constant
        /// Multiply by `factor` every so often.
        case step(every: TrainingInterval, factor: Double)
        /// Multiply by `factor` after each of these epochs.
        case milestones(epochs: [Int], factor: Double)
        /// Half a cosine from the learning rate to `minimumRate` at the end of the run (Loshchilov and Hutter 2017).
        case cosine(minimumRate: Double)
        /// (rate − minimumRate)·(1 − progress)^power + minimumRate.
        case polynomial(power: Double, minimumRate: Double)
        /// Up from `initialFactor`·rate to the rate during the first `rise` of the run, then down to
        /// `finalFactor`·rate, both along a cosine (Smith and Topin 2019).
        case oneCycle(rise: Double, initialFactor: Double, finalFactor: Double)
        case onPlateau(Plateau)
    }

    /// Keep the rate while validation improves; else multiply it by `factor` and go back to the best step so far.
    package struct Plateau: Equatable, Sendable {
        package let factor: Double
        /// So many validations in a row without improvement lower the rate.
        package let patience: Int
        /// Validations after a decay during which nothing is counted.
        package let cooldown: Int
        /// The least change that counts as an improvement.
        package let minDelta: Double
        /// The rate is never lowered below this.
        package let minimumRate: Double
        /// Whether weights, optimiser state and running statistics go back to those of the best validation.
        package let rollback: Bool
        package let monitor: Monitor
    }

    /// The validation number that counts; smaller is better.
    package enum Monitor: String, CaseIterable, Sendable {
        /// 1 − accuracy.
        case valError
        case valLoss
    }
}

extension ScheduleConfiguration: ConfigurationSection {
    package static var title: String { "schedule" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        warmup = reader.optional(
            "warmup", .section(), "A linear rise at the beginning, beside any other rule but oneCycle.")
        rule = reader.oneOf(Self.rules, default: "constant")
        if warmup != nil, case .oneCycle = rule {
            reader.refuse("warmup", because: "oneCycle has a rise of its own; remove one of them.")
        }
    }

    private static var rules: [ConfigurationVariant<Rule>] {
        [
            .key("constant", "The learning rate stays.") { _ in .constant },
            .key("step", "The rate is multiplied by `factor` every so often, or after given epochs.", step),
            .key("cosine", "Half a cosine down to the end of the run.") { .cosine(minimumRate: minimumRate(from: $0)) },
            .key("polynomial", "A power of the share of the run that is left.") { reader in
                .polynomial(
                    power: reader.value("power", .number(above: 0), default: 1, "1 for a straight line."),
                    minimumRate: minimumRate(from: reader))
            },
            .key("oneCycle", "Up and down once along cosines.") { reader in
                .oneCycle(
                    rise: reader.value("rise", .number(in: 0...1), default: 0.3, "Share of the run that goes up."),
                    initialFactor: reader.value(
                        "initialFactor", .number(above: 0), default: 0.04, "First rate over learningRate."),
                    finalFactor: reader.value(
                        "finalFactor", .number(above: 0), default: 4e-6, "Last rate over learningRate."))
            },
            .key("onPlateau", "The rate is lowered when validation stops improving.") { .onPlateau(Plateau(from: $0)) },
        ]
    }

    private static func step(from reader: ConfigurationReader) -> Rule {
        let interval = TrainingInterval.optional(
            epochs: "everyEpochs", steps: "everySteps", from: reader, "Time between two changes")
        let milestones = reader.optional(
            "atEpochs", .list(of: .integer(in: 1...), atLeast: 1),
            "Instead: the epochs after which the rate changes, rising.")
        let factor = reader.value("factor", .number(above: 0), default: 0.1, "What the rate is multiplied by.")
        reader.excludeEachOther("everyEpochs", "everySteps", "atEpochs")
        if let milestones {
            if zip(milestones, milestones.dropFirst()).contains(where: { $0 >= $1 }) {
                reader.refuse("atEpochs", because: "the epochs do not rise; sort them and name each once.")
            }
            return .milestones(epochs: milestones, factor: factor)
        }
        guard let interval else {
            reader.refuse("", because: "it says not when the rate changes; add everyEpochs, everySteps or atEpochs.")
            return .constant
        }
        return .step(every: interval, factor: factor)
    }

    fileprivate static func minimumRate(from reader: ConfigurationReader) -> Double {
        reader.value("minimumRate", .number(in: 0...), default: 0, "The rate does not fall below this.")
    }
}

extension ScheduleConfiguration.Warmup: ConfigurationSection {
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

extension ScheduleConfiguration.Plateau {
    fileprivate init(from reader: ConfigurationReader) {
        factor = reader.value("factor", .number(above: 0), default: 0.5, "What the rate is multiplied by.")
        patience = reader.value(
            "patience", .integer(in: 1...), default: 1,
            "So many validations in a row without improvement lower the rate.")
        cooldown = reader.value(
            "cooldown", .integer(in: 0...), default: 0, "Validations after a decay that are not counted.")
        minDelta = reader.value(
            "minDelta", .number(in: 0...), default: 0, "The least change that counts as an improvement.")
        minimumRate = ScheduleConfiguration.minimumRate(from: reader)
        rollback = reader.value("rollback", .flag, default: true, "Whether training goes back to the best step so far.")
        monitor = reader.value(
            "monitor", .choice(of: ScheduleConfiguration.Monitor.self), default: "valError",
            "The number that has to fall.")
    }
}
