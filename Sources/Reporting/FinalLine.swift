import Training

/// The last line of the program on standard output, for people and scripts.
package enum FinalLine {
    /// `final: epochs=… steps=… valLoss=… digest=…` with every metric of the last validation before the digest: six
    /// significant digits, "none" where the run did not validate.
    package static func text(_ record: FinalRecord) -> String {
        var parts = ["final:", "epochs=\(NumberText.significant(record.epochs))", "steps=\(record.steps)"]
        for figure in record.validation {
            let value = figure.value.map { NumberText.significant($0) } ?? "none"
            parts.append("\(figure.description.validationName)=\(value)")
        }
        parts.append("digest=\(record.digest)")
        return parts.joined(separator: " ")
    }
}
