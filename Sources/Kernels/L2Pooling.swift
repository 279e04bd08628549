/// y = √(Σ x²) over each window; padding adds nothing.
package func l2Pool(_ g: PoolingGeometry, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
    let c = g.channels
    g.forEachWindow { pixel, image, rows, columns in
        let target = y + pixel * c
        target.update(repeating: 0, count: c)
        for row in rows {
            for column in columns {
                let source = x + (image + row * g.width + column) * c
                for k in 0..<c { target[k] += source[k] * source[k] }
            }
        }
        for k in 0..<c { target[k] = target[k].squareRoot() }
    }
}

/// dx += x · dy / y for every window that x is in; a window of zeros gives none.
///
/// - Parameter scratch: room for as many floats as y has.
package func l2PoolGradient(
    _ g: PoolingGeometry, _ x: UnsafePointer<Float>, output y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, into dx: UnsafeMutablePointer<Float>
) {
    let c = g.channels
    for i in 0..<g.outputCount { scratch[i] = y[i] == 0 ? 0 : dy[i] / y[i] }
    g.forEachWindow { pixel, image, rows, columns in
        let factor = scratch + pixel * c
        for row in rows {
            for column in columns {
                let first = (image + row * g.width + column) * c
                for k in 0..<c { dx[first + k] += factor[k] * x[first + k] }
            }
        }
    }
}
