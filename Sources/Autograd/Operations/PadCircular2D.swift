import Kernels
import TensorCore

/// An image on a torus: x [N, H, W, C] → [N, top + H + bottom, left + W + right, C], where what lies beyond a border is
/// what lies behind the opposite one.
///
/// - Parameter padding: [top, bottom, left, right], as large as one likes.
package func padCircular2D(_ x: Variable, _ padding: [Int]) -> Variable {
    precondition(
        x.shape.rank == 4 && padding.count == 4 && x.shape.sample.count > 0, "padCircular2D: \(x.shape), \(padding)")
    let torus = Torus(input: x.shape, padding: padding)
    let y = x.makeTensor(torus.output)
    torus.forEachRun { here, there, count in (y.pointer + here).update(from: x.value.pointer + there, count: count) }
    return x.tape.record(y, x) { [x = x.target] tape, dy in
        let gradient = dy
        tape.accumulate(into: x) { dx, accumulate in
            if !accumulate { dx.update(repeating: 0, count: x.shape.count) }
            torus.forEachRun { here, there, count in
                Kernels.accumulate(gradient.pointer + here, into: dx + there, count: count)
            }
        }
    }
}

/// Which values of a padded image come from where.
private struct Torus {
    let input: Shape
    let padding: [Int]

    var output: Shape {
        [input[0], padding[0] + input[1] + padding[1], padding[2] + input[2] + padding[3], input[3]]
    }

    /// Calls `body(offset in the padded image, offset in the image, count)` for all runs of neighbours in both.
    @inline(__always)
    func forEachRun(_ body: (Int, Int, Int) -> Void) {
        let (height, width, channels) = (input[1], input[2], input[3])
        let (rows, columns) = (output[1], output[2])
        let (firstRow, firstColumn) = (Torus.place(-padding[0], height), Torus.place(-padding[2], width))
        for image in 0..<input[0] {
            for row in 0..<rows {
                let source = (image * height + (firstRow + row) % height) * width
                let target = (image * rows + row) * columns
                var column = 0
                while column < columns {
                    let there = (firstColumn + column) % width
                    let run = min(width - there, columns - column)
                    body((target + column) * channels, (source + there) * channels, run * channels)
                    column += run
                }
            }
        }
    }

    /// The place on a circle of n that a distance from its beginning leads to.
    private static func place(_ distance: Int, _ n: Int) -> Int { (distance % n + n) % n }
}
