import ConfigurationReading

extension ConfigurationReader {
    /// The key of what lowers the rate.
    func minimumRate() -> Double {
        value("minimumRate", .number(in: 0...), default: 0, "The rate does not fall below this.")
    }
}

/// Throws `outOfRange` for a lowest rate above the rate to begin with.
func checkMinimumRate(_ minimumRate: Double, base: Double) throws(OptimizationError) {
    try OptimizationError.require(
        minimumRate >= 0 && minimumRate <= base, "schedule", "minimumRate", minimumRate,
        allowed: "0 ≤ minimumRate ≤ learningRate")
}
