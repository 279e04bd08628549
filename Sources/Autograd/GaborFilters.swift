import Glibc
import Kernels
import TensorCore

/// How the Gabor functions of a layer's filters are chosen.
package enum GaborArrangement: String, Hashable, Sendable, CaseIterable {
    /// Orientation and phase uniform, wavelength uniform on a logarithmic scale; drawn by the parameter's key.
    case random
    /// Eight orientations in two phases, then the same with waves shorter by √2, and so on.
    case grid
}

/// The wave under a Gaussian that simple cells of the visual cortex and first layers of trained networks resemble:
/// g(x, y) = exp(−(u² + v²/4)/(2σ²)) cos(2π u/λ + φ), with u along the wave and v across; Daugman 1985.
struct GaborFunction {
    /// θ, the wave's direction.
    var orientation: Double
    /// λ, in pixels.
    var wavelength: Double
    /// φ.
    var phase: Double

    /// The function of filter `number` of a layer whose filters are so many pixels wide.
    init(_ arrangement: GaborArrangement, number: Int, extent: Int, key: RandomKey) {
        // From two pixels, the shortest wave that pixels can show, with some room, to the whole filter.
        let (shortest, longest) = (2.5, max(Double(extent), 3))
        switch arrangement {
        case .random:
            let words = key.block(at: UInt64(number))
            orientation = .pi * Double(RandomKey.unit(words[0]))
            wavelength = shortest * pow(longest / shortest, Double(RandomKey.unit(words[1])))
            phase = 2 * .pi * Double(RandomKey.unit(words[2]))
        case .grid:
            phase = .pi / 2 * Double(number % 2)
            let steps = max(Int(2 * log2(longest / shortest)) + 1, 1)
            wavelength = longest / pow(2, Double(number / 16 % steps) / 2)
            // Once all waves have been, they come again between the directions: multiples of the golden ratio.
            let turn = 0.618_033_988_749_895 * Double(number / (16 * steps))
            orientation = .pi / 8 * (Double(number / 2 % 8) + turn - turn.rounded(.down))
        }
    }

    /// Its value so far right of and below the filter's middle. The Gaussian's deviation along the wave is 0.56 λ: a
    /// bandwidth of an octave.
    func callAsFunction(_ x: Double, _ y: Double) -> Double {
        let u = x * cos(orientation) + y * sin(orientation)
        let v = y * cos(orientation) - x * sin(orientation)
        let deviation = 0.56 * wavelength
        return exp(-(u * u + v * v / 4) / (2 * deviation * deviation)) * cos(2 * .pi * u / wavelength + phase)
    }

    /// Fills filters [O, kh, kw, I]: each with mean 0 and a sum of squares of 2, as heNormal's has on average.
    static func fill(
        _ target: UnsafeMutablePointer<Float>, shape: Shape, _ arrangement: GaborArrangement, key: RandomKey
    ) {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        for filter in 0..<shape[0] {
            let function = GaborFunction(arrangement, number: filter, extent: max(height, width), key: key)
            var values = (0..<height * width).map { pixel in
                function(
                    Double(pixel % width) - Double(width - 1) / 2, Double(pixel / width) - Double(height - 1) / 2)
            }
            let mean = values.reduce(0, +) / Double(values.count)
            for i in values.indices { values[i] -= mean }
            let squares = values.reduce(0) { $0 + $1 * $1 } * Double(channels)
            let factor = (2 / max(squares, 1e-12)).squareRoot()
            for (pixel, value) in values.enumerated() {
                (target + (filter * height * width + pixel) * channels).update(
                    repeating: Float(factor * value), count: channels)
            }
        }
    }
}
