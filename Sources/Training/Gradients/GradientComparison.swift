import Autograd
import Foundation
import JobHealth
import Kernels
import NeuralNetwork
import TensorCore

/// Backpropagation of a grain beside numerical derivatives of its loss, parameter by parameter.
///
/// Of each parameter some values are moved, one at a time, and the loss is computed again with the same samples and the
/// same random masks. The loss has single precision, so that what is smaller than its rounding can't be seen.
package struct GradientComparison {
    /// What is compared, and how exactly.
    package struct Settings: Sendable {
        /// Of training, that make up the grain.
        package var samples = 4
        /// Of the first values and everything random; nil for the configuration's.
        package var seed: UInt64?
        /// Values of each parameter: half of them where the gradient is largest, the others drawn.
        package var perParameter = 4
        /// The largest relative difference that passes.
        package var tolerance = 0.01

        package init() {}
    }

    /// What a comparison of one value says.
    package enum Verdict: Equatable, Sendable {
        case agrees
        /// The loss bends sharply near the value, so that it has no derivative that numbers could tell.
        case kink
        case differs
    }

    /// One value of a parameter.
    package struct Value: Equatable, Sendable {
        /// Its place in the parameter, row by row.
        package let index: Int
        package let backward: Double
        package let numerical: Double
        /// |backward − numerical|, relative to the larger of them or to what rounding leaves visible.
        package let difference: Double
        package let verdict: Verdict
    }

    /// The values of a parameter.
    package struct Comparison: Sendable {
        package let parameter: Parameter
        package let values: [Value]

        package func count(of verdict: Verdict) -> Int { values.count { $0.verdict == verdict } }
        /// The value that is farthest off, of those that the loss is smooth around; nil where there is none.
        package var worst: Value? {
            values.filter { $0.verdict != .kink }.max { $0.difference < $1.difference }
        }
    }

    private let objective: any Objective
    private let layout: GrainVectorLayout
    private let values: FlatBuffer
    private let batch: FieldBatch
    private let key: RandomKey
    private let settings: Settings
    private let tape: Tape
    private let vector: FlatBuffer

    /// - Parameters:
    ///   - layout: what is trained.
    ///   - values: of all parameters; they are moved and put back.
    ///   - key: of the grain's masks.
    package init(
        _ objective: any Objective, _ layout: GrainVectorLayout, values: FlatBuffer, batch: FieldBatch, key: RandomKey,
        _ settings: Settings = Settings()
    ) {
        self.objective = objective
        self.layout = layout
        self.values = values
        self.batch = batch
        self.key = key
        self.settings = settings
        tape = Tape(layout: layout.trained.arena, values: values)
        vector = FlatBuffer(count: layout.count)
    }

    /// All parameters that get a gradient, in order of use; nil where the loss or the gradient is not finite.
    package func run() -> [Comparison]? {
        guard let loss = pass() else { return [] }
        guard loss.sum.isFinite else { return nil }
        tape.backward(from: loss.variable)
        // Numbers are those of the mean loss.
        let weight = loss.weight > 0 ? loss.weight : 1
        let parameters = layout.trained.arena.parameters.filter { layout.trained.offset(of: $0.index) != nil }
        let gradients = parameters.map { parameter in
            let start = vector.pointer + (layout.trained.offset(of: parameter.index) ?? 0)
            return (0..<parameter.shape.count).map { Double(start[$0]) / weight }
        }
        guard gradients.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
        return zip(parameters, gradients).map { parameter, gradient in
            let distance = distance(of: parameter)
            return Comparison(
                parameter: parameter,
                values: places(in: gradient, parameter).map { index in
                    compare(parameter, index, gradient[index], distance: distance, weight: weight)
                })
        }
    }

    /// The loss of the grain, recorded; nil where there is none.
    private func pass() -> (variable: Variable, sum: Double, weight: Double)? {
        tape.begin(
            gradients: vector.pointer, layout: layout,
            carried: batch.lanes.map { CarriedLanes(lanes: $0, isStartOfSequence: true) })
        let result = objective(GrainContext(batch, on: tape, mode: .training(key), key: key))
        return result.loss.map { ($0, Double($0.value.pointer[0]), result.weight) }
    }

    /// How far values are moved at most: a quarter of their usual size, a power of two.
    private func distance(of parameter: Parameter) -> Float {
        let start = values.pointer + layout.trained.arena.offsets[parameter.index]
        let squares = (0..<parameter.shape.count).reduce(0.0) { $0 + Double(start[$1]) * Double(start[$1]) }
        let size = max((squares / Double(max(parameter.shape.count, 1))).squareRoot(), 0x1p-6)
        return Float(pow(2, (log2(size) - 2).rounded()))
    }

    /// Where the gradient is largest, and others.
    private func places(in gradient: [Double], _ parameter: Parameter) -> [Int] {
        let count = min(settings.perParameter, gradient.count)
        var places = Array(gradient.indices.sorted { abs(gradient[$0]) > abs(gradient[$1]) }.prefix((count + 1) / 2))
        let key = key.folding(name: parameter.name)
        var draw: UInt64 = 0
        while places.count < count {
            let place = key.integer(at: draw, below: gradient.count)
            if !places.contains(place) { places.append(place) }
            draw += 1
        }
        return places
    }

    /// How often distances are halved.
    private static let levels = 6
    /// Distances begin at these shares of the largest, from which kinks may be farther away.
    private static let scales: [Float] = [1, 0x1p-3, 0x1p-6]
    /// Between two values backward's derivatives are added up at so many.
    private static let pieces = 64

    private func compare(
        _ parameter: Parameter, _ index: Int, _ backward: Double, distance: Float, weight: Double
    ) -> Value {
        let place = values.pointer + layout.trained.arena.offsets[parameter.index] + index
        let own = place.pointee
        defer { place.pointee = own }
        let function = { (value: Float) -> Double in
            place.pointee = value
            Activity.beat()
            return (pass()?.sum ?? .nan) / weight
        }
        let noise = NumericalSlope.noise(at: own, step: distance * 0x1p-12, function)
        var first: (slope: NumericalSlope, gap: Double)?
        var slopes: [NumericalSlope] = []
        for scale in GradientComparison.scales {
            let slope = NumericalSlope(
                at: own, largest: distance * scale, levels: GradientComparison.levels, noise: noise, function)
            let gap = abs(backward - slope.derivative)
            let (size, visible) = (max(abs(backward), abs(slope.derivative)), 4 * slope.rounding)
            // Near by, rounding must not be what makes both agree.
            let isTold = first.map { visible <= $0.gap / 2 } ?? true
            if gap <= max(settings.tolerance * size, visible), isTold { return value(.agrees, slope) }
            if first == nil { first = (slope, gap) }
            slopes.append(slope)
        }
        guard let (slope, gap) = first, slope.derivative.isFinite else {
            return Value(index: index, backward: backward, numerical: .nan, difference: .nan, verdict: .kink)
        }
        // The table's entries scatter where distances meet different kinks.
        if slope.error - slope.rounding > gap / 4 { return value(.kink, slope) }
        // So do the slopes of several distances where there are kinks everywhere; where rounding leaves one of them
        // alone, there is no telling.
        let told = slopes.filter { 4 * $0.rounding <= gap / 2 }.map(\.derivative)
        guard told.count > 1, let least = told.min(), let most = told.max(), most - least <= gap / 4 else {
            return value(.kink, slope)
        }
        // Many small kinks, of a rectifier at each of a layer's positions, look like a smooth bend from all distances,
        // while backward has the slope between two of them.
        let derivative = { (value: Float) -> Double in
            place.pointee = value
            Activity.beat()
            return self.derivative(of: parameter, index) / weight
        }
        let sums = GradientComparison.scales.compactMap { scale in
            sum(own, distance * scale, noise: noise, visible: gap / 2, function, derivative)
        }
        return value(sums.contains(false) || sums.isEmpty ? .differs : .kink, slope)

        func value(_ verdict: Verdict, _ slope: NumericalSlope) -> Value {
            let gap = abs(backward - slope.derivative)
            let size = max(abs(backward), abs(slope.derivative), 4 * slope.rounding / settings.tolerance)
            return Value(
                index: index, backward: backward, numerical: slope.derivative, difference: gap == 0 ? 0 : gap / size,
                verdict: verdict)
        }
    }

    /// The derivative of the grain's loss that backward gives for a value where it is now.
    private func derivative(of parameter: Parameter, _ index: Int) -> Double {
        guard let loss = pass(), let start = layout.trained.offset(of: parameter.index) else { return .nan }
        tape.backward(from: loss.variable)
        return Double(vector.pointer[start + index])
    }

    /// Whether the loss changes from `own − distance` to `own + distance` by what backward's derivatives in between add
    /// up to, as those of a right backward do whatever kinks lie there; nil where there is no telling.
    ///
    /// The sum is the midpoint rule's. Where the derivative leaps within a piece, by what it has changed to the next at
    /// most, it is off by half of that.
    private func sum(
        _ own: Float, _ distance: Float, noise: Double, visible: Double, _ function: (Float) -> Double,
        _ derivative: (Float) -> Double
    ) -> Bool? {
        let count = GradientComparison.pieces
        let slopes = (0..<count).map {
            derivative(own + distance * (Float(2 * $0 + 1) / Float(count) - 1))
        }
        let (left, right) = (own - distance, own + distance)
        let (low, high, width) = (function(left), function(right), Double(right) - Double(left))
        let (mean, change) = (slopes.reduce(0, +) / Double(count), (high - low) / width)
        let leaps = zip(slopes, slopes.dropFirst()).reduce(0) { $0 + abs($1.1 - $1.0) } / Double(2 * count)
        let slack = leaps + 8 * max(noise, 0x1p-24 * max(abs(low), abs(high))) / width
        // Not where something is not finite, either.
        guard slack <= visible, (mean - change).isFinite else { return nil }
        return abs(mean - change) <= settings.tolerance * max(abs(mean), abs(change)) + slack
    }
}
