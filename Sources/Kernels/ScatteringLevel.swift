/// What a scattering transform does to images of one resolution: filters from there to coarser ones, modulus, average.
struct ScatteringLevel: Sendable {
    /// Every 2ʳth pixel is there.
    let resolution: Int
    let height: Int
    let width: Int
    /// ψ̂ of each wavelet by its number, divided by the pixels, [height, width]; empty for those that nothing at this
    /// resolution meets.
    private let wavelets: [[Float]]
    /// φ in space at the places where coefficients are: [outputHeight, height] and [outputWidth, width].
    private let rowAverages: [Float]
    private let columnAverages: [Float]
    private let outputHeight: Int
    private let outputWidth: Int

    /// Of the low frequencies of a bank's filters, which are all that this resolution has.
    init(_ bank: MorletBank, resolution: Int) {
        self.resolution = resolution
        let (height, width) = (bank.height >> resolution, bank.width >> resolution)
        (self.height, self.width) = (height, width)
        /// The place of a frequency among those of the whole transform.
        func whole(_ point: Int, _ count: Int, _ full: Int) -> Int { point < count / 2 ? point : full - count + point }
        wavelets = bank.wavelets.enumerated().map { number, wavelet in
            guard resolution == 0 || bank.scale(of: number) > resolution else { return [] }
            return (0..<height * width).map { point in
                let row = whole(point / width, height, bank.height)
                let value = wavelet[row * bank.width + whole(point % width, width, bank.width)]
                // What is nothing in single precision is left out of the sums.
                return abs(value) < 1e-9 ? 0 : Float(value / Double(height * width))
            }
        }
        let step = 1 << (bank.scales - resolution)
        (outputHeight, outputWidth) = (height / step - 2, width / step - 2)
        rowAverages = ScatteringLevel.averages(
            (0..<height).map { bank.lowPassRows[whole($0, height, bank.height)] }, step: step)
        columnAverages = ScatteringLevel.averages(
            (0..<width).map { bank.lowPassColumns[whole($0, width, bank.width)] }, step: step)
    }

    /// A filter that is given by its transform, in space and around each `step`th place but the first and the last.
    private static func averages(_ transform: [Double], step: Int) -> [Float] {
        let count = transform.count
        let filter = (0..<count).map { place in
            (0..<count).reduce(0.0) { sum, frequency in
                let turns = Double(place * frequency % count) / Double(count)
                return sum + transform[frequency] * Double.cosine(2 * .pi * turns)
            } / Double(count)
        }
        return (1..<count / step - 1).flatMap { place in
            (0..<count).map { Float(filter[((place * step - $0) % count + count) % count]) }
        }
    }

    /// The transform of x ∗ ψ at the resolution of `target` from that of x here, before its unnormalised inverse.
    ///
    /// Keeping every kth pixel adds the frequencies that lie a kth of the transform apart.
    func convolve(
        _ spectrum: FFTLine.Elements, _ wavelet: Int, to target: ScatteringLevel, into result: FFTLine.Elements
    ) {
        let folds = height / target.height
        wavelets[wavelet].withUnsafeBufferPointer { filter in
            for u in 0..<target.height {
                for v in 0..<target.width {
                    var sum = FFTLine.Complex(re: .zero, im: .zero)
                    for a in 0..<folds {
                        let row = (u + a * target.height) * width + v
                        for b in 0..<folds {
                            let point = row + b * target.width
                            let factor = filter[point]
                            if factor != 0 { sum = sum.adding(spectrum[point], times: factor) }
                        }
                    }
                    result[u * target.width + v] = sum
                }
            }
        }
    }

    /// The adjoint of ``convolve(_:_:to:into:)``, added to `sum`.
    func addAdjoint(
        _ gradient: FFTLine.Elements, _ wavelet: Int, from target: ScatteringLevel, to sum: FFTLine.Elements
    ) {
        let folds = height / target.height
        wavelets[wavelet].withUnsafeBufferPointer { filter in
            for u in 0..<target.height {
                for v in 0..<target.width {
                    let value = gradient[u * target.width + v]
                    for a in 0..<folds {
                        let row = (u + a * target.height) * width + v
                        for b in 0..<folds {
                            let point = row + b * target.width
                            let factor = filter[point]
                            if factor != 0 { sum[point] = sum[point].adding(value, times: factor) }
                        }
                    }
                }
            }
        }
    }

    /// z → |z|.
    func modulus(_ plane: FFTLine.Elements) {
        for point in 0..<height * width {
            let z = plane[point]
            plane[point] = FFTLine.Complex(re: (z.re * z.re).plus(z.im, times: z.im).squareRoot(), im: .zero)
        }
    }

    /// z → gradient · z / |z|, the modulus's gradient for z; 0 where z is.
    func modulusGradient(_ plane: FFTLine.Elements, _ gradient: UnsafeMutablePointer<Vector>) {
        for point in 0..<height * width {
            let z = plane[point]
            let square = (z.re * z.re).plus(z.im, times: z.im)
            let factor = (gradient[point] / square.squareRoot()).replacing(with: 0, where: square .== Vector.zero)
            plane[point] = FFTLine.Complex(re: z.re * factor, im: z.im * factor)
        }
    }

    /// x ∗ φ where coefficients are.
    ///
    /// - Parameter row: room for a row.
    func average(
        _ x: UnsafeMutablePointer<Vector>, into y: UnsafeMutablePointer<Vector>, row: UnsafeMutablePointer<Vector>
    ) {
        for place in 0..<outputHeight {
            row.update(repeating: .zero, count: width)
            for u in 0..<height {
                let factor = rowAverages[place * height + u]
                for v in 0..<width { row[v] = row[v].plus(x[u * width + v], times: factor) }
            }
            for other in 0..<outputWidth {
                var sum = Vector.zero
                for v in 0..<width { sum = sum.plus(row[v], times: columnAverages[other * width + v]) }
                y[place * outputWidth + other] = sum
            }
        }
    }

    /// The adjoint of ``average(_:into:row:)``, added to dx or in its place.
    func averageGradient(
        _ dy: UnsafeMutablePointer<Vector>, into dx: UnsafeMutablePointer<Vector>, row: UnsafeMutablePointer<Vector>,
        accumulate: Bool
    ) {
        if !accumulate { dx.update(repeating: .zero, count: height * width) }
        for place in 0..<outputHeight {
            for v in 0..<width {
                var sum = Vector.zero
                for other in 0..<outputWidth {
                    sum = sum.plus(dy[place * outputWidth + other], times: columnAverages[other * width + v])
                }
                row[v] = sum
            }
            for u in 0..<height {
                let factor = rowAverages[place * height + u]
                for v in 0..<width { dx[u * width + v] = dx[u * width + v].plus(row[v], times: factor) }
            }
        }
    }
}
