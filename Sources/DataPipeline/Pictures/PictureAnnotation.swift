import System
import TensorCore

/// A field of pictures in files that says where things are in them.
///
/// The pictures are fitted to one size, and what it says moves with them.
protocol PictureAnnotation: Sendable {
    var field: FieldDescription { get }
    /// Changes when what it says does.
    var identity: Int { get }
    /// Writes a field of integers, of a picture of the index.
    func readIntegers(_ picture: Int, _ store: PictureStore, into buffer: UnsafeMutableBufferPointer<Int32>) throws
    /// Writes a field of floats, of a picture of the index.
    func read(_ picture: Int, _ store: PictureStore, into buffer: UnsafeMutableBufferPointer<Float>) throws
}

extension PictureAnnotation {
    func readIntegers(_ picture: Int, _ store: PictureStore, into buffer: UnsafeMutableBufferPointer<Int32>) throws {
        preconditionFailure("\(field.name) holds no integers")
    }
    func read(_ picture: Int, _ store: PictureStore, into buffer: UnsafeMutableBufferPointer<Float>) throws {
        preconditionFailure("\(field.name) holds no floats")
    }
}

/// The extents of upright pictures, as far as they have been looked at.
// Unchecked: the array changes under its lock.
final class PictureExtents: @unchecked Sendable {
    private let lock = Monitor()
    private var known: [SIMD2<Int32>]

    init(count: Int) { known = Array(repeating: .zero, count: count) }

    /// Height and width of a picture; `look` says them the first time.
    func callAsFunction(
        _ picture: Int, _ look: () throws -> (height: Int, width: Int)
    ) rethrows -> (height: Int, width: Int) {
        let found = lock.withLock { known[picture] }
        if found != .zero { return (Int(found.x), Int(found.y)) }
        let extents = try look()
        lock.withLock { known[picture] = SIMD2(Int32(extents.height), Int32(extents.width)) }
        return extents
    }
}
