import Optimization
import Testing

/// The decks' momentum, whose velocity contains the rate, beside PyTorch's.
@Suite struct MomentumFormTests {
    /// The slope of ½ Σ c (θ − 1)², by elements.
    private func slope(_ theta: [Double]) -> [Double] {
        zip(theta, 1...).map { theta, index in 0.1 * Double(index) * (theta - 1) }
    }

    /// Twenty updates down the slope; the rate of each.
    private func path(_ rule: Momentum, rates: [Double]) -> [Double] {
        let parameters = FlatBuffer([3, -2, 0.5, -4])
        let velocity = FlatBuffer([0, 0, 0, 0])
        for (index, rate) in rates.enumerated() {
            let gradients = FlatBuffer(slope(parameters.values.map(Double.init)).map { Float($0) })
            rule.update(
                0..<4, parameters: parameters, gradients: gradients, slots: [velocity],
                step: UpdateStep(learningRate: rate, number: index + 1))
        }
        return parameters.values.map(Double.init)
    }

    private func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? 0 }

    private let constant = [Double](repeating: 0.3, count: 20)
    private let falling = [Double](repeating: 0.3, count: 10) + [Double](repeating: 0.03, count: 10)

    @Test(arguments: [false, true])
    func `both forms are equal at a constant rate, and differ after a decay`(nesterov: Bool) {
        let torch = Momentum(momentum: 0.8, nesterov: nesterov)
        let deck = Momentum(momentum: 0.8, nesterov: nesterov, form: .deck)
        #expect(distance(path(torch, rates: constant), path(deck, rates: constant)) < 1e-5)
        #expect(distance(path(torch, rates: falling), path(deck, rates: falling)) > 0.01)
    }

    /// v ← γ v + η ∇L(θ); θ ← θ − v (deck 1, page 722; v is meant where it says Θ).
    @Test func `momentum is the decks' own formula, whatever the rate does`() {
        var theta = [3.0, -2, 0.5, -4]
        var velocity = [0.0, 0, 0, 0]
        for rate in falling {
            let gradient = slope(theta)
            for i in theta.indices {
                velocity[i] = 0.8 * velocity[i] + rate * gradient[i]
                theta[i] -= velocity[i]
            }
        }
        #expect(distance(path(Momentum(momentum: 0.8, form: .deck), rates: falling), theta) < 1e-5)
    }

    /// v ← γ v + η ∇L(θ − γ v); θ ← θ − v (deck 1, page 734). Our weights are the point ahead, θ − γ v.
    @Test func `Nesterov's gradient is that at the point ahead, which our weights are`() {
        var theta = [3.0, -2, 0.5, -4]
        var velocity = [0.0, 0, 0, 0]
        for rate in falling {
            let gradient = slope(zip(theta, velocity).map { $0 - 0.8 * $1 })
            for i in theta.indices {
                velocity[i] = 0.8 * velocity[i] + rate * gradient[i]
                theta[i] -= velocity[i]
            }
        }
        let ahead = zip(theta, velocity).map { $0 - 0.8 * $1 }
        let rule = Momentum(momentum: 0.8, nesterov: true, form: .deck)
        #expect(distance(path(rule, rates: falling), ahead) < 1e-5)
        #expect(distance(path(rule, rates: falling), theta) > 0.001)
    }
}
