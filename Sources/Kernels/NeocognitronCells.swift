/// What the cells of a Neocognitron compute (Fukushima, "Neocognitron: a self-organizing neural network model for a
/// mechanism of pattern recognition unaffected by shift in position", Biological Cybernetics 36, 1980).
///
/// Letters: e excitation, v inhibitory input, b inhibitory weights, r selectivity, k planes.

/// y = r · max(0, (1 + e) / (1 + ρ b v) − 1) with ρ = 2 r / (1 + r) and v = √energy: simple cells, equation (1).
///
/// - Parameters:
///   - e, y: [rows, planes].
///   - energy: [rows], not negative.
///   - b: [planes], not negative.
package func simpleCells(
    _ e: UnsafePointer<Float>, energy: UnsafePointer<Float>, _ b: UnsafePointer<Float>, rows: Int, planes: Int,
    selectivity r: Float, into y: UnsafeMutablePointer<Float>
) {
    let rho = 2 * r / (1 + r)
    for row in 0..<rows {
        let v = energy[row].squareRoot()
        for k in 0..<planes {
            let index = row * planes + k
            // (1 + e) / (1 + ρ b v) − 1 without the difference of two numbers near 1.
            let response = r * (e[index] - rho * b[k] * v) / (1 + rho * b[k] * v)
            y[index] = response < 0 ? 0 : response
        }
    }
}

/// The gradients of ``simpleCells(_:energy:_:rows:planes:selectivity:into:)``, each added to what is there and nil
/// where nobody wants it; that of an energy of 0 counts as 0.
package func simpleCellGradients(
    _ e: UnsafePointer<Float>, energy: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    rows: Int, planes: Int, selectivity r: Float, excitation de: UnsafeMutablePointer<Float>?,
    energy denergy: UnsafeMutablePointer<Float>?, inhibition db: UnsafeMutablePointer<Float>?
) {
    let rho = 2 * r / (1 + r)
    for row in 0..<rows {
        let v = energy[row].squareRoot()
        var dv: Float = 0
        for k in 0..<planes {
            let index = row * planes + k
            let divisor = 1 + rho * b[k] * v
            guard e[index] > rho * b[k] * v else { continue }
            let ratio = (1 + e[index]) / divisor
            let slope = r * dy[index] / divisor
            de?[index] += slope
            db?[k] -= slope * ratio * rho * v
            dv -= slope * ratio * rho * b[k]
        }
        if v > 0 { denergy?[row] += dv / (2 * v) }
    }
}

/// y = z / (α + z) with z = max(0, (1 + x) / (1 + m) − 1) and the mean m over planes: complex cells that inhibit each
/// other, equations (6) and (7). x and y [rows, planes], x not negative.
package func lateralInhibition(
    _ x: UnsafePointer<Float>, rows: Int, planes: Int, saturation alpha: Float, into y: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        let first = row * planes
        var sum: Float = 0
        for k in 0..<planes { sum += x[first + k] }
        let mean = sum / Float(planes)
        for k in 0..<planes {
            let z = (x[first + k] - mean) / (1 + mean)
            y[first + k] = z > 0 ? z / (alpha + z) : z < 0 ? 0 : z
        }
    }
}

/// The gradient of ``lateralInhibition(_:rows:planes:saturation:into:)``, added to dx.
package func addLateralInhibitionGradient(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, planes: Int, saturation alpha: Float,
    into dx: UnsafeMutablePointer<Float>
) {
    for row in 0..<rows {
        let first = row * planes
        var sum: Float = 0
        for k in 0..<planes { sum += x[first + k] }
        let mean = sum / Float(planes)
        let divisor = 1 + mean
        var shared: Float = 0
        for k in 0..<planes {
            let z = (x[first + k] - mean) / divisor
            guard z > 0 else { continue }
            let slope = dy[first + k] * alpha / ((alpha + z) * (alpha + z))
            dx[first + k] += slope / divisor
            shared += slope * (1 + x[first + k])
        }
        let common = shared / (divisor * divisor * Float(planes))
        for k in 0..<planes { dx[first + k] -= common }
    }
}

/// The cells that learn from a sample: of each plane the strongest of those that no cell of any plane within `column` ×
/// `column` places around them exceeds (section 3.1; every place is the middle of a column). Of equals the first.
///
/// - Parameters:
///   - y: [samples, height, width, planes], responses.
///   - scratch: room for `height` · `width` numbers.
///   - winners: [samples, planes], the place of each plane's winner in row-major order; −1 where it has none.
/// - Returns: the sum of the winners' responses, and how many there are.
package func competitiveWinners(
    _ y: UnsafePointer<Float>, samples: Int, height: Int, width: Int, planes: Int, column: Int,
    scratch strongest: UnsafeMutablePointer<Float>, into winners: UnsafeMutablePointer<Float>
) -> (response: Double, count: Int) {
    let (places, reach) = (height * width, column / 2)
    var (response, count) = (0.0, 0)
    for sample in 0..<samples {
        let y = y + sample * places * planes
        let winners = winners + sample * planes
        winners.update(repeating: -1, count: planes)
        for place in 0..<places {
            var largest: Float = 0
            for k in 0..<planes where y[place * planes + k] > largest { largest = y[place * planes + k] }
            strongest[place] = largest
        }
        for place in 0..<places where strongest[place] > 0 {
            let (row, left) = (place / width, place % width)
            var wins = true
            for other in max(row - reach, 0)...min(row + reach, height - 1) {
                for across in max(left - reach, 0)...min(left + reach, width - 1) {
                    let rival = strongest[other * width + across]
                    if rival > strongest[place] || (rival == strongest[place] && other * width + across < place) {
                        wins = false
                    }
                }
            }
            guard wins else { continue }
            var k = 0
            while y[place * planes + k] < strongest[place] { k += 1 }
            let before = Int(winners[k])
            if before < 0 || y[before * planes + k] < strongest[place] { winners[k] = Float(place) }
        }
        for k in 0..<planes where winners[k] >= 0 {
            response += Double(y[Int(winners[k]) * planes + k])
            count += 1
        }
    }
    return (response, count)
}

/// Where a cell's window lies on the image that it reads.
package struct CellWindow: Sendable {
    package var height: Int
    package var width: Int
    package var channels: Int
    package var kernelHeight: Int
    package var kernelWidth: Int
    /// Zeros above and left of the image.
    package var top: Int
    package var left: Int
    /// Places of cells in a row.
    package var cellsAcross: Int

    package init(
        height: Int, width: Int, channels: Int, kernel: (height: Int, width: Int), top: Int, left: Int, cellsAcross: Int
    ) {
        (self.height, self.width, self.channels) = (height, width, channels)
        (kernelHeight, kernelWidth) = kernel
        (self.top, self.left, self.cellsAcross) = (top, left, cellsAcross)
    }

    /// Calls `body` with the number of each tap on the image and the place of its pixel's first channel.
    @inline(__always)
    func forEachTap(ofCell cell: Int, _ body: (_ tap: Int, _ pixel: Int) -> Void) {
        let (row, column) = (cell / cellsAcross - top, cell % cellsAcross - left)
        for y in max(0, -row)..<max(min(kernelHeight, height - row), max(0, -row)) {
            for x in max(0, -column)..<max(min(kernelWidth, width - column), max(0, -column)) {
                body(y * kernelWidth + x, ((row + y) * width + column + x) * channels)
            }
        }
    }
}

/// What winners learn, equations (8) and (9): da += factor · c u of their windows, db += factor · v / 2.
///
/// - Parameters:
///   - u: [samples, height, width, channels].
///   - c: a weight for each tap of the window, [kernel height, kernel width].
///   - winners: of ``competitiveWinners(_:samples:height:width:planes:column:scratch:into:)``.
///   - da: [planes, kernel height, kernel width, channels]; db: [planes]. Nil where nobody wants it.
package func reinforce(
    _ u: UnsafePointer<Float>, _ window: CellWindow, c: UnsafePointer<Float>, winners: UnsafePointer<Float>,
    samples: Int, planes: Int, factor: Float, weights da: UnsafeMutablePointer<Float>?,
    inhibition db: UnsafeMutablePointer<Float>?
) {
    let channels = window.channels
    let taps = window.kernelHeight * window.kernelWidth
    for sample in 0..<samples {
        let u = u + sample * window.height * window.width * channels
        for k in 0..<planes where winners[sample * planes + k] >= 0 {
            var energy: Float = 0
            window.forEachTap(ofCell: Int(winners[sample * planes + k])) { tap, pixel in
                for channel in 0..<channels {
                    let value = u[pixel + channel]
                    da?[(k * taps + tap) * channels + channel] += factor * c[tap] * value
                    energy += c[tap] * value * value
                }
            }
            db?[k] += factor * energy.squareRoot() / 2
        }
    }
}
