/// How the samples of a grain have been mixed with each other: each is what it was to some share, and for the rest the
/// one that stands at some distance behind it, counted round.
package struct SampleMixture: Equatable, Sendable {
    /// 0…1
    package let share: Float
    /// 1..<`count`
    package let distance: Int
    /// The number of samples.
    package let count: Int

    package init(share: Float, distance: Int, count: Int) {
        precondition(
            share >= 0 && share <= 1 && distance > 0 && distance < count,
            "SampleMixture: \(share), \(distance) of \(count)")
        self.share = share
        self.distance = distance
        self.count = count
    }

    /// The sample that `position` has been mixed with.
    package func partner(of position: Int) -> Int { (position + distance) % count }
}
