import Training

/// The records of a run so far, in the order in which they arose.
package struct RunHistory: Equatable, Sendable {
    package var intervals: [IntervalRecord]
    package var validations: [ValidationRecord]
    package var decisions: [DecisionRecord]
    package var figures: [FigureRecord]

    package init(
        intervals: [IntervalRecord] = [], validations: [ValidationRecord] = [], decisions: [DecisionRecord] = [],
        figures: [FigureRecord] = []
    ) {
        self.intervals = intervals
        self.validations = validations
        self.decisions = decisions
        self.figures = figures
    }

    /// The last validation that was the best so far.
    package var best: ValidationRecord? { validations.last { $0.isBest } }
}
