import Kernels

/// The max-norm constraint (Srebro and Shraibman 2005; Hinton et al. 2012 with dropout): after an update each unit's
/// incoming weights, a row of [rows, columns], are scaled back to Euclidean norm `limit` if they exceed it.
package struct MaxNorm: Equatable, Sendable {
    package let limit: Double

    /// Throws `outOfRange` unless limit > 0.
    package init(limit: Double) throws(OptimizationError) {
        try OptimizationError.require(limit > 0 && limit.isFinite, "maxNorm", "limit", limit, allowed: "limit > 0")
        self.limit = limit
    }

    /// Constrains the rows of `weights` [rows, columns]; rows are independent, so that threads may share them out.
    package func constrain(_ weights: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "MaxNorm: [\(rows), \(columns)]")
        limitRowNorms(weights, rows: rows, columns: columns, limit: limit)
    }
}
