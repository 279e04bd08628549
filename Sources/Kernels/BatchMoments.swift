/// Moments of several sets of rows become those of all of them, for batch normalisation over a whole batch.
///
/// A set's moments are n | mean of each channel | Σ (x − mean)² of each channel: 1 + 2 · channels numbers. In Double
/// their rounding does not show in a Float, and the merging is a small part of the work.

/// `moments` ← those of the two sets together, by the updating formula of Chan, Golub and LeVeque 1979.
///
/// The squares are about each set's own mean and are corrected by the distance of the two means. So nothing cancels
/// where the mean is large against the deviation, as it would with Σ x², and one meeting of the grains is enough.
/// - Parameter count: 1 + 2 · channels.
package func mergeMoments(_ moments: UnsafeMutablePointer<Double>, with other: UnsafePointer<Double>, count: Int) {
    let (n, m) = (moments[0], other[0])
    if m == 0 { return }
    if n == 0 { return moments.update(from: other, count: count) }
    let channels = (count - 1) / 2
    let (share, product) = (m / (n + m), n * m / (n + m))
    moments[0] = n + m
    for mean in 1..<1 + channels {
        let distance = other[mean] - moments[mean]
        moments[mean] += distance * share
        moments[mean + channels] += other[mean + channels] + distance * distance * product
    }
}

/// `sums` ← sums + other.
package func addSums(_ sums: UnsafeMutablePointer<Double>, _ other: UnsafePointer<Double>, count: Int) {
    for index in 0..<count { sums[index] += other[index] }
}
