import Foundation

/// A small restricted Boltzmann machine in double precision, whose probabilities come from going through all states:
/// what sampling is compared with. Hidden units are binary, visible ones binary or Gaussian.
struct ExactBoltzmannMachine {
    /// [H][V]
    let weight: [[Double]]
    let bias: [Double]
    let visibleBias: [Double]
    let isGaussian: Bool

    /// How likely each of some values is.
    typealias Distribution = [(values: [Double], probability: Double)]

    private static func states(_ count: Int) -> [[Double]] {
        (0..<1 << count).map { state in (0..<count).map { Double(state >> $0 & 1) } }
    }

    private var hiddenStates: [[Double]] { Self.states(bias.count) }

    func hiddenMeans(_ v: [Double]) -> [Double] {
        weight.indices.map { j in 1 / (1 + exp(-bias[j] - zip(weight[j], v).reduce(0) { $0 + $1.0 * $1.1 })) }
    }

    func visibleMeans(_ h: [Double]) -> [Double] {
        visibleBias.indices.map { i in
            let input = visibleBias[i] + weight.indices.reduce(0) { $0 + weight[$1][i] * h[$1] }
            return isGaussian ? input : 1 / (1 + exp(-input))
        }
    }

    private func chance(_ state: [Double], means: [Double]) -> Double {
        zip(state, means).reduce(1) { $0 * ($1.0 > 0.5 ? $1.1 : 1 - $1.1) }
    }

    func freeEnergy(_ v: [Double]) -> Double {
        let inputs = weight.indices.map { j in bias[j] + zip(weight[j], v).reduce(0) { $0 + $1.0 * $1.1 } }
        let own = zip(v, visibleBias).reduce(0) { sum, pair in
            sum + (isGaussian ? (pair.0 - pair.1) * (pair.0 - pair.1) / 2 : -pair.0 * pair.1)
        }
        return own - inputs.reduce(0) { $0 + log(1 + exp($1)) }
    }

    /// The squared difference of a sample and the visible means after hidden units are drawn, on average.
    func reconstructionError(_ v: [Double]) -> Double {
        hidden(after: [(v, 1)]).reduce(0) { sum, hidden in
            sum + hidden.probability
                * zip(v, visibleMeans(hidden.values)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
    }

    /// ∂F/∂(W, b, a) one after another, where the hidden units have these values or means.
    private func derivative(_ v: [Double], _ h: [Double]) -> [Double] {
        h.flatMap { h in v.map { -h * $0 } } + h.map { -$0 }
            + zip(v, visibleBias).map { isGaussian ? $1 - $0 : -$0 }
    }

    private func mean(_ distribution: Distribution, of derivative: ([Double]) -> [Double]) -> [Double] {
        var sum: [Double] = []
        for (values, probability) in distribution {
            let part = derivative(values)
            if sum.isEmpty { sum = part.map { _ in 0 } }
            for i in part.indices { sum[i] += probability * part[i] }
        }
        return sum
    }

    /// The hidden values of a chain that has come to visible values.
    private func hidden(after visible: Distribution) -> Distribution {
        hiddenStates.map { h in
            (h, visible.reduce(0) { $0 + $1.probability * chance(h, means: hiddenMeans($1.values)) })
        }
    }

    /// Binary visible values after full steps from some.
    private func visible(after steps: Int, from start: [Double]) -> Distribution {
        var visible: Distribution = [(start, 1)]
        for _ in 0..<steps {
            let hidden = hidden(after: visible)
            visible = Self.states(visibleBias.count).map { v in
                (v, hidden.reduce(0) { $0 + $1.probability * chance(v, means: visibleMeans($1.values)) })
            }
        }
        return visible
    }

    /// P(v) of binary visible units.
    func visibleDistribution() -> Distribution {
        let weights = Self.states(visibleBias.count).map { ($0, exp(-freeEnergy($0))) }
        let total = weights.reduce(0) { $0 + $1.1 }
        return weights.map { ($0.0, $0.1 / total) }
    }

    /// What the gradient of CD-k is on average over all chains, for a sample of the data.
    ///
    /// - Parameter endsWithMeans: whether the chain ends with the visible units' means. Of Gaussian units this, and one
    ///   step, is what can be gone through.
    func contrastiveDivergence(_ data: [[Double]], steps: Int, endsWithMeans: Bool) -> [Double] {
        let parts = data.map { v -> [Double] in
            let end: Distribution =
                endsWithMeans
                ? hidden(after: visible(after: steps - 1, from: v)).map { (visibleMeans($0.values), $0.probability) }
                : visible(after: steps, from: v)
            let chain = mean(end) { derivative($0, hiddenMeans($0)) }
            return zip(derivative(v, hiddenMeans(v)), chain).map { $0 - $1 }
        }
        return parts[0].indices.map { i in parts.reduce(0) { $0 + $1[i] } / Double(data.count) }
    }

    /// The gradient of −log P(v), on average over the data: from all hidden states, with the visible ones summed or
    /// integrated out.
    func likelihood(_ data: [[Double]]) -> [Double] {
        let logs = hiddenStates.map { h -> Double in
            let inputs = visibleBias.indices.map { i in
                visibleBias[i] + weight.indices.reduce(0) { $0 + weight[$1][i] * h[$1] }
            }
            let ofVisible = zip(inputs, visibleBias).reduce(0) { sum, pair in
                sum + (isGaussian ? (pair.0 * pair.0 - pair.1 * pair.1) / 2 : log(1 + exp(pair.0)))
            }
            return ofVisible + zip(bias, h).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let total = logs.reduce(0) { $0 + exp($1) }
        let model = mean(zip(hiddenStates, logs).map { ($0, exp($1) / total) }) { derivative(visibleMeans($0), $0) }
        let positive = data.map { derivative($0, hiddenMeans($0)) }
        return model.indices.map { i in positive.reduce(0) { $0 + $1[i] } / Double(data.count) - model[i] }
    }
}
