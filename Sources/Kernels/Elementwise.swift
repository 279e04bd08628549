/// y = a + b.
package func add(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int)
{
    var i = 0
    while i + 16 <= count {
        y.store(a.vector(i) + b.vector(i), i)
        i += 16
    }
    while i < count {
        y[i] = a[i] + b[i]
        i += 1
    }
}

/// y = max(0, y) in place; NaN stays NaN.
package func rectify(_ y: UnsafeMutablePointer<Float>, count: Int) {
    map(y, into: y, count: count) { $0.replacing(with: 0, where: $0 .< Vector.zero) }
}

/// y = max(0, a + b).
package func addRectified(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
) {
    for i in 0..<count {
        let sum = a[i] + b[i]
        y[i] = sum < 0 ? 0 : sum
    }
}

/// y += a.
package func accumulate(_ a: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    add(UnsafePointer(y), a, into: y, count: count)
}

/// y = s · a, or y += s · a.
package func scale(
    _ a: UnsafePointer<Float>, by s: Float, into y: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool = false
) {
    if accumulate {
        for i in 0..<count { y[i] += s * a[i] }
    } else {
        for i in 0..<count { y[i] = s * a[i] }
    }
}

/// y = a · b element by element, or y += a · b.
package func product(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool = false
) {
    if accumulate {
        for i in 0..<count { y[i] += a[i] * b[i] }
    } else {
        for i in 0..<count { y[i] = a[i] * b[i] }
    }
}

/// Adds `bias` [columns] to every row of y [rows, columns]; then max(0, y) where `rectify` says so.
package func addBias(
    _ bias: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Int, columns: Int, rectify: Bool = false
) {
    let floor = rectify ? Vector.zero : Vector(repeating: -.infinity)
    let scalarFloor = rectify ? 0 : -Float.infinity
    for row in 0..<rows {
        let r = y + row * columns
        var j = 0
        while j + 16 <= columns {
            let sum = r.vector(j) + bias.vector(j)
            r.store(sum.replacing(with: floor, where: sum .< floor), j)
            j += 16
        }
        while j < columns {
            let sum = r[j] + bias[j]
            r[j] = sum < scalarFloor ? scalarFloor : sum
            j += 1
        }
    }
}

/// Sums over rows: s[j] = Σᵢ a[i, j], or s[j] += Σᵢ a[i, j].
///
/// Rows are added in blocks of 64 and the blocks' sums one after another, which keeps rounding errors small.
package func sumRows(
    _ a: UnsafePointer<Float>, rows: Int, columns: Int, into s: UnsafeMutablePointer<Float>, accumulate: Bool = false
) {
    var j = 0
    while j < columns {
        if columns - j >= 16 {
            var total = accumulate ? s.vector(j) : Vector.zero
            var row = 0
            while row < rows {
                let end = min(row + 64, rows)
                var block = Vector.zero
                while row < end {
                    block += a.vector(row * columns + j)
                    row += 1
                }
                total += block
            }
            s.store(total, j)
            j += 16
        } else {
            var total: Float = accumulate ? s[j] : 0
            var row = 0
            while row < rows {
                let end = min(row + 64, rows)
                var block: Float = 0
                while row < end {
                    block += a[row * columns + j]
                    row += 1
                }
                total += block
            }
            s[j] = total
            j += 1
        }
    }
}

/// dx = dy where y > 0, else 0: the gradient of max(0, x) from its output; `dx` may be `dy`.
package func rectifyGradient(
    output y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool = false
) {
    var i = 0
    while i + 16 <= count {
        var d = Vector.zero.replacing(with: dy.vector(i), where: y.vector(i) .> Vector.zero)
        if accumulate { d += dx.vector(i) }
        dx.store(d, i)
        i += 16
    }
    while i < count {
        let d = y[i] > 0 ? dy[i] : 0
        dx[i] = accumulate ? dx[i] + d : d
        i += 1
    }
}

/// y = f(x) with a function on vectors; a tail is computed in a vector too, so that every element sees the same
/// arithmetic.
@inlinable @inline(__always)
package func map(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, _ f: (Vector) -> Vector
) {
    var i = 0
    while i + 16 <= count {
        y.store(f(x.vector(i)), i)
        i += 16
    }
    if i < count {
        var lanes = Vector.zero
        for j in i..<count { lanes[j - i] = x[j] }
        lanes = f(lanes)
        for j in i..<count { y[j] = lanes[j - i] }
    }
}

/// dx = dy · f(v) or dx += dy · f(v), where f gives the local derivative from the saved value v.
@inlinable @inline(__always)
package func mapGradient(
    _ v: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, count: Int,
    accumulate: Bool, _ derivative: (Vector) -> Vector
) {
    var i = 0
    while i + 16 <= count {
        let d = dy.vector(i) * derivative(v.vector(i))
        dx.store(accumulate ? dx.vector(i) + d : d, i)
        i += 16
    }
    if i < count {
        var lanes = Vector.zero
        for j in i..<count { lanes[j - i] = v[j] }
        lanes = derivative(lanes)
        for j in i..<count {
            let d = dy[j] * lanes[j - i]
            dx[j] = accumulate ? dx[j] + d : d
        }
    }
}

/// The index of the first element that is NaN or infinite, or nil.
package func firstNonFinite(_ x: UnsafePointer<Float>, count: Int) -> Int? {
    // x · 0 is 0 for finite x and NaN otherwise; NaN survives every addition.
    var i = 0
    while i < count {
        let end = min(i + 4096, count)
        var probe = Vector.zero
        var j = i
        while j + 16 <= end {
            probe = probe.addingProduct(x.vector(j), Vector.zero)
            j += 16
        }
        var tail: Float = probe.laneSum
        while j < end {
            tail += x[j] * 0
            j += 1
        }
        if tail != 0 || tail.isNaN {
            for k in i..<end where !x[k].isFinite { return k }
        }
        i = end
    }
    return nil
}
