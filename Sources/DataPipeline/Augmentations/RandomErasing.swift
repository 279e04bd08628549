import ConfigurationReading
import Glibc
import Kernels
import TensorCore

/// Hides a rectangle of a picture with a probability (Zhong, Zheng, Kang, Li and Yang, "Random erasing data
/// augmentation", AAAI 2020, algorithm 1, with the choices of torchvision's `RandomErasing`).
///
/// The rectangle's share of the area is uniform, the logarithm of its height over its width too. One that does not fit
/// within the picture is drawn again, ten times at most; then the picture stays as it is.
package struct RandomErasing: PixelTransform {
    /// What the rectangle becomes.
    package enum Fill: Equatable, Sendable {
        /// The picture's mean of each channel.
        case mean
        /// Numbers uniform between black and full brightness, as in the paper.
        case random
        /// One number, where full brightness is 1.
        case level(Double)
    }

    package let probability: Double
    /// Of the picture's area.
    package let scale: DrawnInterval
    /// Height over width.
    package let ratio: DrawnInterval
    package let fill: Fill
    package var full: Float = 255

    package init(
        probability: Double = 0.5, scale: DrawnInterval = .init(0.02, 0.33), ratio: DrawnInterval = .init(0.3, 3.3),
        fill: Fill = .mean
    ) {
        precondition(
            probability >= 0 && probability <= 1 && scale.low > 0 && scale.high <= 1 && ratio.low > 0,
            "RandomErasing: probability \(probability), scale \(scale), ratio \(ratio)")
        self.probability = probability
        self.scale = scale
        self.ratio = ratio
        self.fill = fill
    }

    static let entry = AugmentationEntry(
        "randomErasing", "A rectangle of some pictures is hidden (Zhong et al. 2020).", shorthand: "probability",
        otherNames: ["RandomErasing", "cutout", "Cutout"]
    ) {
        RandomErasing(
            probability: $0.value("probability", .number(in: 0...1), default: 0.5, "That a picture has one."),
            scale: $0.value(
                "scale", .interval(.share), default: [0.02, 0.33], "The rectangle's share of the picture's area."),
            ratio: $0.value("ratio", .interval(.number(above: 0)), default: [0.3, 3.3], "Its height over its width."),
            fill: $0.value("value", .erasure, default: "mean", "What it becomes."))
    }

    package func apply(
        _ source: UnsafeBufferPointer<Float>, to destination: UnsafeMutableBufferPointer<Float>, shape: Shape,
        background: Float, key: RandomKey
    ) -> Bool {
        guard let (rows, columns) = rectangle(height: shape[0], width: shape[1], key: key) else { return false }
        let (from, to) = checkedImage(source, destination, shape, "RandomErasing")
        to.update(from: from, count: shape.count)
        let (w, c) = (shape[1], shape[2])
        for row in rows {
            let place = to + (row * w + columns.lowerBound) * c
            switch fill {
            case .level(let level): place.update(repeating: Float(level) * full, count: columns.count * c)
            case .random:
                fillUniformly(place, count: columns.count * c, below: full, key: key.folding(row))
            case .mean: break
            }
        }
        if fill == .mean {
            for channel in 0..<c {
                let mean = RandomErasing.mean(from, count: shape.count, channel: channel, of: c)
                for row in rows {
                    for column in columns { to[(row * w + column) * c + channel] = mean }
                }
            }
        }
        return true
    }

    private static func mean(_ values: UnsafePointer<Float>, count: Int, channel: Int, of channels: Int) -> Float {
        let pixels = max(count / channels, 1)
        if channels == 3 {
            let sums = sumsOfThreeChannels(values, pixels: pixels)
            return (channel == 0 ? sums.0 : channel == 1 ? sums.1 : sums.2) / Float(pixels)
        }
        var sum = 0.0
        for index in stride(from: channel, to: count, by: channels) { sum += Double(values[index]) }
        return Float(sum / Double(pixels))
    }

    /// What is hidden of a picture; nil for nothing.
    package func rectangle(height: Int, width: Int, key: RandomKey) -> (rows: Range<Int>, columns: Range<Int>)? {
        var numbers = NumberStream(key: key)
        guard Double(numbers.uniform()) < probability else { return nil }
        for _ in 0..<10 {
            let area = Double(height * width) * scale.number(at: numbers.uniform())
            let ratio = ratio.ratio(at: numbers.uniform())
            let (h, w) = (Int((area * ratio).squareRoot().rounded()), Int((area / ratio).squareRoot().rounded()))
            guard h < height, w < width else { continue }
            let top = numbers.integer(below: height - h + 1)
            let left = numbers.integer(below: width - w + 1)
            return (top..<top + h, left..<left + w)
        }
        return nil
    }
}

extension ConfigurationType where Value == Double {
    /// A number above 0 and at most 1.
    static var share: Self {
        Self(
            scalar: "a number above 0 and at most 1", placeholder: 1,
            parse: { Double($0) }, isInRange: { $0 > 1e-9 && $0 <= 1 }, write: { "\($0)" })
    }
}

extension ConfigurationType where Value == RandomErasing.Fill {
    /// `mean`, `random`, or a number.
    static var erasure: Self {
        let summary =
            "`mean` for the picture's, `random` for noise, or a number from 0 (black) to 1 (fully bright)"
        let level = ConfigurationType<Double>.number(in: 0...1)
        return Self(summary, placeholder: .mean) { node, path, context in
            guard case .scalar(let text, _) = node.content, text == "mean" || text == "random" || Double(text) != nil
            else {
                context.reportWrongType(node, path, expected: summary)
                return nil
            }
            if text == "mean" || text == "random" {
                return Reading(value: text == "mean" ? .mean : .random, node: .plain(text))
            }
            return level.read(node, path, context).map { Reading(value: .level($0.value), node: $0.node) }
        }
    }
}
