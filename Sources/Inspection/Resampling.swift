/// Pictures in other sizes.
package enum Resampling {
    /// Values between those of the four nearest pixels, pixels being areas (as PyTorch's `interpolate` without
    /// `align_corners`): [h, w, C] → [H, W, C].
    package static func bilinear(
        _ values: [Float], height: Int, width: Int, channels: Int, toHeight newHeight: Int, width newWidth: Int
    ) -> [Float] {
        func places(_ count: Int, _ from: Int) -> [(low: Int, high: Int, share: Float)] {
            (0..<count).map { index in
                let place = max((Float(index) + 0.5) * Float(from) / Float(count) - 0.5, 0)
                let low = min(Int(place), from - 1)
                return (low, min(low + 1, from - 1), place - Float(low))
            }
        }
        let (rows, columns) = (places(newHeight, height), places(newWidth, width))
        var result: [Float] = []
        result.reserveCapacity(newHeight * newWidth * channels)
        for row in rows {
            for column in columns {
                for channel in 0..<channels {
                    func value(_ y: Int, _ x: Int) -> Float { values[(y * width + x) * channels + channel] }
                    let top =
                        value(row.low, column.low) * (1 - column.share) + value(row.low, column.high) * column.share
                    let bottom =
                        value(row.high, column.low) * (1 - column.share) + value(row.high, column.high) * column.share
                    result.append(top * (1 - row.share) + bottom * row.share)
                }
            }
        }
        return result
    }

    /// [H, W, C] moved by so many pixels right and down; what comes in is `fill`, by channel.
    package static func shifted(
        _ values: some RandomAccessCollection<Float>, height: Int, width: Int, channels: Int, right: Int, down: Int,
        fill: [Float]
    ) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(height * width * channels)
        for y in 0..<height {
            for x in 0..<width {
                let (fromY, fromX) = (y - down, x - right)
                let isInside = (0..<height).contains(fromY) && (0..<width).contains(fromX)
                for channel in 0..<channels {
                    let place = (fromY * width + fromX) * channels + channel
                    result.append(
                        isInside ? values[values.index(values.startIndex, offsetBy: place)] : fill[channel % fill.count]
                    )
                }
            }
        }
        return result
    }
}
