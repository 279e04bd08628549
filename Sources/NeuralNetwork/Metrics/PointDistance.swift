import TensorCore

/// The mean distance between points and where they should be, in the target's unit, such as pixels of key points.
///
/// A point is a row of the target's last axis, x and y, or more coordinates.
package struct PointDistance: Metric {
    private var coordinates = 2

    package init() {}

    package var description: MetricDescription {
        MetricDescription("pointDistance", title: "Mean distance of points")
    }
    package var transform: MetricDefinition.Transform { .ratio }
    package var targets: MetricTargets { .values }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        var (total, sum, place) = (0.0, 0.0, 0)
        target.forEachValue(of: output) { value, wanted in
            sum += (value - wanted) * (value - wanted)
            place += 1
            if place % coordinates == 0 {
                total += sum.squareRoot()
                sum = 0
            }
        }
        return [total, Double(output.count / coordinates)]
    }

    package func measuring(_ field: FieldDescription) -> any Metric {
        var copy = self
        copy.coordinates = field.shape.rank > 0 ? field.shape[-1] : 1
        return copy
    }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        guard target.shape.rank > 0, target.shape[-1] > 1 else {
            return "\(target.name) is \(target.shape), and a point has two coordinates or more; take mae"
        }
        return elementwiseProblem(output: output, target: target)
    }
}
