import Foundation
import Optimization

/// A function of two numbers on which update rules are watched.
package enum DescentFunction: String, CaseIterable, Sendable {
    /// x² − y²: the way down begins flat.
    case saddle
    /// x²/2 + 10 y²: steep across and flat along.
    case valley
    /// (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)², smallest at (3, 0.5) (Beale 1958).
    case beale

    package func value(_ x: Double, _ y: Double) -> Double {
        switch self {
        case .saddle: return x * x - y * y
        case .valley: return x * x / 2 + 10 * y * y
        case .beale:
            let (a, b, c) = (1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y)
            return a * a + b * b + c * c
        }
    }

    package func gradient(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        switch self {
        case .saddle: return (2 * x, -2 * y)
        case .valley: return (x, 20 * y)
        case .beale:
            let (a, b, c) = (1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y)
            return (
                2 * a * (y - 1) + 2 * b * (y * y - 1) + 2 * c * (y * y * y - 1),
                2 * a * x + 4 * b * x * y + 6 * c * x * y * y
            )
        }
    }

    /// Where descents begin.
    package var start: (x: Double, y: Double) {
        switch self {
        case .saddle: (1, 0.001)
        case .valley: (-4, 1)
        case .beale: (1, 1.5)
        }
    }

    /// What is drawn.
    package var window: (x: ClosedRange<Double>, y: ClosedRange<Double>) {
        switch self {
        case .saddle: (-1.5...1.5, -1.5...1.5)
        case .valley: (-5...5, -5...5)
        case .beale: (-1...4.5, -2.75...2.75)
        }
    }

    /// The lowest point that is drawn, for heights on a logarithmic scale.
    package var floor: Double {
        switch self {
        case .saddle: -2.25
        case .valley, .beale: 0
        }
    }
}

/// The path of an update rule down a function of two numbers, by the product's own code in single precision.
package struct Descent: Sendable {
    package let rule: String
    /// The start and where each step leads.
    package private(set) var path: [(x: Double, y: Double)]

    package init(_ rule: any UpdateRule, on function: DescentFunction, learningRate: Double, steps: Int) {
        self.rule = rule.name
        let start = function.start
        path = [start]
        // Two numbers, in memory as a vector's registers want it.
        var (parameters, gradients) = ([Float](repeating: 0, count: 16), [Float](repeating: 0, count: 16))
        (parameters[0], parameters[1]) = (Float(start.x), Float(start.y))
        var slots = rule.slots.map { slot in
            switch slot.initial {
            case .zero: [Float](repeating: 0, count: 16)
            case .learningRate: [Float](repeating: Float(learningRate), count: 16)
            case .weights: parameters
            }
        }
        for number in 1...max(steps, 1) where steps > 0 {
            let slope = function.gradient(Double(parameters[0]), Double(parameters[1]))
            (gradients[0], gradients[1]) = (Float(slope.x), Float(slope.y))
            let step = UpdateStep(learningRate: learningRate, number: number)
            Descent.update(rule, count: 2, &parameters, gradients, &slots, step)
            path.append((Double(parameters[0]), Double(parameters[1])))
            if !parameters[0].isFinite || !parameters[1].isFinite { break }
        }
    }

    /// One update of so many numbers.
    static func update(
        _ rule: any UpdateRule, count: Int, _ parameters: inout [Float], _ gradients: [Float], _ slots: inout [[Float]],
        _ step: UpdateStep
    ) {
        // The rule takes pointers, so that arrays lend theirs one after the other.
        func lend(
            _ index: Int, _ pointers: [UnsafeMutablePointer<Float>], _ body: ([UnsafeMutablePointer<Float>]) -> Void
        ) {
            guard index < slots.count else { return body(pointers) }
            var own = slots[index]
            own.withUnsafeMutableBufferPointer { buffer in
                if let base = buffer.baseAddress { lend(index + 1, pointers + [base], body) }
            }
            slots[index] = own
        }
        lend(0, []) { pointers in
            parameters.withUnsafeMutableBufferPointer { parameters in
                gradients.withUnsafeBufferPointer { gradients in
                    if let p = parameters.baseAddress, let g = gradients.baseAddress {
                        rule.update(0..<count, parameters: p, gradients: g, slots: pointers, step: step)
                    }
                }
            }
        }
    }
}
