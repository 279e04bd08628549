/// How a text file is read as a table. A column is given by its name, or by its number from 1.
package struct TableSettings: Equatable, Sendable {
    /// What a target column holds.
    package enum TargetKind: String, CaseIterable, Sendable {
        case real, classes
    }

    /// What stands before the fraction of a number.
    package enum Decimal: String, CaseIterable, Sendable {
        case point, comma
    }

    /// What becomes of a name that the training file does not have, in a test file or one to predict.
    package enum UnknownCategory: String, CaseIterable, Sendable {
        case error
        /// It is none of the names: 0 everywhere.
        case zero
    }

    /// Something that nobody has said. It is no part of what settings are: a resolved configuration says everything.
    package struct Guess: Equatable, Sendable {
        package var isOne: Bool
        package static func == (a: Guess, b: Guess) -> Bool { true }
    }

    /// Whether the first row names the columns.
    package var hasHeader: Bool
    /// Whether ``hasHeader`` is only the default, so that a first row of numbers is refused.
    package var headerIsGuess = Guess(isOne: false)
    /// Any character but a quote and the end of a line.
    package var separator: Character
    package var decimal = Decimal.point
    /// Texts that stand for a value that is not known, beside ``Table/usualMissing``.
    package var missing: [String] = []
    /// Names of the columns, instead of the header's; nil for those, or for numbers where there is no header.
    package var columns: [String]?
    /// What is to be predicted; of several columns of real numbers one field `targets` is made.
    package var targets: [String]
    package var targetKind: TargetKind
    /// Columns of names, each of which becomes as many columns of 0 and 1 as it has different values.
    package var categorical: [String]
    package var unknown = UnknownCategory.error
    /// Columns that are left out.
    package var ignored: [String]
    /// The column that says how much each row counts, a field of its own; nil where there is none.
    package var sampleWeights: String?
    /// How missing values of features are filled; nil where they are refused.
    package var fill: FillSettings?
    /// Whether each filled column has another one beside it that says where.
    package var indicatesMissing = false

    package init(
        hasHeader: Bool = true, separator: Character = ",", columns: [String]? = nil, targets: [String] = [],
        targetKind: TargetKind = .real, categorical: [String] = [], ignored: [String] = [],
        sampleWeights: String? = nil
    ) {
        self.hasHeader = hasHeader
        self.separator = separator
        self.columns = columns
        self.targets = targets
        self.targetKind = targetKind
        self.categorical = categorical
        self.ignored = ignored
        self.sampleWeights = sampleWeights
    }
}

/// How missing values are filled, by column.
package struct FillSettings: Equatable, Sendable {
    package enum Rule: Equatable, Sendable {
        /// Of a column of numbers.
        case mean, median
        /// The smallest or first of those that are.
        case mostFrequent
        /// A number, or a name.
        case value(String)
    }

    package struct Column: Equatable, Sendable {
        package let name: String
        package let rule: Rule

        package init(name: String, rule: Rule) {
            self.name = name
            self.rule = rule
        }
    }

    /// For columns without a rule of their own; nil where their missing values are refused.
    package var others: Rule?
    package var columns: [Column]

    package init(others: Rule? = nil, columns: [Column] = []) {
        self.others = others
        self.columns = columns
    }
}
