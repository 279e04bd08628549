import TensorCore

/// R² = 1 − Σ(output − target)² / Σ(target − mean target)², over all values: 1 is perfect, 0 as good as the mean.
///
/// The second sum is taken as Σt² − (Σt)² / n. In training its terms travel as 32-bit floats, so the value has a
/// relative error of about 10⁻⁷ · mean² / variance of the targets; in validation it is exact in 64 bits.
package struct CoefficientOfDetermination: Metric {
    package init() {}

    package var description: MetricDescription { MetricDescription("r2", title: "R²", higherIsBetter: true) }
    package var transform: MetricDefinition.Transform { .determination }
    package var targets: MetricTargets { .values }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        var (residual, total, squares) = (0.0, 0.0, 0.0)
        target.forEachValue(of: output) { value, target in
            residual += (value - target) * (value - target)
            total += target
            squares += target * target
        }
        return [residual, Double(output.count), total, squares]
    }
}
