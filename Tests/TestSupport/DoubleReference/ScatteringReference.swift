import Foundation

/// The scattering transform by its definition, in double precision: filters that are sampled in space as `kymatio` 0.3
/// does it, transforms summed term by term, and every kth pixel taken from whole images.
package struct ScatteringReference: Sendable {
    /// A periodic image of complex numbers.
    private struct Grid: Sendable {
        let height: Int
        let width: Int
        var re: [Double]
        var im: [Double]

        init(_ height: Int, _ width: Int) {
            (self.height, self.width) = (height, width)
            re = Array(repeating: 0, count: height * width)
            im = re
        }

        /// Σ z · exp(∓2πi …), divided by the pixels on the way back.
        func transformed(back: Bool = false) -> Grid {
            var result = along(width, 1, lines: height, width, back).along(height, width, lines: width, 1, back)
            let factor = back ? 1 / Double(height * width) : 1
            for index in result.re.indices {
                result.re[index] *= factor
                result.im[index] *= factor
            }
            return result
        }

        private func along(_ count: Int, _ stride: Int, lines: Int, _ step: Int, _ back: Bool) -> Grid {
            let angles = (0..<count).map { (back ? 2 : -2) * Double.pi * Double($0) / Double(count) }
            let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
            var result = Grid(height, width)
            for line in 0..<lines {
                for k in 0..<count {
                    var (a, b) = (0.0, 0.0)
                    for j in 0..<count {
                        let (c, s) = (cosines[j * k % count], sines[j * k % count])
                        let (x, y) = (re[line * step + j * stride], im[line * step + j * stride])
                        a += x * c - y * s
                        b += x * s + y * c
                    }
                    result.re[line * step + k * stride] = a
                    result.im[line * step + k * stride] = b
                }
            }
            return result
        }

        func sampled(every step: Int) -> Grid {
            var result = Grid(height / step, width / step)
            for row in 0..<result.height {
                for column in 0..<result.width {
                    result.re[row * result.width + column] = re[row * step * width + column * step]
                    result.im[row * result.width + column] = im[row * step * width + column * step]
                }
            }
            return result
        }

        /// The frequencies that an image of every `step`th pixel has.
        func lowFrequencies(_ step: Int) -> Grid {
            var result = Grid(height / step, width / step)
            for row in 0..<result.height {
                for column in 0..<result.width {
                    let y = row < result.height / 2 ? row : height - result.height + row
                    let x = column < result.width / 2 ? column : width - result.width + column
                    result.re[row * result.width + column] = re[y * width + x]
                    result.im[row * result.width + column] = im[y * width + x]
                }
            }
            return result
        }

        func times(_ other: Grid) -> Grid {
            var result = self
            for index in re.indices {
                result.re[index] = re[index] * other.re[index] - im[index] * other.im[index]
                result.im[index] = re[index] * other.im[index] + im[index] * other.re[index]
            }
            return result
        }

        var modulus: Grid {
            var result = Grid(height, width)
            for index in re.indices { result.re[index] = (re[index] * re[index] + im[index] * im[index]).squareRoot() }
            return result
        }
    }

    private let (height, width): (Int, Int)
    private let scales: Int
    private let orientations: Int
    private let order: Int
    private let (paddedHeight, paddedWidth): (Int, Int)
    /// Of each resolution, from the finest.
    private let wavelets: [[Grid]]
    private let averages: [Grid]

    /// - Parameter gain: what the wavelets are multiplied by.
    package init(height: Int, width: Int, scales: Int, orientations: Int, order: Int, gain: Double) {
        (self.height, self.width) = (height, width)
        (self.scales, self.orientations, self.order) = (scales, orientations, order)
        let step = 1 << scales
        let (rows, columns) = (((height + step) / step + 1) * step, ((width + step) / step + 1) * step)
        (paddedHeight, paddedWidth) = (rows, columns)
        var filters: [Grid] = []
        for scale in 0..<scales {
            for orientation in 0..<orientations {
                var grid = ScatteringReference.morlet(
                    rows, columns, 0.8 * pow(2, Double(scale)),
                    Double(Int(Double(orientations) / 2 - 1) - orientation) * .pi / Double(orientations),
                    0.75 * .pi / pow(2, Double(scale)), 4 / Double(orientations))
                for index in grid.re.indices {
                    grid.re[index] *= gain
                    grid.im[index] *= gain
                }
                filters.append(grid.transformed())
            }
        }
        wavelets = (0..<scales).map { resolution in filters.map { $0.lowFrequencies(1 << resolution) } }
        var average = ScatteringReference.gabor(rows, columns, 0.8 * pow(2, Double(scales - 1)), 0, 0, 1).transformed()
        // A constant image keeps its value.
        average.re = average.re.map { [sum = average.re[0]] in $0 / sum }
        averages = (0..<scales).map { average.lowFrequencies(1 << $0) }
    }

    private static func gabor(
        _ height: Int, _ width: Int, _ deviation: Double, _ angle: Double, _ frequency: Double, _ slant: Double
    ) -> Grid {
        var result = Grid(height, width)
        for row in -9 * height..<10 * height {
            for column in -9 * width..<10 * width {
                let along = Double(row) * cos(angle) + Double(column) * sin(angle)
                let across = Double(column) * cos(angle) - Double(row) * sin(angle)
                let exponent = -(along * along + slant * slant * across * across) / (2 * deviation * deviation)
                if exponent < -50 { continue }
                let envelope = exp(exponent) * slant / (2 * .pi * deviation * deviation)
                let index = (row + 9 * height) % height * width + (column + 9 * width) % width
                result.re[index] += envelope * cos(frequency * along)
                result.im[index] += envelope * sin(frequency * along)
            }
        }
        return result
    }

    private static func morlet(
        _ height: Int, _ width: Int, _ deviation: Double, _ angle: Double, _ frequency: Double, _ slant: Double
    ) -> Grid {
        var wave = gabor(height, width, deviation, angle, frequency, slant)
        let envelope = gabor(height, width, deviation, angle, 0, slant)
        let mean = wave.re.reduce(0, +) / envelope.re.reduce(0, +)
        for index in wave.re.indices { wave.re[index] -= mean * envelope.re[index] }
        return wave
    }

    /// x [N, H, W, C] → [N, H / 2ᴶ, W / 2ᴶ, C · paths].
    package func callAsFunction(_ x: DoubleTensor) -> DoubleTensor {
        let (batch, channels) = (x.shape[0], x.shape[3])
        let (rows, columns) = (height >> scales, width >> scales)
        let results = (0..<batch * channels).map { plane in paths(x, plane / channels, plane % channels) }
        let pathCount =
            1 + scales * orientations + (order < 2 ? 0 : orientations * orientations * scales * (scales - 1) / 2)
        var y = DoubleTensor(repeating: 0, [batch, rows, columns, channels * pathCount])
        for plane in results.indices {
            for (path, grid) in results[plane].enumerated() {
                for row in 0..<rows {
                    for column in 0..<columns {
                        y[plane / channels, row, column, plane % channels * pathCount + path] =
                            grid.re[(row + 1) * grid.width + column + 1]
                    }
                }
            }
        }
        return y
    }

    private func paths(_ x: DoubleTensor, _ sample: Int, _ channel: Int) -> [Grid] {
        var image = Grid(paddedHeight, paddedWidth)
        func shown(_ place: Int, _ count: Int, _ padded: Int) -> Int {
            var place = place - (padded - count) / 2
            while place < 0 || place >= count {
                place = place < 0 ? -place : 2 * (count - 1) - place
                if count == 1 { place = 0 }
            }
            return place
        }
        for row in 0..<paddedHeight {
            for column in 0..<paddedWidth {
                image.re[row * paddedWidth + column] =
                    x[sample, shown(row, height, paddedHeight), shown(column, width, paddedWidth), channel]
            }
        }
        func average(_ spectrum: Grid, _ resolution: Int) -> Grid {
            spectrum.times(averages[resolution]).transformed(back: true).sampled(every: 1 << (scales - resolution))
        }
        let spectrum = image.transformed()
        var (first, second): ([Grid], [Grid]) = ([], [])
        for wavelet in 0..<scales * orientations {
            let scale = wavelet / orientations
            let modulus = spectrum.times(wavelets[0][wavelet]).transformed(back: true).sampled(every: 1 << scale)
                .modulus.transformed()
            first.append(average(modulus, scale))
            guard order > 1 else { continue }
            for next in (scale + 1) * orientations..<max(scales, scale + 1) * orientations {
                let coarser = next / orientations
                second.append(
                    average(
                        modulus.times(wavelets[scale][next]).transformed(back: true)
                            .sampled(every: 1 << (coarser - scale)).modulus.transformed(), coarser))
            }
        }
        return [average(spectrum, 0)] + first + second
    }
}
