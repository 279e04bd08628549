/// The vector that explicit kernels compute with: one AVX-512 register, two AVX2 registers.
@usableFromInline package typealias Vector = SIMD16<Float>

/// The number of floats in a ``Vector``.
@inlinable @inline(__always) package var vectorWidth: Int { 16 }

extension UnsafePointer<Float> {
    @inlinable @inline(__always)
    func vector(_ index: Int) -> Vector { UnsafeRawPointer(self + index).loadUnaligned(as: Vector.self) }
}

extension UnsafeMutablePointer<Float> {
    @inlinable @inline(__always)
    func vector(_ index: Int) -> Vector { UnsafeRawPointer(self + index).loadUnaligned(as: Vector.self) }

    @inlinable @inline(__always)
    func store(_ value: Vector, _ index: Int) {
        UnsafeMutableRawPointer(self + index).storeBytes(of: value, as: Vector.self)
    }
}

extension SIMD16<Float> {
    /// `self + a · b`, rounded once.
    @inlinable @inline(__always)
    func plus(_ a: Vector, times b: Vector) -> Vector { addingProduct(a, b) }

    @inlinable @inline(__always)
    func plus(_ a: Vector, times b: Float) -> Vector { addingProduct(a, Vector(repeating: b)) }

    /// The sixteen lanes added pairwise: (0+8, 1+9, …), then halves again.
    @inlinable @inline(__always)
    var laneSum: Float {
        let a = lowHalf + highHalf
        let b = a.lowHalf + a.highHalf
        let c = b.lowHalf + b.highHalf
        return c[0] + c[1]
    }

    @inlinable @inline(__always)
    var laneMaximum: Float { self.max() }
}
