/// L-BFGS with the two-loop recursion (Nocedal and Wright 2006, algorithm 7.4) and a backtracking search that asks for
/// sufficient decrease (Armijo 1966), in double precision.
package struct LimitedMemoryBFGS {
    /// Pairs of steps and changes of the gradient that are kept.
    private let memory: Int
    private var steps: [[Double]] = []
    private var changes: [[Double]] = []
    private var last: (point: [Double], gradient: [Double])?

    package init(memory: Int = 10) { self.memory = memory }

    /// One iteration: a point that is lower, or the same where none is found.
    ///
    /// - Parameters:
    ///   - value, gradient: at the point.
    ///   - evaluate: the function; called once for each length that is tried.
    /// - Returns: where it went, with the value and the gradient there; and whether it moved.
    package mutating func step(
        from point: [Double], value: Double, gradient: [Double],
        _ evaluate: ([Double]) -> (value: Double, gradient: [Double])
    ) -> (point: [Double], value: Double, gradient: [Double], moved: Bool) {
        remember(point, gradient)
        var direction = self.direction(gradient)
        var slope = dot(direction, gradient)
        if !(slope < 0) {
            // What is remembered does not fit: down the gradient.
            (steps, changes) = ([], [])
            direction = gradient.map { -$0 }
            slope = dot(direction, gradient)
        }
        guard slope < 0 else { return (point, value, gradient, false) }
        var length = steps.isEmpty ? min(1, 1 / max(dot(gradient, gradient).squareRoot(), 1e-300)) : 1
        for _ in 0..<20 {
            let next = zip(point, direction).map { $0 + length * $1 }
            let made = evaluate(next)
            if made.value.isFinite, made.value <= value + 1e-4 * length * slope {
                last = (point, gradient)
                return (next, made.value, made.gradient, true)
            }
            length /= 2
        }
        return (point, value, gradient, false)
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
