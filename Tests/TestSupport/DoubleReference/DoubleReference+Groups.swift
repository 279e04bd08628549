/// Convolutions over groups of symmetries, by matrices that act on the places of pixels.
extension DoubleReference {
    /// The element m · 4 + r as a matrix on (row, column), rows downwards: a mirror image left for right m times, then
    /// r quarters counter-clockwise.
    package static func symmetry(_ element: Int) -> [[Int]] {
        var matrix = element < 4 ? [[1, 0], [0, 1]] : [[1, 0], [0, -1]]
        for _ in 0..<element % 4 { matrix = product([[0, -1], [1, 0]], matrix) }
        return matrix
    }

    private static func product(_ a: [[Int]], _ b: [[Int]]) -> [[Int]] {
        (0..<2).map { i in (0..<2).map { j in a[i][0] * b[0][j] + a[i][1] * b[1][j] } }
    }

    /// The place in a square of `side`² pixels from which `element` takes what it puts at (row, column).
    package static func origin(of element: Int, _ row: Int, _ column: Int, side: Int) -> (row: Int, column: Int) {
        let (matrix, end) = (symmetry(element), side - 1)
        // Twice the distances from the middle; the inverse of a turn or a mirror image is its transpose.
        let (down, right) = (2 * row - end, 2 * column - end)
        let (i, j) = (matrix[0][0] * down + matrix[1][0] * right, matrix[0][1] * down + matrix[1][1] * right)
        return ((i + end) / 2, (j + end) / 2)
    }

    /// The element that does `element`'s inverse after `other`.
    package static func quotient(_ other: Int, by element: Int) -> Int {
        let (a, b) = (symmetry(element), symmetry(other))
        let transposed = (0..<2).map { i in (0..<2).map { a[$0][i] } }
        let wanted = product(transposed, b)
        return (0..<8).first { symmetry($0) == wanted } ?? -1
    }

    /// Filters [O, k, k, E · C] in all positions of a group of `order` elements: [order · O, k, k, E · C].
    package static func groupFilters(_ w: DoubleTensor, order: Int, elements: Int) -> DoubleTensor {
        let (outputs, side, channels) = (w.shape[0], w.shape[1], w.shape[3] / elements)
        let sources = (0..<order).map { element in
            (0..<elements).map { elements == 1 ? 0 : quotient($0, by: element) }
        }
        let places = (0..<order).map { element in
            (0..<side * side).map { origin(of: element, $0 / side, $0 % side, side: side) }
        }
        var filters = DoubleTensor(repeating: 0, [order * outputs] + w.shape.dropFirst())
        forEachIndex(filters.shape) { output, i, j, input in
            let (element, o) = (output / outputs, output % outputs)
            let place = places[element][i * side + j]
            let other = sources[element][input / channels]
            filters[output, i, j, input] = w[o, place.row, place.column, other * channels + input % channels]
        }
        return filters
    }
}
