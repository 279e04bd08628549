// A few sums that stay in registers. Arrays of them have so few elements that loops over these are unrolled, which
// loops over as many single vectors are not.

/// Three vectors of sums.
struct VectorTriple {
    var first: Vector
    var second: Vector
    var third: Vector

    @inline(__always)
    init(repeating value: Vector) { (first, second, third) = (value, value, value) }

    /// Adds `factor` times three vectors that lie one after another.
    @inline(__always)
    mutating func add(_ factor: Vector, times values: UnsafePointer<Float>) {
        first = first.plus(factor, times: values.vector(0))
        second = second.plus(factor, times: values.vector(16))
        third = third.plus(factor, times: values.vector(32))
    }

    /// Adds the sums to three vectors that lie one after another.
    @inline(__always)
    func add(to target: UnsafeMutablePointer<Float>) {
        target.store(target.vector(0) + first, 0)
        target.store(target.vector(16) + second, 16)
        target.store(target.vector(32) + third, 32)
    }
}

/// Four vectors of sums, for two neighbours in two rows.
struct VectorQuad {
    var upperLeft: Vector
    var upperRight: Vector
    var lowerLeft: Vector
    var lowerRight: Vector

    @inline(__always)
    init(repeating value: Vector) { (upperLeft, upperRight, lowerLeft, lowerRight) = (value, value, value, value) }

    /// Adds `factor` times each of the four.
    @inline(__always)
    mutating func add(_ factor: Vector, times values: VectorQuad) {
        upperLeft = upperLeft.plus(factor, times: values.upperLeft)
        upperRight = upperRight.plus(factor, times: values.upperRight)
        lowerLeft = lowerLeft.plus(factor, times: values.lowerLeft)
        lowerRight = lowerRight.plus(factor, times: values.lowerRight)
    }

    /// Writes the four one after another.
    @inline(__always)
    func store(to target: UnsafeMutablePointer<Float>) {
        target.store(upperLeft, 0)
        target.store(upperRight, 16)
        target.store(lowerLeft, 32)
        target.store(lowerRight, 48)
    }
}
