import Kernels

/// An update rule applied to the parameters' flat buffer, group by group.
///
/// The optimiser holds no state: parameters, gradients and slots are the caller's buffers of `groups.count` floats
/// each.
package struct Optimizer: Sendable {
    package let rule: any UpdateRule
    package let groups: ParameterGroups
    /// What the norm of the gradients is measured by.
    package let pieces: ParameterPieces
    /// Clipping by value acts inside `step`; clipping by global norm reaches it through `gradientScale`.
    package let clipping: GradientClipping
    package let lookahead: Lookahead?
    /// Updates of the whole phase.
    package let stepCount: Int
    /// What a layer-wise rule measures; nil for other rules.
    let layers: MeasuredLayers?
    /// The parameters whose rows are kept short.
    private let limitedRows: [LimitedRows]

    private struct LimitedRows: Sendable {
        let range: Range<Int>
        let rowLength: Int
        let maxNorm: MaxNorm
    }

    /// Throws `outOfRange` unless the clipping bound is positive.
    package init(
        rule: any UpdateRule, groups: ParameterGroups, clipping: GradientClipping = .none, lookahead: Lookahead? = nil,
        stepCount: Int = 1
    ) throws(OptimizationError) {
        try clipping.validate()
        self.rule = rule
        self.groups = groups
        pieces = ParameterPieces(groups)
        self.clipping = clipping
        self.lookahead = lookahead
        self.stepCount = stepCount
        layers = (rule as? any LayerwiseRule).map { MeasuredLayers($0, groups) }
        var limitedRows: [LimitedRows] = []
        for (span, settings) in zip(groups.spans, groups.settings) where settings.maxNorm < .infinity {
            guard let rowLength = span.rowLength, !settings.isFrozen else { continue }
            limitedRows.append(
                LimitedRows(range: span.range, rowLength: rowLength, maxNorm: try MaxNorm(limit: settings.maxNorm)))
        }
        self.limitedRows = limitedRows
    }

    /// The state buffers: the rule's, then the slow weights.
    package var slots: [Slot] { rule.slots + (lookahead == nil ? [] : [Lookahead.slot]) }

    /// Whether an update has to change whole rows of some parameters.
    package var limitsRows: Bool { !limitedRows.isEmpty }

    /// The elements of the flat buffer that `part` of `parts` updates: whole blocks of 4,096, as even as that allows.
    ///
    /// Parts cover 0..<count in order; with fewer blocks than parts some are empty.
    package static func range(of count: Int, part: Int, of parts: Int) -> Range<Int> {
        precondition(parts > 0 && part >= 0 && part < parts, "Optimizer: part \(part) of \(parts)")
        let block = 4096
        let blocks = (count + block - 1) / block
        let start = min(count, blocks * part / parts * block)
        return start..<min(count, blocks * (part + 1) / parts * block)
    }

    /// The elements that `part` of `parts` updates: as even as blocks of 4,096 allow, without cutting a row whose norm
    /// is limited.
    package func range(part: Int, of parts: Int) -> Range<Int> {
        let range = Optimizer.range(of: groups.count, part: part, of: parts)
        return endOfRow(around: range.lowerBound)..<endOfRow(around: range.upperBound)
    }

    /// `place`, or the end of the row that it would cut.
    private func endOfRow(around place: Int) -> Int {
        guard let rows = limitedRows.first(where: { $0.range.lowerBound < place && place < $0.range.upperBound }) else {
            return place
        }
        let rowCount = (place - rows.range.lowerBound + rows.rowLength - 1) / rows.rowLength
        return rows.range.lowerBound + rowCount * rows.rowLength
    }

    /// Where the flat buffer may be divided among owners, ascending: 0, between ``ParameterPieces`` and at `end`, which
    /// may lie beyond the last parameter; no row whose norm is limited is cut, nor what a layer-wise rule measures as
    /// one.
    package func cuts(upTo end: Int) -> [Int] {
        var cuts = [0]
        for (span, settings) in zip(groups.spans, groups.settings) where span.count > 0 {
            if span.offset > 0 { cuts.append(span.offset) }
            if settings.maxNorm < .infinity, span.rowLength != nil { continue }
            let size = layers == nil ? ParameterPieces.size : MeasuredLayers.pieceCount
            cuts += stride(from: size, to: span.count, by: size).map { span.offset + $0 }
        }
        return end > 0 ? cuts + [end] : cuts
    }

    /// Writes the slots' values before the first step, in the memory of zeros that they are at first; `learningRate` is
    /// the rate that training starts with.
    ///
    /// - Parameter ranges: those that this process keeps.
    package func initialize(
        slots: [UnsafeMutablePointer<Float>], learningRate: Double, ranges: [Range<Int>]
    ) {
        requireAll(slots)
        for (slot, pointer) in zip(self.slots, slots) where slot.initial == .learningRate {
            for segment in ranges.flatMap({ Array(groups.segments(in: $0)) }) {
                let rate = Float(learningRate * segment.settings.learningRateFactor)
                (pointer + segment.range.lowerBound).update(repeating: rate, count: segment.range.count)
            }
        }
    }

    /// Writes the slots that hold weights when their phase begins; parameters in `range` lie at their places.
    package func begin(
        _ range: Range<Int>, parameters: UnsafePointer<Float>, slots: [UnsafeMutablePointer<Float>]
    ) {
        requireAll(slots)
        for (slot, pointer) in zip(self.slots, slots) where slot.initial == .weights {
            (pointer + range.lowerBound).update(from: parameters + range.lowerBound, count: range.count)
        }
    }

    /// Whether some slot holds the weights that its phase begins with.
    package var remembersWeights: Bool { slots.contains { $0.initial == .weights } }

    private func requireAll(_ slots: [UnsafeMutablePointer<Float>]) {
        precondition(
            slots.count == self.slots.count,
            "Optimizer: \(slots.count) slots for \(rule.name), which has \(self.slots.count)")
    }

    /// One update of the elements that belong to `part` of `parts`; the bits do not depend on how many parts there are.
    ///
    /// - Parameters:
    ///   - gradients: The sum of the samples' gradients.
    ///   - learningRate: The schedule's rate at this step.
    ///   - gradientScale: 1 / (global sample count), times the factor of global norm clipping.
    ///   - stepNumber: The number of this update, counted from 1.
    ///   - sums: What ``measure(_:into:parameters:gradients:slots:learningRate:gradientScale:stepNumber:)`` has written
    ///     for all pieces; nil where there are none.
    package func step(
        parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>, slots: [UnsafeMutablePointer<Float>],
        learningRate: Double, gradientScale: Double, stepNumber: Int, sums: UnsafePointer<SquareSums>? = nil,
        part: Int = 0, of parts: Int = 1
    ) {
        step(
            range(part: part, of: parts), parameters: parameters, gradients: gradients,
            slots: slots, learningRate: learningRate, gradientScale: gradientScale, stepNumber: stepNumber, sums: sums)
    }

    /// One update of the elements in `range`, for example a parameter; otherwise as the update of a part.
    ///
    /// The range cuts no row whose norm is limited.
    package func step(
        _ range: Range<Int>, parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        slots: [UnsafeMutablePointer<Float>], learningRate: Double, gradientScale: Double, stepNumber: Int,
        sums: UnsafePointer<SquareSums>? = nil
    ) {
        requireAll(slots)
        precondition(stepNumber >= 1, "Optimizer: step number \(stepNumber), counted from 1")
        let own = lookahead == nil ? slots : Array(slots.dropLast())
        for segment in groups.segments(in: range) {
            let step = updateStep(
                segment.settings, learningRate: learningRate, gradientScale: gradientScale, stepNumber: stepNumber)
            if let layers {
                for (part, layer) in layers.parts(of: segment.range) {
                    var step = step
                    if let layer { step.trustRatio = layers.ratio(of: layer, step, sums) }
                    rule.update(part, parameters: parameters, gradients: gradients, slots: own, step: step)
                }
            } else {
                rule.update(segment.range, parameters: parameters, gradients: gradients, slots: own, step: step)
            }
            // Weight clipping (Arjovsky et al., "Wasserstein GAN", 2017, algorithm 1).
            if segment.settings.weightLimit < .infinity {
                limitValues(
                    parameters + segment.range.lowerBound, count: segment.range.count,
                    limit: Float(segment.settings.weightLimit))
            }
        }
        limitRows(in: range, parameters)
        guard let lookahead, let slow = slots.last else { return }
        for segment in groups.segments(in: range) {
            lookahead.update(segment.range, parameters: parameters, slow: slow, stepNumber: stepNumber, of: stepCount)
        }
    }

    /// The numbers of an update of parameters with the same settings.
    func updateStep(
        _ settings: GroupSettings, learningRate: Double, gradientScale: Double, stepNumber: Int
    ) -> UpdateStep {
        UpdateStep(
            learningRate: learningRate * settings.learningRateFactor, gradientScale: gradientScale,
            gradientLimit: clipping.limit, weightDecay: settings.weightDecay, l1: settings.l1, number: stepNumber)
    }

    private func limitRows(in range: Range<Int>, _ parameters: UnsafeMutablePointer<Float>) {
        for rows in limitedRows where rows.range.overlaps(range) {
            let part = rows.range.clamped(to: range)
            let isWhole =
                (part.lowerBound - rows.range.lowerBound) % rows.rowLength == 0
                && part.count % rows.rowLength == 0
            precondition(isWhole, "Optimizer: \(range) cuts a row of \(rows.rowLength) in \(rows.range)")
            rows.maxNorm.constrain(
                parameters + part.lowerBound, rows: part.count / rows.rowLength, columns: rows.rowLength)
        }
    }
}
