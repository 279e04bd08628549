import ConfigurationReading

/// What the numbers of a field must be for a loss to make sense, which only the data can tell.
package struct TargetRule: Sendable {
    package enum Numbers: Sendable {
        /// Within 0…1.
        case shares
        /// Within 0…1, for what takes them for chances and compares nothing.
        case chances
        /// Within 0…1, those along the last axis with a sum of 1.
        case distribution
        /// −1 or 1.
        case signs
        /// At least 0, and not all of them 0.
        case weights
    }

    package let field: String
    package let numbers: Numbers
    /// What wants it, with its place, for errors: `binaryCrossEntropy of 4`.
    package let reader: String
    package let place: PlacedName

    /// Why one sample's numbers, as the loss gets them, are not such; nil where they are. The reason ends with what to
    /// do.
    ///
    /// - Parameter width: the extent of the last axis.
    package func problem(_ values: UnsafeBufferPointer<Float>, width: Int) -> String? {
        switch numbers {
        case .shares, .chances:
            return values.first { !($0 >= 0 && $0 <= 1) }.map {
                "\($0), and \(reader) \(sharesWords.want); scale the field to 0…1, or \(sharesWords.else)"
            }
        case .distribution:
            if let value = values.first(where: { !($0 >= 0 && $0 <= 1) }) {
                return "\(value), and \(reader) compares probabilities; give numbers of 0 to 1, or use mse"
            }
            for row in 0..<values.count / max(width, 1) {
                let sum = values[row * width..<(row + 1) * width].reduce(0, +)
                if abs(sum - 1) > 1e-3 {
                    return "probabilities with a sum of \(sum); \(reader) compares a distribution: give numbers with "
                        + "a sum of 1, or use binaryCrossEntropy"
                }
            }
            return nil
        case .signs:
            return values.first { abs($0) != 1 }.map {
                "\($0), and \(reader) takes −1 and 1; give these, or make the field one of two classes"
            }
        case .weights:
            return values.first { !($0 >= 0 && $0.isFinite) }.map {
                "\($0), and \(reader) counts samples by it; give numbers of at least 0"
            }
        }
    }

    /// Of numbers within 0…1: what the reader does with them, and what else would do.
    package var sharesWords: (want: String, else: String) {
        numbers == .chances
            ? ("take values from 0 to 1", "give the rbm `visible: gaussian`") : ("compares shares of 1", "use mse")
    }
}
