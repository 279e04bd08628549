import Kernels
import Synchronization
import TensorCore

/// Carries out an ``ImageGeometry``.
///
/// An image gets smaller or larger as ``ResamplingAxis`` says. Levels of pixels are rounded to whole ones once, at the
/// end of a step.
package final class ImageFitter: Sendable {
    private enum Stage: Sendable {
        case resize(rows: ResamplingAxis, columns: ResamplingAxis)
        case crop(top: Int, left: Int, height: Int, width: Int)
    }

    /// Rows of [width, channels].
    private struct Extents: Sendable {
        var height, width: Int
    }

    package let geometry: ImageGeometry
    private let stages: [Stage]
    private let channels: Int
    /// Floats of the largest image on the way.
    private let largest: Int
    /// Memory that is not in use; two images and a row each.
    private let free = Mutex<[UncheckedBuffer]>([])

    private struct UncheckedBuffer: @unchecked Sendable {
        let memory: UnsafeMutableBufferPointer<Float>
    }

    package init(_ geometry: ImageGeometry) {
        self.geometry = geometry
        channels = geometry.from[2]
        var (height, width) = (geometry.from[0], geometry.from[1])
        var stages: [Stage] = []
        var largest = height * width
        for step in geometry.steps {
            let next = ImageGeometry.extents(step, (height, width))
            switch step.kind {
            case .resize:
                stages.append(
                    .resize(
                        rows: ImageFitter.axis(from: height, to: next.height),
                        columns: ImageFitter.axis(from: width, to: next.width)))
            case .crop:
                stages.append(
                    .crop(
                        top: (height - next.height) / 2, left: (width - next.width) / 2, height: next.height,
                        width: next.width))
            }
            (height, width) = next
            largest = max(largest, height * width)
        }
        self.stages = stages
        self.largest = largest * channels
    }

    private static func axis(from input: Int, to output: Int) -> ResamplingAxis {
        var axis = ResamplingAxis()
        axis.lay(0..<output, from: 0, length: Double(input), count: input)
        return axis
    }

    deinit {
        free.withLock { for buffer in $0 { buffer.memory.deallocate() } }
    }

    /// What the steps make of an image.
    package func fitted(_ image: [Float]) -> [Float] {
        [Float](unsafeUninitializedCapacity: geometry.shape.count) { result, count in
            count = geometry.shape.count
            result.initialize(repeating: 0)
            fit(into: UnsafeMutableBufferPointer(rebasing: result[..<count])) { _ = $0.update(fromContentsOf: image) }
        }
    }

    /// Calls `read` with memory for an image before the steps, and writes what they make of it.
    ///
    /// - Parameter destination: of as many floats as the geometry's shape has.
    package func fit(
        into destination: UnsafeMutableBufferPointer<Float>,
        _ read: (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) rethrows {
        precondition(
            destination.count == geometry.shape.count,
            "ImageFitter: \(destination.count) floats for an image of \(geometry.shape)")
        let buffer =
            free.withLock { $0.popLast() }
            ?? UncheckedBuffer(memory: .allocate(capacity: 3 * largest + 1))
        defer { free.withLock { $0.append(buffer) } }
        func part(_ index: Int, _ count: Int) -> UnsafeMutableBufferPointer<Float> {
            UnsafeMutableBufferPointer(rebasing: buffer.memory[index * largest..<index * largest + count])
        }
        var (current, other) = (0, 1)
        var extents = Extents(height: geometry.from[0], width: geometry.from[1])
        let source = part(current, extents.height * extents.width * channels)
        source.initialize(repeating: 0)
        try read(source)
        for stage in stages {
            let from = part(current, extents.height * extents.width * channels)
            switch stage {
            case .crop(let top, let left, let height, let width):
                let to = part(other, height * width * channels)
                for row in 0..<height {
                    let start = ((top + row) * extents.width + left) * channels
                    for offset in 0..<width * channels { to[row * width * channels + offset] = from[start + offset] }
                }
                extents = Extents(height: height, width: width)
            case .resize(let rows, let columns):
                let to = part(other, rows.starts.count * columns.starts.count * channels)
                let row = part(2, extents.width * channels + 1)
                if let from = from.baseAddress, let to = to.baseAddress, let row = row.baseAddress {
                    resamplePicture(
                        from, w: extents.width, c: channels, rows: rows, columns: columns, outside: 0, row: row,
                        to: to, height: rows.starts.count, width: columns.starts.count)
                }
                extents = Extents(height: rows.starts.count, width: columns.starts.count)
                if geometry.isWhole {
                    for index in to.indices { to[index] = to[index].rounded(.toNearestOrAwayFromZero) }
                }
            }
            swap(&current, &other)
        }
        _ = destination.update(fromContentsOf: part(current, destination.count))
    }
}
