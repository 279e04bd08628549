import Foundation
import Kernels
import Optimization
import Testing

/// LARS and LAMB against their papers' formulas in double precision, and their two passes.
@Suite struct LayerwiseRuleTests {
    /// Two matrices of which the first has three pieces, vectors, a frozen matrix, gaps, and a matrix of zeros.
    private static let spans = [
        ParameterSpan(name: "a.weight", offset: 0, count: 150_000, rowLength: 300),
        ParameterSpan(name: "a.bias", offset: 150_000, count: 7),
        ParameterSpan(name: "frozen.weight", offset: 150_016, count: 40, rowLength: 10),
        ParameterSpan(name: "b.weight", offset: 150_064, count: 77, rowLength: 11),
        ParameterSpan(name: "zero.weight", offset: 150_144, count: 6, rowLength: 3),
    ]
    private static let count = 150_150

    private static func groups() throws -> ParameterGroups {
        try ParameterGroups(
            spans, defaults: GroupSettings(weightDecay: 0.02),
            rules: [
                GroupRule("*.bias", weightDecay: 0), GroupRule("b.*", learningRateFactor: 0.5, l1: 0.01),
                GroupRule("frozen.*", isFrozen: true),
            ])
    }

    private static func parameters() -> FlatBuffer {
        let parameters = FlatBuffer(normal: count, stream: 1)
        for place in spans[4].range { parameters.pointer[place] = 0 }
        return parameters
    }

    private static func gradients(_ number: Int) -> FlatBuffer {
        FlatBuffer(normal: count, stream: 10 + number, scale: 32)
    }

    /// One update: measures in parts, then updates in parts, on threads.
    private func step(
        _ optimizer: Optimizer, _ parameters: FlatBuffer, _ gradients: FlatBuffer, _ slots: [FlatBuffer], number: Int,
        parts: Int = 1
    ) {
        nonisolated(unsafe) let sums = UnsafeMutablePointer<SquareSums>.allocate(capacity: optimizer.pieceCount)
        defer { sums.deallocate() }
        nonisolated(unsafe) let (weights, means, state) = (parameters.pointer, gradients.pointer, slots.map(\.pointer))
        withExtendedLifetime((parameters, gradients, slots)) {
            DispatchQueue.concurrentPerform(iterations: parts) { part in
                optimizer.measure(
                    optimizer.pieces(part: part, of: parts), into: sums, parameters: weights, gradients: means,
                    slots: state, learningRate: 0.1, gradientScale: 1 / 32, stepNumber: number)
            }
            DispatchQueue.concurrentPerform(iterations: parts) { part in
                optimizer.step(
                    parameters: weights, gradients: means, slots: state, learningRate: 0.1, gradientScale: 1 / 32,
                    stepNumber: number, sums: sums, part: part, of: parts)
            }
        }
    }

    /// The paper's rule in double precision for one parameter; returns the new weights.
    private typealias Twin = (
        _ theta: [Double], _ gradient: [Double], _ isMatrix: Bool, _ rate: Double, _ decay: Double, _ t: Int
    ) -> [Double]

    private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

    private func follow(_ rule: any UpdateRule, steps: Int, twins: [String: Twin]) throws {
        let groups = try Self.groups()
        let optimizer = try Optimizer(rule: rule, groups: groups, clipping: .value(limit: 2))
        #expect(optimizer.pieceCount == 3 + 1 + 1)
        let parameters = Self.parameters()
        let slots = optimizer.slots(learningRate: 0.1)
        var thetas = parameters.values.map(Double.init)
        for number in 1...steps {
            let gradients = Self.gradients(number)
            step(optimizer, parameters, gradients, slots, number: number)
            let summed = gradients.values
            for (span, settings) in zip(groups.spans, groups.settings) where !settings.isFrozen {
                let theta = Array(thetas[span.range])
                let gradient = span.range.map { place -> Double in
                    let sign = thetas[place] > 0 ? 1.0 : thetas[place] < 0 ? -1.0 : 0
                    return min(2, max(-2, Double(summed[place]) / 32)) + settings.l1 * sign
                }
                guard let twin = twins[span.name] else { continue }
                let next = twin(
                    theta, gradient, span.rowLength != nil, 0.1 * settings.learningRateFactor, settings.weightDecay,
                    number)
                thetas.replaceSubrange(span.range, with: next)
            }
            let values = parameters.values
            for (span, settings) in zip(groups.spans, groups.settings) where !settings.isFrozen {
                let worst = span.range.map { abs(Double(values[$0]) - thetas[$0]) }.max() ?? 0
                #expect(worst < 2e-5, "\(rule.name), \(span.name), step \(number)")
            }
        }
        #expect(spansAreUntouched(parameters))
    }

    private func spansAreUntouched(_ parameters: FlatBuffer) -> Bool {
        let before = Self.parameters().bits
        let after = parameters.bits
        return (Array(Self.spans[2].range) + [150_007, 150_143]).allSatisfy { before[$0] == after[$0] }
    }

    @Test func `LARS follows algorithm 1 of its paper`() throws {
        let twins = Dictionary(
            uniqueKeysWithValues: Self.spans.map { span -> (String, Twin) in
                var velocity = [Double](repeating: 0, count: span.count)
                return (
                    span.name,
                    { [norm] theta, gradient, isMatrix, rate, decay, _ in
                        let (size, slope) = (norm(theta), norm(gradient))
                        let ratio = isMatrix && size > 0 && slope > 0 ? 0.05 * size / (slope + decay * size) : 1
                        for i in velocity.indices {
                            velocity[i] = 0.8 * velocity[i] + rate * ratio * (gradient[i] + decay * theta[i])
                        }
                        return zip(theta, velocity).map { $0 - $1 }
                    }
                )
            })
        try follow(LARS(momentum: 0.8, trust: 0.05), steps: 20, twins: twins)
    }

    @Test func `LAMB follows algorithm 2 of its paper`() throws {
        let twins = Dictionary(
            uniqueKeysWithValues: Self.spans.map { span -> (String, Twin) in
                var m = [Double](repeating: 0, count: span.count)
                var v = m
                return (
                    span.name,
                    { [norm] theta, gradient, isMatrix, rate, decay, t in
                        for i in m.indices {
                            m[i] = 0.8 * m[i] + 0.2 * gradient[i]
                            v[i] = 0.95 * v[i] + 0.05 * gradient[i] * gradient[i]
                        }
                        let direction = theta.indices.map { i in
                            m[i] / (1 - pow(0.8, Double(t)))
                                / ((v[i] / (1 - pow(0.95, Double(t)))).squareRoot() + 1e-6) + decay * theta[i]
                        }
                        let (size, length) = (norm(theta), norm(direction))
                        let ratio = isMatrix && size > 0 && length > 0 ? size / length : 1
                        return zip(theta, direction).map { $0 - rate * ratio * $1 }
                    }
                )
            })
        try follow(LAMB(beta1: 0.8, beta2: 0.95), steps: 20, twins: twins)
    }

    @Test(arguments: [LARS(trust: 0.05), LAMB()] as [any UpdateRule])
    func `any number of threads, and updates that wait for the next forward pass, give the same bits`(
        rule: any UpdateRule
    ) throws {
        let optimizer = try Optimizer(rule: rule, groups: Self.groups(), lookahead: Lookahead(steps: 2))
        func train(_ update: (FlatBuffer, FlatBuffer, [FlatBuffer], Int) -> Void) -> [[UInt32]] {
            let parameters = Self.parameters()
            let slots = optimizer.slots(learningRate: 0.1)
            for number in 1...3 { update(parameters, Self.gradients(number), slots, number) }
            return [parameters.bits] + slots.map(\.bits)
        }
        let whole = train { step(optimizer, $0, $1, $2, number: $3) }
        for parts in [2, 3, 7] {
            #expect(train { step(optimizer, $0, $1, $2, number: $3, parts: parts) } == whole, "\(parts) parts")
        }
        let oneByOne = train { parameters, gradients, slots, number in
            let sums = UnsafeMutablePointer<SquareSums>.allocate(capacity: optimizer.pieceCount)
            defer { sums.deallocate() }
            withExtendedLifetime((parameters, gradients, slots)) {
                for span in Self.spans.reversed() {
                    optimizer.measure(
                        optimizer.pieces(in: span.range), into: sums, parameters: parameters.pointer,
                        gradients: gradients.pointer, slots: slots.map(\.pointer), learningRate: 0.1,
                        gradientScale: 1 / 32, stepNumber: number)
                    optimizer.step(
                        span.range, parameters: parameters.pointer, gradients: gradients.pointer,
                        slots: slots.map(\.pointer), learningRate: 0.1, gradientScale: 1 / 32, stepNumber: number,
                        sums: sums)
                }
            }
        }
        #expect(oneByOne == whole)
    }

    @Test func `a norm does not depend on where its parameter lies`() throws {
        func ratioMoves(offset: Int) throws -> [UInt32] {
            let groups = try ParameterGroups(
                [ParameterSpan(name: "w", offset: offset, count: 70_000, rowLength: 7)])
            let optimizer = try Optimizer(rule: LARS(), groups: groups)
            let parameters = FlatBuffer(
                [Float](repeating: 0, count: offset) + FlatBuffer(normal: 70_000, stream: 1).values)
            let gradients = FlatBuffer(
                [Float](repeating: 0, count: offset) + FlatBuffer(normal: 70_000, stream: 2).values)
            step(optimizer, parameters, gradients, optimizer.slots(learningRate: 0.1), number: 1)
            return Array(parameters.bits[offset...])
        }
        #expect(try ratioMoves(offset: 0) == ratioMoves(offset: 48))
    }
}
