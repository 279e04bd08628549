import Synchronization
import TensorCore

/// Carries out an ``ImageGeometry``.
///
/// An image gets smaller or larger by linear interpolation, in each direction, over all pixels that one of the result
/// covers: the triangle filter of Pillow's `BILINEAR` and of torchvision's `resize` with `antialias`. Levels of pixels
/// are rounded to whole ones once, at the end of a step.
package final class ImageFitter: Sendable {
    private enum Stage: Sendable {
        case resize(rows: FilterTaps, columns: FilterTaps)
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
    /// Memory that is not in use; three images each.
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
                        rows: FilterTaps(from: height, to: next.height),
                        columns: FilterTaps(from: width, to: next.width)))
                largest = max(largest, height * next.width)
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
            ?? UncheckedBuffer(memory: .allocate(capacity: 3 * largest))
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
                let between = part(2, extents.height * columns.count * channels)
                for row in 0..<extents.height {
                    columns.apply(
                        from, at: row * extents.width * channels, to: between, at: row * columns.count * channels,
                        step: channels, lanes: channels)
                }
                let line = columns.count * channels
                rows.apply(between, at: 0, to: part(other, rows.count * line), at: 0, step: line, lanes: line)
                extents = Extents(height: rows.count, width: columns.count)
                if geometry.isWhole {
                    let result = part(other, rows.count * line)
                    for index in result.indices { result[index] = result[index].rounded(.toNearestOrAwayFromZero) }
                }
            }
            swap(&current, &other)
        }
        _ = destination.update(fromContentsOf: part(current, destination.count))
    }
}

/// The weights of the inputs of each output along one axis.
private struct FilterTaps: Sendable {
    private let starts: [Int]
    private let weights: [[Float]]
    var count: Int { starts.count }

    init(from input: Int, to output: Int) {
        let scale = Double(input) / Double(output)
        // Narrower than the inputs' distance it would miss some.
        let reach = max(scale, 1)
        var starts: [Int] = []
        var weights: [[Float]] = []
        for index in 0..<output {
            let middle = (Double(index) + 0.5) * scale
            let first = max(Int(middle - reach + 0.5), 0)
            let end = min(Int(middle + reach + 0.5), input)
            let raw = (first..<end).map { max(0, 1 - abs((Double($0) + 0.5 - middle) / reach)) }
            let sum = raw.reduce(0, +)
            starts.append(first)
            weights.append(raw.map { Float($0 / sum) })
        }
        self.starts = starts
        self.weights = weights
    }

    /// Writes `count` outputs of `lanes` floats each, from inputs `step` floats apart.
    func apply(
        _ source: UnsafeMutableBufferPointer<Float>, at first: Int, to destination: UnsafeMutableBufferPointer<Float>,
        at place: Int, step: Int, lanes: Int
    ) {
        for output in starts.indices {
            let target = place + output * lanes
            for lane in 0..<lanes { destination[target + lane] = 0 }
            for (tap, weight) in weights[output].enumerated() {
                let from = first + (starts[output] + tap) * step
                for lane in 0..<lanes { destination[target + lane] += weight * source[from + lane] }
            }
        }
    }
}
