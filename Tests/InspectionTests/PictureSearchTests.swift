import Autograd
import DataPipeline
import Inspection
import Kernels
import NeuralNetwork
import Optimization
import TensorCore
import TestSupport
import Testing

/// Ascent, style, peaks, kernels.
@Suite struct PictureSearchTests {
    private let pool = StoragePool()

    @Test func `total variation's gradient is the slope of half the squares of differences`() {
        var numbers = TestNumbers(seed: 1)
        let x = numbers.floats(4 * 5 * 2)
        func energy(_ x: [Float]) -> Double {
            var sum = 0.0
            for y in 0..<4 {
                for column in 0..<5 {
                    for channel in 0..<2 {
                        let own = Double(x[(y * 5 + column) * 2 + channel])
                        if column < 4 {
                            sum +=
                                (Double(x[(y * 5 + column + 1) * 2 + channel]) - own)
                                * (Double(x[(y * 5 + column + 1) * 2 + channel]) - own) / 2
                        }
                        if y < 3 {
                            sum +=
                                (Double(x[((y + 1) * 5 + column) * 2 + channel]) - own)
                                * (Double(x[((y + 1) * 5 + column) * 2 + channel]) - own) / 2
                        }
                    }
                }
            }
            return sum
        }
        let gradient = Ascent.totalVariationGradient(x, 4, 5, 2)
        for index in x.indices {
            var (above, below) = (x, x)
            above[index] += 0x1p-6
            below[index] -= 0x1p-6
            let slope = (energy(above) - energy(below)) / Double(above[index] - below[index])
            #expect(abs(slope - Double(gradient[index])) < 1e-5)
        }
    }

    @Test func `ascent raises a unit, within black and white, and is the same each time`() throws {
        let model = try Model(
            name: "net", input: [8, 8, 1],
            layers: [.named("c", .convolution(.init(filters: 2, kernel: .init(3)))), .named("r", .relu)])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 2))
        let tape = Tape(layout: model.layout, values: values)
        let ascent = Ascent(try TappedGraph(model, to: ["c"]), limits: [(-1, 1)], on: tape)
        let start = Tensor(
            Noise.normal(count: 64, key: RandomKey(seed: 3)).map { $0 / 10 }, [1, 8, 8, 1], pool: tape.pool)
        func run(_ steps: Int) -> (picture: [Float], value: Double) {
            ascent(start, .init(steps: steps), key: RandomKey(seed: 1)) { value in
                let gradient = Tensor(value.shape, pool: tape.pool)
                gradient.fill(0)
                var sum = 0.0
                for place in stride(from: 1, to: value.count, by: 2) {
                    gradient.pointer[place] = 1
                    sum += Double(value.pointer[place])
                }
                return (gradient, sum)
            }
        }
        let (first, last) = (run(1), run(60))
        #expect(last.value > first.value + 1)
        #expect(last.picture.allSatisfy { abs($0) <= 1 })
        #expect(run(60).picture == last.picture)
    }

    @Test func `a picture that is its own style and content has no loss, and the gradient of others is the slope`()
        throws
    {
        let model = try Model(
            name: "net", input: [6, 6, 3],
            layers: [
                .named("c", .convolution(.init(filters: 4, kernel: .init(3)))), .named("t", .activation("tanh")),
                .named("d", .convolution(.init(filters: 3, kernel: .init(3)))),
            ])
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: 2))
        let tape = Tape(layout: model.layout, values: values)
        var numbers = TestNumbers(seed: 4)
        let (content, style) = (numbers.floats(108), numbers.floats(108))
        let graph = try TappedGraph(model, to: ["c", "t", "d"])
        func transfer(_ style: [Float], variation: Double) -> StyleTransfer {
            StyleTransfer(
                graph, content: Tensor(content, [1, 6, 6, 3], pool: tape.pool), styleGraph: graph,
                style: Tensor(style, [1, 6, 6, 3], pool: tape.pool), styleTape: tape,
                weights: .init(content: 2, style: 30, totalVariation: variation), on: tape)
        }
        #expect(transfer(content, variation: 0).loss(content).total == 0)
        let own = transfer(style, variation: 0.1)
        let picture = numbers.floats(108)
        let loss = own.loss(picture)
        #expect(abs(loss.total - (2 * loss.content + 30 * loss.style + 0.1 * loss.totalVariation)) < 1e-9 * loss.total)
        for _ in 0..<4 {
            let direction = picture.map { _ in numbers.word() & 1 == 0 ? Float(1) : -1 }
            func at(_ distance: Float) -> Double { own.loss(zip(picture, direction).map { $0 + distance * $1 }).total }
            let slope = zip(loss.gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let difference = (at(0x1p-8) - at(-0x1p-8)) / 0x1p-7
            let size = loss.gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(slope - difference) < 0.01 * size * 10, "\(slope) and \(difference)")
        }
    }

    @Test func `L-BFGS stays within bounds, and finds the lowest point there`() {
        // Σ aᵢ (xᵢ − tᵢ)² + (x₀ − x₁)²: three targets lie outside of 0…1, and the others pull at each other.
        let (targets, weights) = ([0.2, 0.9, 3.0, -2.0, 1.5, 0.5], [1.0, 2, 30, 0.1, 1, 100])
        func evaluate(_ x: [Double]) -> (value: Double, gradient: [Double]) {
            for value in x { #expect((0...1).contains(value)) }
            var value = (x[0] - x[1]) * (x[0] - x[1])
            var gradient = zip(zip(x, targets), weights).map { 2 * $1 * ($0.0 - $0.1) }
            for (place, weight) in weights.enumerated() {
                value += weight * (x[place] - targets[place]) * (x[place] - targets[place])
            }
            gradient[0] += 2 * (x[0] - x[1])
            gradient[1] -= 2 * (x[0] - x[1])
            return (value, gradient)
        }
        var search = LimitedMemoryBFGS(bounds: [0...1])
        var point = [Double](repeating: 0.5, count: 6)
        var (value, gradient) = evaluate(point)
        for _ in 0..<60 {
            let made = search.step(from: point, value: value, gradient: gradient, evaluate)
            (point, value, gradient) = (made.point, made.value, made.gradient)
        }
        // x₀ − 0.2 = x₁ − x₀ and 2 (x₁ − 0.9) = x₀ − x₁.
        for (found, expected) in zip(point, [0.48, 0.76, 1, 0, 1, 0.5]) { #expect(abs(found - expected) < 1e-6) }
    }

    @Test func `L-BFGS finds the bottom of Rosenbrock's valley`() {
        func evaluate(_ p: [Double]) -> (value: Double, gradient: [Double]) {
            let (x, y) = (p[0], p[1])
            return (
                (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x),
                [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]
            )
        }
        var search = LimitedMemoryBFGS()
        var point = [-1.2, 1.0]
        var (value, gradient) = evaluate(point)
        for _ in 0..<100 {
            let made = search.step(from: point, value: value, gradient: gradient, evaluate)
            #expect(made.value <= value)
            (point, value, gradient) = (made.point, made.value, made.gradient)
        }
        #expect(abs(point[0] - 1) < 1e-4 && abs(point[1] - 1) < 1e-4)
    }
}
