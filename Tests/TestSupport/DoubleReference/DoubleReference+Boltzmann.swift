import Autograd
import Foundation

extension DoubleReference {
    /// Σₙ F(vₙ) of a restricted Boltzmann machine with weights [H, V], hidden and visible biases.
    package static func freeEnergy(
        _ v: DoubleTensor, _ weight: DoubleTensor, _ bias: DoubleTensor, _ visibleBias: DoubleTensor,
        visible: BoltzmannUnits, hidden: BoltzmannUnits
    ) -> DoubleTensor {
        var total = 0.0
        for n in 0..<v.shape[0] {
            for i in 0..<v.shape[1] {
                let (value, a) = (v[n, i], visibleBias.values[i])
                total += visible == .binary ? -a * value : (value - a) * (value - a) / 2
            }
            for j in 0..<bias.count {
                let x = (0..<v.shape[1]).reduce(bias.values[j]) { $0 + weight[j, $1] * v[n, $1] }
                total -= hidden == .binary ? max(x, 0) + log1p(exp(-abs(x))) : x * x / 2
            }
        }
        return DoubleTensor([total], [])
    }
}
