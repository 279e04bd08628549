/// The extents of a tensor, outermost first, at most six; images are [N, H, W, C], sequences [N, T, C].
///
/// Held inline, so that making and comparing shapes allocates nothing.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    package static let maximumRank = 6

    package private(set) var rank: Int
    private var extents: (Int, Int, Int, Int, Int, Int) = (1, 1, 1, 1, 1, 1)

    package init(arrayLiteral elements: Int...) { self.init(elements) }

    package init(_ elements: some Collection<Int>) {
        precondition(
            elements.count <= Shape.maximumRank,
            "Shape: at most \(Shape.maximumRank) dimensions, got \(Array(elements))")
        rank = elements.count
        for (index, extent) in elements.enumerated() {
            precondition(extent >= 0, "Shape: negative extent in \(Array(elements))")
            self[index] = extent
        }
    }

    /// The extent of dimension `index`; negative indices count from the end.
    package subscript(index: Int) -> Int {
        get {
            let i = index < 0 ? index + rank : index
            precondition(i >= 0 && i < rank, "Shape: no dimension \(index) in \(self)")
            switch i {
            case 0: return extents.0
            case 1: return extents.1
            case 2: return extents.2
            case 3: return extents.3
            case 4: return extents.4
            default: return extents.5
            }
        }
        set {
            precondition(index >= 0 && index < rank)
            switch index {
            case 0: extents.0 = newValue
            case 1: extents.1 = newValue
            case 2: extents.2 = newValue
            case 3: extents.3 = newValue
            case 4: extents.4 = newValue
            default: extents.5 = newValue
            }
        }
    }

    /// The number of elements.
    package var count: Int { extents.0 * extents.1 * extents.2 * extents.3 * extents.4 * extents.5 }

    package var dimensions: [Int] { (0..<rank).map { self[$0] } }

    /// The shape without its first dimension: what one sample of a batch has.
    package var sample: Shape { Shape((1..<max(rank, 1)).map { self[$0] }) }

    /// This shape as one sample, with a leading batch dimension of `count`.
    package func batched(_ count: Int) -> Shape {
        var result = Shape([])
        result.rank = rank + 1
        precondition(result.rank <= Shape.maximumRank, "Shape: no room for a batch dimension in \(self)")
        result.extents = (count, extents.0, extents.1, extents.2, extents.3, extents.4)
        return result
    }

    /// This shape with another last dimension.
    package func replacingLast(with extent: Int) -> Shape {
        precondition(rank > 0 && extent >= 0, "Shape: no last dimension of \(extent) in \(self)")
        var result = self
        result[rank - 1] = extent
        return result
    }

    package var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }

    package static func == (a: Shape, b: Shape) -> Bool { a.rank == b.rank && a.extents == b.extents }

    package func hash(into hasher: inout Hasher) {
        for dimension in dimensions { hasher.combine(dimension) }
    }
}
