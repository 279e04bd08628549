/// The scattering transform of images: how much of each wavelet, and of each wavelet in the modulus of another, is
/// around each place.
///
/// S₀ = x ∗ φ, S₁[λ] = |x ∗ ψ_λ| ∗ φ, S₂[λ, μ] = ||x ∗ ψ_λ| ∗ ψ_μ| ∗ φ for coarser μ, at every 2ᴶth pixel.
/// Bruna and Mallat 2013, section 2; padding, sampling and order of the coefficients are those of `kymatio` 0.3: images
/// go on as in a mirror, and what is filtered at scale j is kept at every 2ʲth pixel alone. The filters are those of
/// ``MorletBank``.
///
/// The convolutions are products of Fourier transforms, of 16 images side by side: lane l of every vector belongs to
/// image l, so what an image gets does not depend on the others.
package struct ScatteringTransform: Sendable {
    package let height: Int
    package let width: Int
    /// J.
    package let scales: Int
    /// L.
    package let orientations: Int
    /// 1, or 2 for the second order as well.
    package let order: Int
    /// The image with what is added around it: a multiple of 2ᴶ that leaves room for at least half of that at each
    /// side.
    package let paddedHeight: Int
    package let paddedWidth: Int
    /// What wavelets are multiplied by; see ``MorletBank/gain``.
    package let gain: Double
    /// The resolutions at which moduli are kept: every pixel, every second, …
    let levels: [ScatteringLevel]
    /// The row and the column of the image that each row and column of the padded image shows.
    private let shownRows: [Int]
    private let shownColumns: [Int]

    /// - Precondition: 2ᴶ is at most the height and the width.
    package init(height: Int, width: Int, scales: Int, orientations: Int, order: Int) {
        self.height = height
        self.width = width
        self.scales = scales
        self.orientations = orientations
        self.order = order
        let step = 1 << scales
        (paddedHeight, paddedWidth) = ((height / step + 2) * step, (width / step + 2) * step)
        shownRows = ScatteringTransform.mirrored(height, padded: paddedHeight)
        shownColumns = ScatteringTransform.mirrored(width, padded: paddedWidth)
        let bank = MorletBank(
            height: paddedHeight, width: paddedWidth, scales: scales, orientations: orientations)
        gain = bank.gain
        levels = (0..<scales).map { ScatteringLevel(bank, resolution: $0) }
    }

    /// Places along an axis that a mirror at both ends shows, none of them twice: … 2 1 0 1 2 … n−2 n−1 n−2 …
    private static func mirrored(_ count: Int, padded: Int) -> [Int] {
        let period = max(2 * (count - 1), 1)
        let first = -((padded - count) / 2)
        return (first..<first + padded).map { place in
            let rest = (place % period + period) % period
            return rest < count ? rest : period - rest
        }
    }

    // Letters: p paths, t places of a path's result.
    package var outputHeight: Int { height >> scales }
    package var outputWidth: Int { width >> scales }
    /// Coefficients of each place: 1 + J · L, and L² for each pair of scales.
    package var pathCount: Int {
        let first = scales * orientations
        return 1 + first + (order < 2 ? 0 : orientations * orientations * scales * (scales - 1) / 2)
    }
    var places: Int { outputHeight * outputWidth }
    var pixels: Int { paddedHeight * paddedWidth }
    var wavelets: Int { scales * orientations }

    /// Floats of working memory that ``forward(_:batch:channels:into:scratch:)`` needs.
    package var scratchCount: Int { ScatteringMemory.count(self, forGradient: false) }
    /// The same of ``gradient(_:_:batch:channels:into:accumulate:scratch:)``.
    package var gradientScratchCount: Int { ScatteringMemory.count(self, forGradient: true) }

    /// Products of an image's convolutions in space, with filters as large as the padded image: those with wavelets, of
    /// complex numbers, and those with the average.
    package var multiplyAdds: Int {
        func pixels(_ scale: Int) -> Int { levels[scale].height * levels[scale].width }
        var products = pathCount * places * self.pixels
        for scale in 0..<scales {
            products += 2 * orientations * self.pixels * pixels(scale)
            guard order > 1 else { continue }
            for next in scale + 1..<max(scales, scale + 1) {
                products += 2 * orientations * orientations * pixels(scale) * pixels(next)
            }
        }
        return products
    }

    /// The coefficients of all images.
    ///
    /// - Parameters:
    ///   - x: [batch, height, width, channels].
    ///   - y: [batch, outputHeight, outputWidth, channels · pathCount], the coefficients of one channel together: S₀,
    ///     then S₁ by λ, then S₂ by λ and μ.
    ///   - scratch: ``scratchCount`` floats, 64-byte aligned.
    package func forward(
        _ x: UnsafePointer<Float>, batch: Int, channels: Int, into y: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let memory = ScatteringMemory(self, forGradient: false, at: scratch)
        let spectra = levels.map { PlaneSpectrum($0, memory) }
        for first in stride(from: 0, to: batch * channels, by: 16) {
            let planes = first..<min(first + 16, batch * channels)
            load(x, planes, channels, into: memory.image)
            levels[0].average(memory.image.re, into: memory.coefficients, row: memory.row)
            spectra[0].transform(memory.image)
            var path = 1 + wavelets
            for wavelet in 0..<wavelets {
                let scale = wavelet / orientations
                let level = levels[scale]
                levels[0].convolve(memory.image, wavelet, to: level, into: memory.first)
                spectra[scale].inverse(memory.first)
                level.modulus(memory.first)
                level.average(memory.first.re, into: memory.coefficients + (1 + wavelet) * places, row: memory.row)
                guard order > 1, scale + 1 < scales else { continue }
                spectra[scale].transform(memory.first)
                for next in (scale + 1) * orientations..<wavelets {
                    let coarser = levels[next / orientations]
                    level.convolve(memory.first, next, to: coarser, into: memory.second)
                    spectra[next / orientations].inverse(memory.second)
                    coarser.modulus(memory.second)
                    coarser.average(
                        memory.second.re, into: memory.coefficients + path * places, row: memory.row)
                    path += 1
                }
            }
            store(memory.coefficients, planes, channels, into: y)
        }
    }

    // MARK: - Images in lanes

    /// The padded images of so many planes (sample · channels + channel) in the lanes of the real part.
    func load(
        _ x: UnsafePointer<Float>, _ planes: Range<Int>, _ channels: Int, into image: FFTLine.Elements
    ) {
        image.re.update(repeating: .zero, count: pixels)
        image.im.update(repeating: .zero, count: pixels)
        let lanes = UnsafeMutableRawPointer(image.re).assumingMemoryBound(to: Float.self)
        for (lane, plane) in planes.enumerated() {
            let source = x + plane / channels * (height * width * channels) + plane % channels
            for u in 0..<paddedHeight {
                for v in 0..<paddedWidth {
                    lanes[(u * paddedWidth + v) * 16 + lane] =
                        source[(shownRows[u] * width + shownColumns[v]) * channels]
                }
            }
        }
    }

    /// The adjoint of ``load(_:_:_:into:)``: adds each padded pixel to the one that it shows.
    func addImage(
        _ image: UnsafeMutablePointer<Vector>, _ planes: Range<Int>, _ channels: Int,
        into dx: UnsafeMutablePointer<Float>
    ) {
        let lanes = UnsafeMutableRawPointer(image).assumingMemoryBound(to: Float.self)
        for (lane, plane) in planes.enumerated() {
            let target = dx + plane / channels * (height * width * channels) + plane % channels
            for u in 0..<paddedHeight {
                for v in 0..<paddedWidth {
                    target[(shownRows[u] * width + shownColumns[v]) * channels] +=
                        lanes[(u * paddedWidth + v) * 16 + lane]
                }
            }
        }
    }

    /// Calls `body` with the place of each coefficient in [path, place, lane] and in y.
    @inline(__always)
    private func forEachCoefficient(_ planes: Range<Int>, _ channels: Int, _ body: (_ lane: Int, _ y: Int) -> Void) {
        for (lane, plane) in planes.enumerated() {
            for place in 0..<places {
                let to = ((plane / channels * places + place) * channels + plane % channels) * pathCount
                for path in 0..<pathCount { body((path * places + place) * 16 + lane, to + path) }
            }
        }
    }

    private func store(
        _ coefficients: UnsafeMutablePointer<Vector>, _ planes: Range<Int>, _ channels: Int,
        into y: UnsafeMutablePointer<Float>
    ) {
        let lanes = UnsafeMutableRawPointer(coefficients).assumingMemoryBound(to: Float.self)
        forEachCoefficient(planes, channels) { y[$1] = lanes[$0] }
    }

    /// The coefficients' gradients in lanes, zeros in those without an image.
    func loadGradient(
        _ dy: UnsafePointer<Float>, _ planes: Range<Int>, _ channels: Int,
        into coefficients: UnsafeMutablePointer<Vector>
    ) {
        coefficients.update(repeating: .zero, count: pathCount * places)
        let lanes = UnsafeMutableRawPointer(coefficients).assumingMemoryBound(to: Float.self)
        forEachCoefficient(planes, channels) { lanes[$0] = dy[$1] }
    }
}
