import TensorCore

/// Statistics and carried state: what a layer leaves behind beside gradients.
extension Tape {
    /// Whether the phase may change the parameter; a layer whose statistics it may not change is frozen.
    package func trains(_ parameter: Parameter) -> Bool { vector.contains(parameter.index) }

    /// Adds weight · scale · values to a statistic's sum and `weight` to its weight; nothing when nothing is recorded
    /// or the phase does not train the statistic.
    ///
    /// A layer used twice contributes twice. The weight is how many numbers each value is an average of.
    /// - Parameter values: as many as the statistic has.
    package func contribute(
        _ statistic: Parameter, weight: Float, values: UnsafePointer<Float>, scale: Float = 1
    ) {
        precondition(statistic.isStatistic, "contribute: \(statistic.name) is \(statistic.role), not a statistic")
        guard let gradients, let offset = vector.offset(of: statistic.index),
            let weightOffset = vector.weightOffset(of: statistic.index)
        else { return }
        let sum = gradients + offset
        for i in 0..<statistic.shape.count { sum[i] += weight * (scale * values[i]) }
        gradients[weightOffset] += weight
    }

    /// The state that this grain's rows continue from, [rows, …] of a parameter [lanes, …]: a constant.
    ///
    /// It is zero for samples without a past and at the start of a sequence; else what was carried last.
    /// - Parameter rows: needed where `begin` was given no lanes.
    package func carried(_ parameter: Parameter, rows: Int? = nil) -> Variable {
        precondition(parameter.role == .carried, "carried: \(parameter.name) is \(parameter.role)")
        guard let rows = rows ?? carriedLanes?.lanes.count else {
            preconditionFailure("carried: neither lanes nor rows of \(parameter.name)")
        }
        let size = parameter.shape.sample.count
        let state = Tensor(parameter.shape.sample.batched(rows), pool: pool)
        guard let lanes = carriedLanes, !lanes.isStartOfSequence else {
            state.fill(0)
            return constant(state)
        }
        requireLanes(lanes.lanes, of: parameter, rows: rows)
        if let store = lanes.rows {
            state.fill(0)
            guard let last = store.rows(of: parameter) else { return constant(state) }
            // The shorter of a grain's lanes, which are its last ones, may have ended.
            precondition(last.count >= state.count, "carried: \(last.count) values for \(state.shape)")
            for i in 0..<state.count { state.pointer[i] = last[i] }
        } else {
            let source = values.pointer + layout.offsets[parameter.index] + lanes.lanes.lowerBound * size
            state.pointer.update(from: source, count: state.count)
        }
        return constant(state)
    }

    /// Leaves the state that the grain's lanes continue from the next time; its gradient ends here.
    ///
    /// In training it goes into the grain's vector at the lanes' rows, in evaluation into the ``CarriedRows`` that
    /// `begin` was given; nowhere for samples without a past.
    /// - Parameter value: [rows, …] as ``carried(_:rows:)`` gives it.
    package func carry(_ parameter: Parameter, value: Variable) {
        precondition(parameter.role == .carried, "carry: \(parameter.name) is \(parameter.role)")
        precondition(
            value.shape.sample == parameter.shape.sample, "carry: \(value.shape) for \(parameter.shape)")
        guard let lanes = carriedLanes else { return }
        requireLanes(lanes.lanes, of: parameter, rows: value.shape[0])
        if let store = lanes.rows { return store.carry(parameter, value.value) }
        guard let gradients, let offset = vector.offset(of: parameter.index),
            let weightOffset = vector.weightOffset(of: parameter.index)
        else { return }
        let size = parameter.shape.sample.count
        (gradients + offset + lanes.lanes.lowerBound * size).update(
            from: value.value.pointer, count: value.value.count)
        gradients[weightOffset] = Float(lanes.lanes.count)
    }

    private func requireLanes(_ lanes: Range<Int>, of parameter: Parameter, rows: Int) {
        precondition(
            lanes.count == rows && lanes.upperBound <= parameter.shape[0],
            "carried: lanes \(lanes) of \(parameter.shape) for \(rows) rows")
    }
}

/// State that grains own by their numbers, whatever their samples are.
extension Tape {
    /// These rows of carried state, [rows, …], as the step before has left them: a constant.
    package func carried(_ parameter: Parameter, rows: Range<Int>) -> Variable {
        requireRows(rows, of: parameter)
        let size = parameter.shape.sample.count
        let state = Tensor(parameter.shape.sample.batched(rows.count), pool: pool)
        state.pointer.update(
            from: values.pointer + layout.offsets[parameter.index] + rows.lowerBound * size, count: state.count)
        return constant(state)
    }

    /// Leaves the rows of carried state that the grain owns for the next step; all grains of a step must do so, for all
    /// rows, or none.
    ///
    /// - Parameter value: [rows, …]; it gets no gradient.
    package func carry(_ parameter: Parameter, _ value: Tensor, rows: Range<Int>) {
        requireRows(rows, of: parameter)
        precondition(
            value.shape == parameter.shape.sample.batched(rows.count), "carry: \(value.shape) for \(parameter.shape)")
        guard let gradients, let offset = vector.offset(of: parameter.index),
            let weightOffset = vector.weightOffset(of: parameter.index)
        else { return }
        let size = parameter.shape.sample.count
        (gradients + offset + rows.lowerBound * size).update(from: value.pointer, count: value.count)
        gradients[weightOffset] = Float(rows.count)
    }

    private func requireRows(_ rows: Range<Int>, of parameter: Parameter) {
        precondition(
            parameter.role == .carried && rows.upperBound <= parameter.shape[0],
            "carried: rows \(rows) of \(parameter.name), \(parameter.role) of \(parameter.shape)")
    }
}
