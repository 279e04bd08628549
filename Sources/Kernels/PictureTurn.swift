/// A way through the pixels of a picture: the pixel at (y, x) of the result is `first + y · down + x · across` of the
/// source.
package struct PixelWalk: Equatable, Sendable {
    package let first: Int
    package let down: Int
    package let across: Int

    package init(first: Int, down: Int, across: Int) {
        self.first = first
        self.down = down
        self.across = across
    }
}

/// Copies a picture of `h` × `w` pixels of `bytes` each along `walk`; source and destination do not overlap.
package func turnPicture(
    _ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, h: Int, w: Int, bytes: Int, walk: PixelWalk
) {
    // In tiles, since a walk across rows would otherwise touch a cache line for each pixel.
    let tile = 32
    for top in stride(from: 0, to: h, by: tile) {
        for left in stride(from: 0, to: w, by: tile) {
            for y in top..<min(top + tile, h) {
                var from = source + (walk.first + y * walk.down + left * walk.across) * bytes
                var to = destination + (y * w + left) * bytes
                for _ in left..<min(left + tile, w) {
                    switch bytes {
                    case 1: to.storeBytes(of: from.load(as: UInt8.self), as: UInt8.self)
                    case 3:
                        to.storeBytes(of: from.loadUnaligned(as: UInt16.self), as: UInt16.self)
                        to.storeBytes(of: from.load(fromByteOffset: 2, as: UInt8.self), toByteOffset: 2, as: UInt8.self)
                    default: to.copyMemory(from: from, byteCount: bytes)
                    }
                    from += walk.across * bytes
                    to += bytes
                }
            }
        }
    }
}
