/// Cuts the flat vector into buckets that are reduced one after another while backward still fills later ones.
package struct BucketPlan: Equatable, Sendable {
    /// Ascending ranges of floats that cover the vector; bounds are multiples of 16.
    package let ranges: [Range<Int>]

    /// Buckets whose slices, one for each of `ranks`, are messages of 256 KiB, which leave without a handshake; at most
    /// 4 MiB, so that there is something to overlap, and about 8,192 buckets at most: each takes two of the
    /// communicator's channels.
    package init(count: Int, ranks: Int, shares: UpdateShares? = nil) {
        self.init(
            count: count, bucketBytes: max(min(ranks * 256 << 10, 4 << 20), count * 4 / 8192), shares: shares)
    }

    /// - Parameters:
    ///   - bucketBytes: the size; the last bucket is up to half larger, and at least half as large as the one before
    ///     it.
    ///   - shares: where ranks share the update. Buckets of gradients then end at the first cut from where they would
    ///     end, and what follows the gradients has buckets of its own.
    package init(count: Int, bucketBytes: Int, shares: UpdateShares? = nil) {
        precondition(count >= 0 && count % 16 == 0, "BucketPlan: \(count) floats are not whole 64-byte lines")
        let size = max(16, bucketBytes / 4 / 16 * 16)
        let gradients = shares?.gradients.upperBound ?? 0
        var ranges: [Range<Int>] = []
        var lower = 0
        while lower < count {
            let end = lower < gradients ? gradients : count
            // No tiny last bucket.
            var upper = end - lower < size + size / 2 ? end : lower + size
            if let shares, lower < gradients { upper = shares.cut(from: upper) }
            ranges.append(lower..<upper)
            lower = upper
        }
        self.ranges = ranges
    }

    /// The part of some indices that one of `parts` threads takes.
    package static func share(of range: Range<Int>, part: Int, of parts: Int) -> Range<Int> {
        range.lowerBound + range.count * part / parts..<range.lowerBound + range.count * (part + 1) / parts
    }

    /// The part of a bucket that one of `parts` owners adds: the parts cover it, their bounds are multiples of 16
    /// floats, some may be empty.
    package static func slice(of range: Range<Int>, part: Int, of parts: Int) -> Range<Int> {
        let lines = range.count / 16
        return range.lowerBound + part * lines / parts * 16..<range.lowerBound + (part + 1) * lines / parts * 16
    }
}
