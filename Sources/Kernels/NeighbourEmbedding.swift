import Glibc

/// ∂ KL(P ‖ Q) / ∂ y of t-SNE (van der Maaten and Hinton 2008, equation 5):
/// 4 Σⱼ (pᵢⱼ − qᵢⱼ) (yᵢ − yⱼ) / (1 + ‖yᵢ − yⱼ‖²), over all pairs; O(count²).
///
/// - Parameters:
///   - p: [count, count], symmetric, of sum 1.
///   - points: [count, 2]
///   - exaggeration: what p is multiplied by, for the gradient alone.
///   - gradient: [count, 2]
/// - Returns: the divergence.
package func neighbourGradient(
    _ p: [Double], points: [Double], count: Int, exaggeration: Double, into gradient: inout [Double]
) -> Double {
    precondition(p.count == count * count && points.count == 2 * count && gradient.count == 2 * count)
    var total = 0.0
    for i in 0..<count {
        let (x, y) = (points[2 * i], points[2 * i + 1])
        for j in 0..<i {
            let (dx, dy) = (x - points[2 * j], y - points[2 * j + 1])
            total += 2 / (1 + dx * dx + dy * dy)
        }
    }
    var divergence = 0.0
    for i in 0..<count {
        let (x, y) = (points[2 * i], points[2 * i + 1])
        var (sumX, sumY) = (0.0, 0.0)
        for j in 0..<count where j != i {
            let (dx, dy) = (x - points[2 * j], y - points[2 * j + 1])
            let near = 1 / (1 + dx * dx + dy * dy)
            let q = near / total
            let own = p[i * count + j]
            if own > 0 { divergence += own * log(own / max(q, 1e-300)) }
            let force = (exaggeration * own - q) * near
            sumX += force * dx
            sumY += force * dy
        }
        gradient[2 * i] = 4 * sumX
        gradient[2 * i + 1] = 4 * sumY
    }
    return divergence
}
