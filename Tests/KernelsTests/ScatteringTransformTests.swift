import Foundation
import Kernels
import Testing

/// What the filters of a scattering transform keep of an image's energy, and what its coefficients are.
@Suite struct ScatteringTransformTests {
    struct Bank {
        var height: Int
        var width: Int
        var scales: Int
        var orientations: Int
    }

    static let banks = [
        Bank(height: 8, width: 10, scales: 1, orientations: 8),
        Bank(height: 36, width: 36, scales: 2, orientations: 8),
        Bank(height: 24, width: 40, scales: 3, orientations: 8),
        Bank(height: 32, width: 28, scales: 2, orientations: 5),
        Bank(height: 48, width: 48, scales: 4, orientations: 12),
    ]

    /// The filters keep all of some frequency's energy and add to none. They keep more than half of it up to ⅔π, beyond
    /// which the wavelets of the finest scale leave the corners of the plane out.
    @Test(arguments: banks)
    func littlewoodPaleySumsLieBetweenAHalfAndOne(_ sizes: Bank) throws {
        let bank = MorletBank(
            height: sizes.height, width: sizes.width, scales: sizes.scales, orientations: sizes.orientations)
        let sums = bank.littlewoodPaley
        #expect(abs((sums.dropFirst().max() ?? 0) - 1) < 1e-9)
        #expect(abs(sums[0] - 1) < 1e-9)
        func frequency(_ point: Int, _ count: Int) -> Double {
            2 * .pi * Double(min(point, count - point)) / Double(count)
        }
        for (point, sum) in sums.enumerated() {
            #expect(sum <= 1 + 1e-6)
            let (y, x) = (
                frequency(point / sizes.width, sizes.height), frequency(point % sizes.width, sizes.width)
            )
            if hypot(y, x) <= 2 * .pi / 3 { #expect(sum > 0.5, "at \(y), \(x)") }
        }
        // Wavelets have no mean.
        for wavelet in bank.wavelets { #expect(abs(wavelet[0]) < 1e-12) }
    }

    /// The exact norm of one step of the transform, from real images to averages at every 2ᴶth pixel and wavelet
    /// responses at every 2ʲth: what sampling folds on itself adds less than an eighth to the bound of 1.
    ///
    /// Frequencies that fall on one another form blocks, whose largest eigenvalue is the square of the norm.
    @Test(arguments: [
        Bank(height: 16, width: 16, scales: 1, orientations: 8),
        Bank(height: 24, width: 28, scales: 2, orientations: 8),
        Bank(height: 24, width: 24, scales: 2, orientations: 4),
        Bank(height: 24, width: 24, scales: 3, orientations: 8),
    ])
    func samplingAddsLessThanAnEighthOfTheEnergy(_ sizes: Bank) throws {
        let (height, width, step) = (sizes.height, sizes.width, 1 << sizes.scales)
        let bank = MorletBank(height: height, width: width, scales: sizes.scales, orientations: sizes.orientations)
        var filters: [(values: [Double], step: Int)] = bank.wavelets.enumerated().map {
            ($1, 1 << bank.scale(of: $0))
        }
        filters.append(
            ((0..<height * width).map { bank.lowPassRows[$0 / width] * bank.lowPassColumns[$0 % width] }, step))
        var largest = 0.0
        for v in 0..<height / step {
            for u in 0..<width / step {
                let block = (0..<step * step).map { (v + $0 / step * (height / step), u + $0 % step * (width / step)) }
                var matrix = [Double](repeating: 0, count: block.count * block.count)
                // A real image has as much at −ω as at ω.
                for sign in [1, -1] {
                    let points = block.map { ((sign * $0.0 + height) % height, (sign * $0.1 + width) % width) }
                    for (filter, step) in filters {
                        for (i, a) in points.enumerated() {
                            for (j, b) in points.enumerated()
                            where (a.0 - b.0) % (height / step) == 0 && (a.1 - b.1) % (width / step) == 0 {
                                matrix[i * block.count + j] +=
                                    filter[a.0 * width + a.1] * filter[b.0 * width + b.1] / 2
                            }
                        }
                    }
                }
                largest = max(largest, try #require(SymmetricEigen(matrix, count: block.count)).values.last ?? 0)
            }
        }
        #expect(largest < 1.125 && largest > 0.99, "\(largest)")
    }

    private func scatter(_ transform: ScatteringTransform, _ x: [Float], batch: Int, channels: Int = 1) -> [Float] {
        var y = [Float](
            repeating: .nan,
            count: batch * transform.outputHeight * transform.outputWidth * channels * transform.pathCount)
        let scratch = UnsafeMutablePointer<Float>(
            OpaquePointer(
                UnsafeMutableRawPointer.allocate(byteCount: 4 * transform.scratchCount, alignment: 64)))
        defer { scratch.deallocate() }
        scratch.update(repeating: .nan, count: transform.scratchCount)
        transform.forward(x, batch: batch, channels: channels, into: &y, scratch: scratch)
        return y
    }

    /// A coefficient stands for 2ᴶ × 2ᴶ pixels, of the image and of what the mirror shows around it.
    @Test func coefficientsHaveNoMoreEnergyThanTheImage() {
        let key = RandomKey(seed: 5)
        let size = 32
        let noise: [Float] = (0..<size * size).map { key.normals(at: UInt64($0)).0 }
        let stripes: [Float] = (0..<size * size).map { Float(sin(Double($0 % size) * 1.1)) }
        let step: [Float] = (0..<size * size).map { $0 % size < size / 2 ? 1 : 0 }
        let middle = size / 2 * (size + 1)
        let point: [Float] = (0..<size * size).map { $0 == middle ? 1 : 0 }
        for scales in 1...4 {
            let transform = ScatteringTransform(height: size, width: size, scales: scales, orientations: 8, order: 2)
            for (name, image) in [("noise", noise), ("stripes", stripes), ("step", step), ("point", point)] {
                func shown(_ place: Int) -> Int {
                    let inside = abs(place - (1 << scales))
                    return inside < size ? inside : 2 * (size - 1) - inside
                }
                var energy = 0.0
                for row in 0..<transform.paddedHeight {
                    for column in 0..<transform.paddedWidth {
                        let pixel = Double(image[shown(row) * size + shown(column)])
                        energy += pixel * pixel
                    }
                }
                let kept = scatter(transform, image, batch: 1).reduce(0.0) { $0 + Double($1) * Double($1) }
                let share = kept * Double(1 << (2 * scales)) / energy
                #expect(share <= 1 && share > 0.01, "\(name), J = \(scales): \(share)")
            }
        }
    }

    @Test func anImageWithoutFeaturesHasItsMeanAlone() {
        let transform = ScatteringTransform(height: 11, width: 16, scales: 2, orientations: 6, order: 2)
        let y = scatter(transform, Array(repeating: 3, count: 11 * 16), batch: 1)
        for (index, value) in y.enumerated() {
            #expect(abs(value - (index % transform.pathCount == 0 ? 3 : 0)) < 2e-5)
        }
    }

    @Test func whatAnImageGetsDoesNotDependOnTheOthers() {
        let transform = ScatteringTransform(height: 9, width: 12, scales: 2, orientations: 3, order: 2)
        let key = RandomKey(seed: 6)
        let count = 9 * 12 * 2
        let x = (0..<21 * count).map { Float(key.normals(at: UInt64($0)).0) }
        let all = scatter(transform, x, batch: 21, channels: 2)
        let each = (0..<21).flatMap { sample in
            scatter(transform, Array(x[sample * count..<(sample + 1) * count]), batch: 1, channels: 2)
        }
        #expect(all == each)
    }

    // MARK: - kymatio

    /// What `kymatio` makes of images, see `Fixtures/scripts/make_scattering.py`.
    private struct Fixture: Decodable {
        var height: Int
        var width: Int
        var scales: Int
        var orientations: Int
        var order: Int
        /// [height / 2ᴶ, width / 2ᴶ, path]
        var coefficients: [Double]
    }

    /// They are `kymatio`'s but for a factor of each order: its 3.1415 for π, which divides each filter, and our gain
    /// of each wavelet. Our average keeps a constant as it is, that of `kymatio` adds 1.3 · 10⁻⁵ where J is 1.
    @Test func coefficientsAreThoseOfKymatio() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/scattering.json")
        for fixture in try JSONDecoder().decode([Fixture].self, from: Data(contentsOf: path)) {
            let (height, width) = (fixture.height, fixture.width)
            let image = (0..<height * width).map { number -> Float in
                let level: Int = (number * number * 31 + number * 17) % 1009
                return Float(level) / 1009
            }
            let transform = ScatteringTransform(
                height: height, width: width, scales: fixture.scales, orientations: fixture.orientations,
                order: fixture.order)
            let ours = scatter(transform, image, batch: 1)
            try #require(ours.count == fixture.coefficients.count)
            let first = fixture.scales * fixture.orientations
            let largest = fixture.coefficients.max() ?? 1
            for (index, theirs) in fixture.coefficients.enumerated() {
                let path = index % transform.pathCount
                let order = path == 0 ? 0 : path <= first ? 1 : 2
                let factor = pow(transform.gain, Double(order)) * pow(3.1415 / .pi, Double(order + 1))
                let difference = abs(Double(ours[index]) - theirs * factor)
                #expect(difference < 2e-5 * theirs * factor + 1e-7 * largest, "\(fixture.height) × \(width): \(path)")
            }
        }
    }
}
