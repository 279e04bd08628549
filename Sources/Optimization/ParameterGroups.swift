/// A named parameter's place in the flat buffer, in elements.
package struct ParameterSpan: Equatable, Sendable {
    package let name: String
    package let offset: Int
    package let count: Int
    /// The incoming weights of each unit, in matrices [units, …] and filters; nil for a vector, which has no rows.
    package let rowLength: Int?

    package init(name: String, offset: Int, count: Int, rowLength: Int? = nil) {
        precondition(
            rowLength.map { $0 > 0 && count % $0 == 0 } ?? true,
            "ParameterSpan: '\(name)' of \(count) elements in rows of \(rowLength ?? 0)")
        self.name = name
        self.offset = offset
        self.count = count
        self.rowLength = rowLength
    }

    /// The elements of the flat buffer that the parameter occupies.
    package var range: Range<Int> { offset..<offset + count }
}

/// How a parameter is trained.
package struct GroupSettings: Equatable, Sendable {
    /// Multiplies the scheduled learning rate.
    package var learningRateFactor: Double
    package var weightDecay: Double
    package var l1: Double
    /// The largest norm of a row after an update (``MaxNorm``); infinity for no limit.
    package var maxNorm: Double
    /// The largest absolute value after an update; infinity for no limit.
    package var weightLimit: Double
    /// A frozen parameter is never read nor written by an update, and counts in no gradient norm.
    package var isFrozen: Bool

    package init(
        learningRateFactor: Double = 1, weightDecay: Double = 0, l1: Double = 0, maxNorm: Double = .infinity,
        weightLimit: Double = .infinity, isFrozen: Bool = false
    ) {
        self.learningRateFactor = learningRateFactor
        self.weightDecay = weightDecay
        self.l1 = l1
        self.maxNorm = maxNorm
        self.weightLimit = weightLimit
        self.isFrozen = isFrozen
    }
}

/// Settings for the parameters whose names match a pattern; nil leaves a setting as it is.
package struct GroupRule: Equatable, Sendable {
    /// A ``ParameterPattern``.
    package var pattern: String
    package var learningRateFactor: Double?
    package var weightDecay: Double?
    package var l1: Double?
    package var maxNorm: Double?
    package var weightLimit: Double?
    package var isFrozen: Bool?

    package init(
        _ pattern: String, learningRateFactor: Double? = nil, weightDecay: Double? = nil, l1: Double? = nil,
        maxNorm: Double? = nil, weightLimit: Double? = nil, isFrozen: Bool? = nil
    ) {
        self.pattern = pattern
        self.learningRateFactor = learningRateFactor
        self.weightDecay = weightDecay
        self.l1 = l1
        self.maxNorm = maxNorm
        self.weightLimit = weightLimit
        self.isFrozen = isFrozen
    }
}

/// Which settings each parameter has, and the fewest ranges of the flat buffer that share them.
package struct ParameterGroups: Equatable, Sendable {
    /// A range of the flat buffer whose parameters are trained alike.
    package struct Segment: Equatable, Sendable {
        package let range: Range<Int>
        package let settings: GroupSettings
    }

    /// The parameters by offset.
    package let spans: [ParameterSpan]
    /// The settings of each span.
    package let settings: [GroupSettings]
    /// Maximal contiguous ranges of equal settings, in order; gaps between spans and frozen parameters are in none.
    package let segments: [Segment]
    /// The length of the flat buffer: the end of the last span.
    package let count: Int

    /// Applies `rules` in order to `defaults`, so that a later rule overrides an earlier one where it says something.
    ///
    /// Throws `unmatchedPattern` for a rule without a parameter and `outOfRange` for a negative or non-finite setting.
    ///
    /// - Parameter untrained: the names of the model's other parameters; a rule may match these alone and then changes
    ///   nothing, so that a configuration may freeze what its groups name.
    package init(
        _ spans: [ParameterSpan], untrained: [String] = [], defaults: GroupSettings = GroupSettings(),
        rules: [GroupRule] = []
    ) throws(OptimizationError) {
        let ordered = spans.sorted { $0.offset < $1.offset }
        var end = 0
        for span in ordered {
            precondition(
                span.count >= 0 && span.offset >= end, "ParameterGroups: '\(span.name)' at \(span.offset) overlaps")
            end = span.range.upperBound
        }
        try ParameterGroups.check(defaults, group: "optimizer")
        var settings = Array(repeating: defaults, count: ordered.count)
        for rule in rules {
            let matches = try ParameterGroups.matches(of: rule.pattern, in: ordered, untrained: untrained)
            for index in matches { settings[index].override(by: rule) }
            for index in matches {
                try ParameterGroups.check(settings[index], group: "parameter group '\(rule.pattern)'")
            }
        }
        self.spans = ordered
        self.settings = settings
        segments = ParameterGroups.merge(ordered, settings)
        count = end
    }

    private static func matches(
        of pattern: String, in spans: [ParameterSpan], untrained: [String]
    ) throws(OptimizationError) -> [Int] {
        let wanted = ParameterPattern(pattern)
        let matches = spans.indices.filter { wanted.matches(spans[$0].name) }
        if matches.isEmpty, !untrained.contains(where: wanted.matches) {
            let nearest = (spans.map(\.name) + untrained).min { wanted.distance(to: $0) < wanted.distance(to: $1) }
            throw .unmatchedPattern(pattern: pattern, nearest: nearest)
        }
        return matches
    }

    private static func check(_ settings: GroupSettings, group: String) throws(OptimizationError) {
        for (name, value) in [
            ("learningRateFactor", settings.learningRateFactor), ("weightDecay", settings.weightDecay),
            ("l1", settings.l1),
        ] {
            try OptimizationError.require(value >= 0 && value.isFinite, group, name, value, allowed: "\(name) ≥ 0")
        }
        for (name, value) in [("maxNorm", settings.maxNorm), ("clipWeights", settings.weightLimit)] {
            try OptimizationError.require(value > 0, group, name, value, allowed: "\(name) > 0")
        }
    }

    private static func merge(_ spans: [ParameterSpan], _ settings: [GroupSettings]) -> [Segment] {
        var segments: [Segment] = []
        for (span, setting) in zip(spans, settings) where !setting.isFrozen && span.count > 0 {
            if let last = segments.last, last.range.upperBound == span.offset, last.settings == setting {
                segments[segments.count - 1] = Segment(
                    range: last.range.lowerBound..<span.range.upperBound, settings: setting)
            } else {
                segments.append(Segment(range: span.range, settings: setting))
            }
        }
        return segments
    }

    /// The parts of segments inside `range`, in order.
    func segments(in range: Range<Int>) -> some Sequence<Segment> {
        segments.lazy.filter { $0.range.overlaps(range) }
            .map { Segment(range: $0.range.clamped(to: range), settings: $0.settings) }
    }
}

extension GroupSettings {
    fileprivate mutating func override(by rule: GroupRule) {
        learningRateFactor = rule.learningRateFactor ?? learningRateFactor
        weightDecay = rule.weightDecay ?? weightDecay
        l1 = rule.l1 ?? l1
        maxNorm = rule.maxNorm ?? maxNorm
        weightLimit = rule.weightLimit ?? weightLimit
        isFrozen = rule.isFrozen ?? isFrozen
    }
}
