import Training

/// The last line of the program on standard output, for people and scripts.
package enum FinalLine {
    /// `final: epochs=… steps=… valLoss=… valAccuracy=… digest=…`, figures with six significant digits, "none" for a
    /// figure that the run does not have.
    package static func text(_ record: FinalRecord) -> String {
        let valLoss = record.valLoss.map { NumberText.significant($0) } ?? "none"
        let valAccuracy = record.valAccuracy.map { NumberText.significant($0) } ?? "none"
        return
            "final: epochs=\(NumberText.significant(record.epochs)) steps=\(record.steps) valLoss=\(valLoss) "
            + "valAccuracy=\(valAccuracy) digest=\(record.digest)"
    }
}
