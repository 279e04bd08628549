import Autograd
import Foundation
import Kernels
import NeuralNetwork
import TensorCore

/// Pictures that raise a value of a network, by gradient ascent on the pixels.
package struct Ascent {
    private let graph: TappedGraph
    private let tape: Tape
    /// What black and white are to the model, by channel.
    private let limits: [(black: Float, white: Float)]

    package init(_ graph: TappedGraph, limits: [(black: Float, white: Float)], on tape: Tape) {
        self.graph = graph
        self.tape = tape
        self.limits = limits
    }

    /// What keeps the picture a picture (Mahendran and Vedaldi 2015; Yosinski et al. 2015).
    package struct Settings: Sendable {
        package var steps: Int
        /// How far a step goes: the root mean square of the change, as a share of the way from black to white.
        package var rate: Double
        /// How far the picture is moved at random before each step, in pixels at most, and back after it.
        package var jitter: Int
        /// σ of the blur in pixels, every ``blurEvery`` steps; 0 for none.
        package var blur: Double
        package var blurEvery: Int
        /// How strongly differences of neighbours are held down.
        package var totalVariation: Double
        /// What is left of the distance to middle grey after each step.
        package var keep: Double

        package init(
            steps: Int = 256, rate: Double = 0.02, jitter: Int = 4, blur: Double = 0.5, blurEvery: Int = 4,
            totalVariation: Double = 0.05, keep: Double = 0.99
        ) {
            self.steps = steps
            self.rate = rate
            self.jitter = jitter
            self.blur = blur
            self.blurEvery = blurEvery
            self.totalVariation = totalVariation
            self.keep = keep
        }
    }

    /// The picture after all steps, and the value at the last.
    ///
    /// - Parameters:
    ///   - start: [1, H, W, C]
    ///   - key: what the jitter is a function of.
    ///   - seed: from the node's value its gradient and the number that is raised.
    package func callAsFunction(
        _ start: Tensor, _ settings: Settings, key: RandomKey, seed: (Tensor) -> (gradient: Tensor, value: Double)
    ) -> (picture: [Float], value: Double) {
        let shape = start.shape
        let (h, w, c) = (shape[1], shape[2], shape[3])
        var picture = start.values
        var value = 0.0
        for step in 0..<settings.steps {
            let block = key.block(at: UInt64(step))
            let span = UInt32(2 * settings.jitter + 1)
            let (right, down) = (Int(block[0] % span) - settings.jitter, Int(block[1] % span) - settings.jitter)
            picture = Ascent.rolled(picture, h, w, c, right: right, down: down)
            var gradient = graph.gradients([Tensor(picture, shape, pool: tape.pool)], on: tape) { values in
                let made = seed(values[0])
                value = made.value
                return [made.gradient]
            }.batch[0].values
            let scale = Ascent.deviation(gradient)
            if scale > 0 { for index in gradient.indices { gradient[index] /= scale } }
            if settings.totalVariation > 0 {
                let smooth = Ascent.totalVariationGradient(picture, h, w, c)
                let own = Ascent.deviation(smooth)
                if own > 0 {
                    let weight = Float(settings.totalVariation) / own
                    for index in gradient.indices { gradient[index] -= weight * smooth[index] }
                }
            }
            for index in picture.indices {
                let limit = limits[index % limits.count]
                let (range, middle) = (limit.white - limit.black, (limit.white + limit.black) / 2)
                let moved = picture[index] + Float(settings.rate) * range * gradient[index]
                let kept = middle + (moved - middle) * Float(settings.keep)
                picture[index] = min(max(kept, min(limit.black, limit.white)), max(limit.black, limit.white))
            }
            picture = Ascent.rolled(picture, h, w, c, right: -right, down: -down)
            if settings.blur > 0, (step + 1) % settings.blurEvery == 0, step + 1 < settings.steps {
                picture = Ascent.blurred(picture, h, w, c, sigma: settings.blur)
            }
        }
        return (picture, value)
    }

    /// √(mean of squares).
    static func deviation(_ values: [Float]) -> Float {
        let squares = values.reduce(0.0) { $0 + Double($1) * Double($1) }
        return Float((squares / Double(max(values.count, 1))).squareRoot())
    }

    /// Moved round the edges.
    static func rolled(_ picture: [Float], _ h: Int, _ w: Int, _ c: Int, right: Int, down: Int) -> [Float] {
        if right == 0 && down == 0 { return picture }
        var result = picture
        for y in 0..<h {
            let from = ((y - down) % h + h) % h
            for x in 0..<w {
                let source = (from * w + ((x - right) % w + w) % w) * c
                for channel in 0..<c { result[(y * w + x) * c + channel] = picture[source + channel] }
            }
        }
        return result
    }

    /// ∂/∂x of ½ Σ (differences of neighbours)²: how far each pixel is above the others around it.
    package static func totalVariationGradient(_ picture: [Float], _ h: Int, _ w: Int, _ c: Int) -> [Float] {
        var result = [Float](repeating: 0, count: picture.count)
        for y in 0..<h {
            for x in 0..<w {
                for channel in 0..<c {
                    let place = (y * w + x) * c + channel
                    if x + 1 < w {
                        let difference = picture[place + c] - picture[place]
                        result[place] -= difference
                        result[place + c] += difference
                    }
                    if y + 1 < h {
                        let difference = picture[place + w * c] - picture[place]
                        result[place] -= difference
                        result[place + w * c] += difference
                    }
                }
            }
        }
        return result
    }

    /// A Gaussian blur, the edge going on outside.
    static func blurred(_ picture: [Float], _ h: Int, _ w: Int, _ c: Int, sigma: Double) -> [Float] {
        let reach = max(1, Int((3 * sigma).rounded(.up)))
        var taps = (-reach...reach).map { Float(exp(-Double($0 * $0) / (2 * sigma * sigma))) }
        let sum = taps.reduce(0, +)
        taps = taps.map { $0 / sum }
        func pass(_ values: [Float], alongRows: Bool) -> [Float] {
            var result = values
            for y in 0..<h {
                for x in 0..<w {
                    for channel in 0..<c {
                        var total: Float = 0
                        for (tap, weight) in taps.enumerated() {
                            let offset = tap - reach
                            let row = alongRows ? y : min(max(y + offset, 0), h - 1)
                            let column = alongRows ? min(max(x + offset, 0), w - 1) : x
                            total += weight * values[(row * w + column) * c + channel]
                        }
                        result[(y * w + x) * c + channel] = total
                    }
                }
            }
            return result
        }
        return pass(pass(picture, alongRows: true), alongRows: false)
    }
}
