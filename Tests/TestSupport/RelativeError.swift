/// The largest difference, relative to the largest absolute value of `reference` (or to 1 where that is 0).
///
/// The scale is the tensor's, not the element's: a sum whose terms cancel has the rounding error of its terms. A NaN or
/// an infinity that the other side doesn't have, or another count, gives infinity.
package func relativeError(_ actual: [Float], _ reference: [Double]) -> Double {
    guard actual.count == reference.count else { return .infinity }
    let largest = reference.lazy.filter(\.isFinite).map(abs).max() ?? 0
    let scale = largest > 0 ? largest : 1
    return zip(actual, reference).reduce(0) { error, pair in
        let (a, r) = (Double(pair.0), pair.1)
        if a == r || (a.isNaN && r.isNaN) { return error }
        let difference = abs(a - r) / scale
        return max(error, difference.isFinite ? difference : .infinity)
    }
}

/// As ``relativeError(_:_:)-([Float],[Double])`` for a reference in single precision.
package func relativeError(_ actual: [Float], _ reference: [Float]) -> Double {
    relativeError(actual, reference.map(Double.init))
}
