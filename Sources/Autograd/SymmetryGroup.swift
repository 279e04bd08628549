/// The symmetries of a grid of square pixels that group convolutions know (Cohen and Welling, "Group equivariant
/// convolutional networks", 2016, section 4), the shifts aside: what turns and mirrors a filter.
///
/// Element m · 4 + r first mirrors left for right where m is 1, then turns by r quarters, counter-clockwise.
package enum SymmetryGroup: String, CaseIterable, Sendable {
    /// The four turns by multiples of 90°.
    case p4
    /// These, and each after a mirror image.
    case p4m

    /// How many elements it has.
    package var order: Int { self == .p4 ? 4 : 8 }

    /// The group with so many elements; nil where there is none.
    package init?(order: Int) {
        guard let group = SymmetryGroup.allCases.first(where: { $0.order == order }) else { return nil }
        self = group
    }

    /// The element that undoes `element`. A mirror image undoes itself, turned or not.
    package func inverse(of element: Int) -> Int { element < 4 ? (4 - element) % 4 : element }

    /// The element that does `second`, then `first`.
    package func product(_ first: Int, _ second: Int) -> Int {
        // Behind a mirror a turn goes the other way round.
        let turns = first < 4 ? first % 4 + second % 4 : first % 4 + 4 - second % 4
        return (first / 4 ^ second / 4) * 4 + turns % 4
    }

    /// The tap (row, column) of a filter of `side`² taps that `element` moves to the tap (row, column).
    package func source(of element: Int, row: Int, column: Int, side: Int) -> (row: Int, column: Int) {
        var (row, column) = (row, column)
        for _ in 0..<element % 4 { (row, column) = (column, side - 1 - row) }
        return (row, element < 4 ? column : side - 1 - column)
    }
}
