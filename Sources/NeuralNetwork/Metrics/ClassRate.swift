import ConfigurationReading
import TensorCore

/// How well one class is told from all others: precision TP / (TP + FP), recall TP / (TP + FN), or their harmonic mean
/// F₁ = 2 TP / (2 TP + FP + FN) (van Rijsbergen 1979).
///
/// TP counts the rows that have the class and are taken for it, FP those that are only taken for it, FN those that only
/// have it. A row of several scores is taken for the class of the largest, a single score for the second of two classes
/// where it is above 0. A row with a NaN is wrong. NaN where nothing was counted.
package struct ClassRate: Metric {
    package enum Kind: String, CaseIterable, Sendable {
        case f1, precision, recall
    }

    package let kind: Kind
    /// The class that is looked for; nil for the second of two, or for all.
    package let positive: Int?
    /// Whether it is the mean of all classes' rates, each counting as much (scikit-learn's `macro`); a class of which
    /// nothing was counted has a rate of 0.
    package let isMacro: Bool
    /// How many classes there are, where the rate is that of all.
    private var classes = 2

    /// - Parameter positive: at least 0.
    package init(_ kind: Kind, positive: Int? = nil, isMacro: Bool = false) {
        precondition(positive.map { $0 >= 0 } ?? true, "ClassRate: positive = \(positive ?? 0)")
        self.kind = kind
        self.positive = positive
        self.isMacro = isMacro
    }

    static let entries = Kind.allCases.map { kind in
        MetricEntry(kind.rawValue, kind.documentation, otherNames: kind.otherNames) { reader in
            let positive = reader.optional(
                "positive", .integer(in: 0...),
                "The class that is looked for, counted from 0; the second of two if absent.")
            let average = reader.optional(
                "average", .name(of: ["macro"]),
                "`macro` takes the mean of all classes' rates instead of the rate of one.")
            reader.excludeEachOther("positive", "average")
            return ClassRate(kind, positive: positive, isMacro: average != nil)
        }
    }

    package var description: MetricDescription {
        MetricDescription(
            isMacro ? "macro" + kind.rawValue.capitalisedFirst : kind.rawValue + (positive.map { "Class\($0)" } ?? ""),
            title: kind.title + (isMacro ? ", mean of all classes" : positive.map { " of class \($0)" } ?? ""),
            higherIsBetter: true, format: .fraction)
    }
    package var transform: MetricDefinition.Transform { isMacro ? .meanOfRatios(classes) : .ratio }
    package var targets: MetricTargets { .classes }

    package func sums(_ output: Tensor, _ target: Target) -> [Double] {
        let rows = target.rowCount(for: output)
        let columns = output.count / max(rows, 1)
        if isMacro {
            let each = (0..<classes).map { ClassRate.sums(kind, output, target, wanted: $0, rows, columns) }
            // The form of the transform: the first ratio's parts, then those of the others.
            return each.flatMap(\.self)
        }
        return ClassRate.sums(kind, output, target, wanted: positive ?? 1, rows, columns)
    }

    private static func sums(
        _ kind: Kind, _ output: Tensor, _ target: Target, wanted: Int, _ rows: Int, _ columns: Int
    ) -> [Double] {
        var (found, mistaken, missed) = (0, 0, 0)
        for row in 0..<rows {
            let chosen = chosenClass(output.pointer + row * columns, columns)
            if target.largestClass(row: row, columns: columns) == wanted {
                if chosen == wanted { found += 1 } else { missed += 1 }
            } else if chosen == wanted || chosen < 0 {
                mistaken += 1
            }
        }
        switch kind {
        case .f1: return [Double(2 * found), Double(2 * found + mistaken + missed)]
        case .precision: return [Double(found), Double(found + mistaken)]
        case .recall: return [Double(found), Double(found + missed)]
        }
    }

    package func measuring(_ field: FieldDescription) -> any Metric {
        var copy = self
        copy.classes = field.meaning.choiceCount ?? max(field.shape.rank > 0 ? field.shape[-1] : 1, 1)
        return copy
    }

    package func problem(output: Shape, target: FieldDescription) -> String? {
        // Of a distribution each column is a class.
        if let classes = target.meaning.choiceCount ?? (target.shape.rank > 0 ? target.shape[-1] : nil), !isMacro {
            if positive == nil, classes != 2 {
                return
                    "\(target.name) has \(classes) classes; say with `positive` which of them, from 0 to "
                    + "\(classes - 1), or take `average: macro`"
            }
            if let positive, positive >= classes {
                return "\(target.name) has no class \(positive); give 0 to \(classes - 1)"
            }
        }
        return hasOneScoreForTwoClasses(output: output, target: target)
            ? nil : elementwiseProblem(output: output, target: target)
    }
}

extension ClassRate.Kind {
    fileprivate var title: String {
        switch self {
        case .f1: "F1 score"
        case .precision: "Precision"
        case .recall: "Recall"
        }
    }

    fileprivate var otherNames: [String] {
        switch self {
        case .f1: ["F1Score", "f1_score"]
        case .precision: ["precision_score"]
        case .recall: ["recall_score"]
        }
    }

    fileprivate var documentation: String {
        switch self {
        case .f1: "F1 score of one class: the harmonic mean of its precision and recall."
        case .precision: "Precision of one class: the share that have it of those that are taken for it."
        case .recall: "Recall of one class: the share that are taken for it of those that have it."
        }
    }
}
