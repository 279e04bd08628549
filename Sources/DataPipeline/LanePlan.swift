/// N windows of a sequence cut into B lanes, each a run of neighbouring windows.
///
/// With W = ⌊N/B⌋ and R = N mod B, the first R lanes have W + 1 windows and the others W, so that the lanes together
/// hold every window exactly once: lane l begins at window l·W + min(l, R).
package struct LaneLayout: Equatable, Sendable {
    /// N
    package let windowCount: Int
    /// B
    package let laneCount: Int

    package init(windowCount: Int, laneCount: Int) {
        precondition(
            windowCount > 0 && laneCount > 0, "LaneLayout: \(windowCount) windows in \(laneCount) lanes; needs some")
        self.windowCount = windowCount
        self.laneCount = laneCount
    }

    /// ⌈N/B⌉, the windows of the longest lane.
    package var longestLane: Int { (windowCount + laneCount - 1) / laneCount }

    /// How many lanes have a window at `place`: all, or the longer ones at the last place.
    package func lanesAlive(at place: Int) -> Int {
        place < windowCount / laneCount ? laneCount : place < longestLane ? windowCount % laneCount : 0
    }

    /// The window at `place` of `lane`.
    package func window(lane: Int, place: Int) -> Int {
        precondition(
            lane >= 0 && place >= 0 && lane < lanesAlive(at: place), "LaneLayout: lane \(lane) has no window \(place)")
        let (length, longer) = windowCount.quotientAndRemainder(dividingBy: laneCount)
        return lane * length + min(lane, longer) + place
    }
}

/// The plan of reading a sequence in order: a batch is one window of each of B lanes, and the next step's batch holds
/// the windows that follow them, so that a model may carry its state along each lane.
///
/// Grain g owns a contiguous range of the lanes, the same in every step. An epoch ends when all windows have been read,
/// and lanes then begin anew. It serves evaluation as well: each grain goes through the steps of one epoch in order,
/// see ``GrainPlan/partsPerGrain``.
package struct LanePlan: GrainPlan, Equatable {
    package let layout: LaneLayout
    /// The lanes of one grain, at most.
    package let grainSize: Int

    /// - Parameters:
    ///   - windowCount: the samples of the data set, whose neighbours continue each other.
    ///   - lanes: the batch size.
    ///   - grainSize: the lanes of one grain, at most.
    package init(windowCount: Int, lanes: Int, grainSize: Int) {
        precondition(grainSize > 0, "LanePlan: needs a positive grain, got \(grainSize)")
        layout = LaneLayout(windowCount: windowCount, laneCount: lanes)
        self.grainSize = grainSize
    }

    /// ⌈B/g⌉
    package var grainsPerStep: Int { (layout.laneCount + grainSize - 1) / grainSize }
    package var stepsPerEpoch: Int { layout.longestLane }
    package var largestGrain: Int { (layout.laneCount + grainsPerStep - 1) / grainsPerStep }

    /// The lanes that `grain` owns in all steps.
    package func lanes(ofGrain grain: Int) -> Range<Int> { share(of: layout.laneCount, grain: grain) }

    /// One window of each of the grain's lanes; at the last step of an epoch only of those that have one.
    package func samples(step: Int, grain: Int) -> GrainSamples {
        let (epoch, place) = position(ofStep: step)
        let alive = lanes(ofGrain: grain).clamped(to: 0..<layout.lanesAlive(at: place))
        return GrainSamples(epoch: epoch, lanes: alive, layout: layout, place: place)
    }
}
