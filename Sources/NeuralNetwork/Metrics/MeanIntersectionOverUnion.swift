import TensorCore

/// The mean over classes of intersection over union, TP / (TP + FP + FN), each counted over all rows of an evaluation
/// (Everingham et al. 2015, "The PASCAL visual object classes challenge: a retrospective", section 3.1): how well the
/// class of every pixel is known.
///
/// A class that no row has and none is taken for is left out of the mean. A row with a NaN is wrong.
package struct MeanIntersectionOverUnion: Metric {
    private var classes = 2

    package init() {}

    package var description: MetricDescription {
        MetricDescription(
            "meanIoU", title: "Intersection over union, mean of all classes", higherIsBetter: true, format: .fraction)
    }
    package var transform: MetricDefinition.Transform { .meanOfCountedRatios(classes) }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        let rows = target.rowCount(for: output)
        let columns = output.count / max(rows, 1)
        // Of each class the intersection and the union.
        var sums = [Double](repeating: 0, count: 2 * classes)
        for row in 0..<rows {
            let right = target.largestClass(row: row, columns: columns)
            let chosen = chosenClass(output.pointer + row * columns, columns)
            if right >= 0 { sums[2 * right + 1] += 1 }
            if chosen >= 0, chosen == right {
                sums[2 * chosen] += 1
            } else if chosen >= 0 {
                sums[2 * chosen + 1] += 1
            }
        }
        return sums
    }

    package func measuring(_ field: FieldDescription) -> any Metric {
        var copy = self
        copy.classes = field.meaning.choiceCount ?? max(field.shape.rank > 0 ? field.shape[-1] : 1, 2)
        return copy
    }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        hasOneScoreForTwoClasses(output: output, target: target)
            ? nil : elementwiseProblem(output: output, target: target)
    }
}
