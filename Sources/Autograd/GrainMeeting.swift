/// Where the grains of a step meet, for operations whose results depend on the whole batch.
///
/// Every grain with samples comes to the same meetings in the same order, because grains differ in their samples alone.
/// A tape without one computes a grain that is the whole batch.
package protocol GrainMeeting: AnyObject {
    /// Merges two grains' numbers, or sums of grains, into the first.
    typealias Merge = (_ numbers: UnsafeMutablePointer<Double>, _ other: UnsafePointer<Double>, _ count: Int) -> Void

    /// Waits for all grains of the step, on all ranks, and gives each what they have brought, merged in the order of
    /// the grains' tree; so the result has the same bits on every rank, and for any ranks and threads.
    ///
    /// When the step has failed elsewhere it returns at once, without `take`; the grain goes on to an end that counts
    /// nothing.
    /// - Parameters:
    ///   - place: what the grains meet for; the same for all of them, whoever comes to another is out of step.
    ///   - count: how many numbers each grain brings.
    ///   - bring: writes them. A grain without samples brings zeros.
    ///   - take: reads the merged ones.
    func meet(
        at place: Int, count: Int, merge: Merge, bring: (UnsafeMutablePointer<Double>) -> Void,
        take: (UnsafePointer<Double>) -> Void
    )
}
