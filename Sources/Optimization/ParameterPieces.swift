/// The trained parameters of a flat buffer in pieces of 4,096 elements, counted from each parameter's own beginning.
///
/// What is measured over all gradients is measured piece by piece and added in the pieces' order, so that its bits
/// depend neither on who measures which piece nor on where a parameter lies.
package struct ParameterPieces: Sendable {
    /// Elements of a piece; the last of a parameter may have fewer.
    package static let size = 4096

    /// The pieces in order; those of frozen parameters are left out.
    package let ranges: [Range<Int>]

    package init(_ groups: ParameterGroups) {
        ranges = zip(groups.spans, groups.settings).flatMap { span, settings in
            settings.isFrozen
                ? []
                : stride(from: 0, to: span.count, by: ParameterPieces.size).map {
                    span.offset + $0..<span.offset + min($0 + ParameterPieces.size, span.count)
                }
        }
    }

    /// The pieces that begin in a range of the flat buffer.
    package func indices(in range: Range<Int>) -> Range<Int> {
        let first = ranges.partitioningIndex { $0.lowerBound >= range.lowerBound }
        return first..<max(first, ranges.partitioningIndex { $0.lowerBound >= range.upperBound })
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element fulfils a condition that all later ones fulfil too; the end where none does.
    package func partitioningIndex(where fulfils: (Element) -> Bool) -> Int {
        var (lower, upper) = (startIndex, endIndex)
        while lower < upper {
            let middle = (lower + upper) / 2
            if fulfils(self[middle]) { upper = middle } else { lower = middle + 1 }
        }
        return lower
    }
}
