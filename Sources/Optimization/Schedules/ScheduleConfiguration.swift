import ConfigurationReading

/// How the learning rate changes in the course of a phase.
package struct ScheduleConfiguration: Sendable {
    /// A rise at the beginning, before the rule takes over; nil for none.
    package let warmup: WarmUp?
    package let rule: Rule
    /// Where it stands, for errors.
    private let place: PlacedName

    package init(_ rule: Rule, warmup: WarmUp? = nil) {
        self.rule = rule
        self.warmup = warmup
        place = PlacedName("schedule", key: "schedule")
    }

    /// An error of the schedule with its place.
    package func refusal(_ error: OptimizationError) -> ConfigurationError {
        PlacedName(
            "", place: place.place,
            key: error.schedulePath.isEmpty ? place.key : "\(place.key).\(error.schedulePath)"
        ).refused(because: error.reason)
    }

    /// The rate as a function of progress, or of validation.
    package enum Rule: Sendable {
        case schedule(any Schedule)
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
        /// The validation metric that has to improve; nil for the usual one.
        package let monitor: String?
    }

    /// The rate as a function of the step alone; constant where validation decides.
    package var schedule: any Schedule {
        if case .schedule(let schedule) = rule { schedule } else { ConstantSchedule() }
    }

    /// The rule that goes by validation; nil for a function of the step.
    package var plateau: Plateau? {
        if case .onPlateau(let plateau) = rule { plateau } else { nil }
    }
}

extension ScheduleConfiguration: Equatable {
    package static func == (a: ScheduleConfiguration, b: ScheduleConfiguration) -> Bool {
        a.warmup == b.warmup && a.plateau == b.plateau && a.schedule.isEqual(to: b.schedule)
    }
}

extension ScheduleConfiguration: ConfigurationSection {
    package static var title: String { "schedule" }
    package static var shortForm: ConfigurationShortForm { .key }

    package init(from reader: ConfigurationReader) {
        warmup = reader.optional(
            "warmup", .section(), "A linear rise at the beginning, beside any other rule but oneCycle.")
        let schedules = scheduleCatalogue.map { entry in
            ConfigurationVariant<Rule>.key(entry.name, entry.documentation) { .schedule(entry.read($0)) }
        }
        let onPlateau = ConfigurationVariant<Rule>.key(
            "onPlateau", "The rate is lowered when validation stops improving."
        ) { .onPlateau(Plateau(from: $0)) }
        place = reader.placed
        rule = reader.oneOf(schedules + [onPlateau], default: "constant")
        if warmup != nil, schedule.hasOwnRise {
            let name = scheduleCatalogue.map(\.name).first { key in reader.entries.contains { $0.key == key } }
            reader.refuse("warmup", because: "\(name ?? "the rule") has a rise of its own; remove one of them.")
        }
    }

    package static let monitorDocumentation =
        "The validation metric that has to improve, such as valLoss, valError or valRmse; the usual one is valError "
        + "where the targets are classes, else valLoss."
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
        minimumRate = reader.minimumRate()
        rollback = reader.value("rollback", .flag, default: true, "Whether training goes back to the best step so far.")
        monitor = reader.optional("monitor", .identifier, ScheduleConfiguration.monitorDocumentation)
    }
}
