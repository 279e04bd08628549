/// Numbers as brightness or colour, 0…255.
package enum Shade {
    /// 0 as middle grey, ±`peak` as white and black; the values' own largest magnitude if it is nil.
    package static func signed(_ values: some Collection<Float>, peak: Float? = nil) -> [Float] {
        let peak = peak ?? values.reduce(0) { max($0, $1.isFinite ? abs($1) : 0) }
        if peak == 0 { return values.map { _ in 127.5 } }
        return values.map { 127.5 + 127.5 * $0 / peak }
    }

    /// 0 as black, the largest value as white.
    package static func positive(_ values: some Collection<Float>, peak: Float? = nil) -> [Float] {
        let peak = peak ?? values.reduce(0) { max($0, $1.isFinite ? $1 : 0) }
        if peak <= 0 { return values.map { _ in 0 } }
        return values.map { 255 * $0 / peak }
    }

    /// The value that a share of the values lies above. A few pixels of a gradient are so much larger than all others
    /// that these would be black (Smilkov et al. 2017, section 3.1).
    package static func highest(_ values: [Float], butFor share: Double) -> Float {
        let sorted = values.filter(\.isFinite).sorted()
        guard let largest = sorted.last else { return 0 }
        let value = sorted[max(0, sorted.count - 1 - Int(share * Double(sorted.count)))]
        return value > 0 ? value : largest
    }

    /// The smallest value as black, the largest as white.
    package static func range(_ values: some Collection<Float>) -> [Float] {
        let low = values.reduce(Float.infinity) { min($0, $1.isFinite ? $1 : $0) }
        let high = values.reduce(-Float.infinity) { max($0, $1.isFinite ? $1 : $0) }
        if !(high > low) { return values.map { _ in 127.5 } }
        return values.map { 255 * ($0 - low) / (high - low) }
    }

    /// A number of 0…1 as a colour from dark blue over green to yellow: brightness grows all the way, so that it reads
    /// in grey too. The points between which it is linear are those of matplotlib's viridis.
    package static func heat(_ value: Float) -> [Float] {
        let points: [[Float]] = [
            [68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37],
        ]
        let place = min(max(value.isFinite ? value : 0, 0), 1) * Float(points.count - 1)
        let index = min(Int(place), points.count - 2)
        let share = place - Float(index)
        return (0..<3).map { points[index][$0] * (1 - share) + points[index + 1][$0] * share }
    }

    /// A heat map over a picture: grey where the heat is 0, its colour where it is 1.
    ///
    /// - Parameters:
    ///   - picture: [H, W, C], 0…255.
    ///   - heat: [H, W], 0…1.
    /// - Returns: [H, W, 3]
    package static func overlay(_ picture: [Float], channels: Int, heat: [Float]) -> [Float] {
        heat.enumerated().flatMap { pixel, value in
            let own = picture[pixel * channels..<(pixel + 1) * channels]
            let grey = own.reduce(0, +) / Float(channels)
            let share = 0.65 * min(max(value, 0), 1)
            return Shade.heat(value).map { grey * (1 - share) + $0 * share }
        }
    }
}
