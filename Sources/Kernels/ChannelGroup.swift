/// A size of small channel groups: several of them, or one of 16, fill a vector.
protocol ChannelGroup {
    static var size: Int { get }

    /// Calls `body(i, vector)` for each i below `size`; the vector has, in every lane, value i of the lane's group of
    /// `values`.
    static func forEachValue(_ values: Vector, _ body: (Int, Vector) -> Void)
}

/// Written out value by value: only then are the indices constants and each vector one permutation.
enum GroupsOfTwo: ChannelGroup {
    static var size: Int { 2 }

    @inline(__always)
    static func forEachValue(_ v: Vector, _ body: (Int, Vector) -> Void) {
        @inline(__always)
        func lanes(_ i: Int) -> Vector {
            let low = SIMD8(v[i], v[i], v[i + 2], v[i + 2], v[i + 4], v[i + 4], v[i + 6], v[i + 6])
            let high = SIMD8(v[i + 8], v[i + 8], v[i + 10], v[i + 10], v[i + 12], v[i + 12], v[i + 14], v[i + 14])
            return Vector(lowHalf: low, highHalf: high)
        }
        body(0, lanes(0))
        body(1, lanes(1))
    }
}

enum GroupsOfFour: ChannelGroup {
    static var size: Int { 4 }

    @inline(__always)
    static func forEachValue(_ v: Vector, _ body: (Int, Vector) -> Void) {
        @inline(__always)
        func lanes(_ i: Int) -> Vector {
            let low = SIMD8(v[i], v[i], v[i], v[i], v[i + 4], v[i + 4], v[i + 4], v[i + 4])
            let high = SIMD8(v[i + 8], v[i + 8], v[i + 8], v[i + 8], v[i + 12], v[i + 12], v[i + 12], v[i + 12])
            return Vector(lowHalf: low, highHalf: high)
        }
        body(0, lanes(0))
        body(1, lanes(1))
        body(2, lanes(2))
        body(3, lanes(3))
    }
}

enum GroupsOfEight: ChannelGroup {
    static var size: Int { 8 }

    @inline(__always)
    static func forEachValue(_ v: Vector, _ body: (Int, Vector) -> Void) {
        @inline(__always)
        func lanes(_ i: Int) -> Vector { Vector(lowHalf: SIMD8(repeating: v[i]), highHalf: SIMD8(repeating: v[i + 8])) }
        body(0, lanes(0))
        body(1, lanes(1))
        body(2, lanes(2))
        body(3, lanes(3))
        body(4, lanes(4))
        body(5, lanes(5))
        body(6, lanes(6))
        body(7, lanes(7))
    }
}

enum GroupsOfSixteen: ChannelGroup {
    static var size: Int { 16 }

    @inline(__always)
    static func forEachValue(_ v: Vector, _ body: (Int, Vector) -> Void) {
        body(0, Vector(repeating: v[0]))
        body(1, Vector(repeating: v[1]))
        body(2, Vector(repeating: v[2]))
        body(3, Vector(repeating: v[3]))
        body(4, Vector(repeating: v[4]))
        body(5, Vector(repeating: v[5]))
        body(6, Vector(repeating: v[6]))
        body(7, Vector(repeating: v[7]))
        body(8, Vector(repeating: v[8]))
        body(9, Vector(repeating: v[9]))
        body(10, Vector(repeating: v[10]))
        body(11, Vector(repeating: v[11]))
        body(12, Vector(repeating: v[12]))
        body(13, Vector(repeating: v[13]))
        body(14, Vector(repeating: v[14]))
        body(15, Vector(repeating: v[15]))
    }
}
