/// L-BFGS with the two-loop recursion (Nocedal and Wright 2006, algorithm 7.4) and a backtracking search that asks for
/// sufficient decrease (Armijo 1966), in double precision.
///
/// Within bounds it goes along the projection of its direction, and coordinates that stand at a bound and would leave
/// are held there (as the projected gradient methods of Nocedal and Wright 2006, section 16.7).
package struct LimitedMemoryBFGS {
    /// Pairs of steps and changes of the gradient that are kept.
    private let memory: Int
    /// Coordinate i stays within number i mod their count; none if it is empty.
    private let bounds: [ClosedRange<Double>]
    private var steps: [[Double]] = []
    private var changes: [[Double]] = []
    private var last: (point: [Double], gradient: [Double])?

    /// - Parameter bounds: coordinate i stays within number i mod their count; empty for no bounds.
    package init(memory: Int = 10, bounds: [ClosedRange<Double>] = []) {
        self.memory = memory
        self.bounds = bounds
    }

    /// One iteration: a point that is lower, or the same where none is found.
    ///
    /// - Parameters:
    ///   - point: within the bounds.
    ///   - value, gradient: at the point.
    ///   - evaluate: the function; called once for each length that is tried.
    /// - Returns: where it went, with the value and the gradient there; and whether it moved.
    package mutating func step(
        from point: [Double], value: Double, gradient: [Double],
        _ evaluate: ([Double]) -> (value: Double, gradient: [Double])
    ) -> (point: [Double], value: Double, gradient: [Double], moved: Bool) {
        let free = point.indices.map { bounds.isEmpty || !leaves(point[$0], gradient[$0], $0) }
        let gradientInside = gradient.indices.map { free[$0] ? gradient[$0] : 0 }
        remember(point, gradientInside)
        // Where what is remembered does not fit: down the gradient.
        for isRemembered in steps.isEmpty ? [false] : [true, false] {
            if !isRemembered { (steps, changes) = ([], []) }
            var direction = self.direction(gradientInside)
            for index in direction.indices where !free[index] { direction[index] = 0 }
            if !(dot(direction, gradientInside) < 0) { continue }
            var length =
                isRemembered ? 1 : min(1, 1 / max(dot(gradientInside, gradientInside).squareRoot(), 1e-300))
            for _ in 0..<20 {
                let next = point.indices.map { within(point[$0] + length * direction[$0], $0) }
                let made = evaluate(next)
                let expected = point.indices.reduce(0) { $0 + gradient[$1] * (next[$1] - point[$1]) }
                if made.value.isFinite, expected < 0, made.value <= value + 1e-4 * expected {
                    last = (point, gradientInside)
                    return (next, made.value, made.gradient, true)
                }
                length /= 2
            }
        }
        return (point, value, gradient, false)
    }

    /// Whether a coordinate stands at a bound and going down would leave it.
    private func leaves(_ coordinate: Double, _ slope: Double, _ index: Int) -> Bool {
        let bound = bounds[index % bounds.count]
        return slope > 0 ? coordinate <= bound.lowerBound : coordinate >= bound.upperBound
    }

    private func within(_ coordinate: Double, _ index: Int) -> Double {
        if bounds.isEmpty { return coordinate }
        let bound = bounds[index % bounds.count]
        return min(max(coordinate, bound.lowerBound), bound.upperBound)
    }

    /// Keeps the latest step where the function curves upwards along it.
    private mutating func remember(_ point: [Double], _ gradient: [Double]) {
        guard let last else { return }
        let step = zip(point, last.point).map { $0 - $1 }
        let change = zip(gradient, last.gradient).map { $0 - $1 }
        guard dot(step, change) > 1e-10 * dot(change, change).squareRoot() * dot(step, step).squareRoot() else {
            return
        }
        steps.append(step)
        changes.append(change)
        if steps.count > memory {
            steps.removeFirst()
            changes.removeFirst()
        }
    }

    private func direction(_ gradient: [Double]) -> [Double] {
        var q = gradient
        var shares: [Double] = []
        for (step, change) in zip(steps, changes).reversed() {
            let share = dot(step, q) / dot(step, change)
            shares.append(share)
            for index in q.indices { q[index] -= share * change[index] }
        }
        if let step = steps.last, let change = changes.last {
            let scale = dot(step, change) / dot(change, change)
            for index in q.indices { q[index] *= scale }
        }
        for (place, pair) in zip(steps, changes).enumerated() {
            let back = dot(pair.1, q) / dot(pair.0, pair.1)
            let share = shares[shares.count - 1 - place] - back
            for index in q.indices { q[index] += share * pair.0[index] }
        }
        return q.map { -$0 }
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }
}
