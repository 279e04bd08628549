/// Who updates which weights, where each rank updates those whose gradients it sums up: the first stage of ZeRO
/// (Rajbhandari et al. 2020, section 5.1).
///
/// Such a rank alone has the optimiser's slots of its weights. The new weights then travel in place of the summed
/// gradients, so that as many bytes travel, and their bits are those that every rank would have computed.
package struct UpdateShares: Equatable, Sendable {
    /// Where gradients may be divided, ascending, from 0 to their end.
    package let cuts: [Int]

    /// - Parameter cuts: places from 0 to the end of the gradients, ascending.
    package init(cuts: [Int]) {
        precondition(cuts.first == 0, "UpdateShares: the first cut is \(cuts.first ?? -1)")
        self.cuts = cuts
    }

    /// The gradients, which are at the front of the flat vector.
    package var gradients: Range<Int> { 0..<(cuts.last ?? 0) }

    /// The first cut at `place` or after it.
    func cut(from place: Int) -> Int {
        var (lower, upper) = (0, cuts.count - 1)
        while lower < upper {
            let middle = (lower + upper) / 2
            if cuts[middle] >= place { upper = middle } else { lower = middle + 1 }
        }
        return cuts[lower]
    }

    /// The part of a range of gradients that one of `parts` owners has; bounds of the range are cuts.
    package func part(_ part: Int, of parts: Int, in range: Range<Int>) -> Range<Int> {
        func bound(_ part: Int) -> Int { cut(from: range.lowerBound + range.count * part / parts) }
        return bound(part)..<bound(part + 1)
    }

    /// Whether a bucket holds gradients; a bucket that does holds nothing else.
    package func hold(_ bucket: Range<Int>) -> Bool { bucket.lowerBound < gradients.upperBound }
}

extension UpdateShares? {
    /// The part of a bucket that one of `parts` owners adds.
    func part(_ part: Int, of parts: Int, in bucket: Range<Int>) -> Range<Int> {
        guard let self, self.hold(bucket) else { return BucketPlan.slice(of: bucket, part: part, of: parts) }
        return self.part(part, of: parts, in: bucket)
    }
}

/// The parts of gradients that each rank owns, ascending.
package struct OwnedGradients: Equatable, Sendable {
    /// By rank.
    package let ranges: [[Range<Int>]]

    package init(ranges: [[Range<Int>]]) {
        self.ranges = ranges.map { owned in
            owned.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, range in
                if let last = merged.last, last.upperBound == range.lowerBound {
                    merged[merged.count - 1] = last.lowerBound..<range.upperBound
                } else {
                    merged.append(range)
                }
            }
        }
    }

    /// What a rank does not own of a range.
    package func others(than rank: Int, in range: Range<Int>) -> [Range<Int>] {
        var rest: [Range<Int>] = []
        var lower = range.lowerBound
        for own in ranges[rank] where own.overlaps(range) {
            if own.lowerBound > lower { rest.append(lower..<own.lowerBound) }
            lower = own.upperBound
        }
        if lower < range.upperBound { rest.append(lower..<range.upperBound) }
        return rest
    }
}
