import TensorCore

/// The mean intersection over union of boxes: the area that a box and the one that it should be share, over what they
/// cover together (Everingham et al. 2010, "The PASCAL visual object classes challenge", section 4.2).
///
/// A box is the left, top, right and bottom edge, in any unit. One whose right edge lies left of its left one, or that
/// has a NaN, covers nothing.
package struct BoxIntersectionOverUnion: Metric {
    package init() {}

    package var description: MetricDescription {
        MetricDescription(
            "boxIoU", title: "Intersection over union of boxes", higherIsBetter: true, format: .fraction)
    }
    package var transform: MetricDefinition.Transform { .ratio }
    package var targets: MetricTargets { .values }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        guard case .values(let boxes) = target else { preconditionFailure("boxIoU: no boxes to compare with") }
        precondition(boxes.count == output.count, "boxIoU: boxes \(boxes.shape) for an output \(output.shape)")
        let count = output.count / 4
        var total = 0.0
        for box in 0..<count {
            total += Self.intersectionOverUnion(edges(output, box), edges(boxes, box))
        }
        return [total, Double(count)]
    }

    private func edges(_ tensor: Tensor, _ box: Int) -> SIMD4<Double> {
        SIMD4(SIMD4<Float>((0..<4).map { tensor.pointer[4 * box + $0] }))
    }

    /// Of two boxes, each left, top, right, bottom.
    package static func intersectionOverUnion(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> Double {
        func area(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> Double {
            right > left && bottom > top ? (right - left) * (bottom - top) : 0
        }
        let shared = area(max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
        let all = area(a[0], a[1], a[2], a[3]) + area(b[0], b[1], b[2], b[3]) - shared
        return all > 0 && all.isFinite ? shared / all : 0
    }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        guard target.shape.count % 4 == 0, target.shape.rank > 0, target.shape[-1] == 4 else {
            return "\(target.name) is \(target.shape), and a box has four edges: left, top, right, bottom"
        }
        return elementwiseProblem(output: output, target: target)
    }
}
