/// What the elements of a field are stored as.
package enum ElementType: String, Codable, Sendable {
    case float32, int32
}

/// What the numbers of a field mean; kept with trained weights, so that they can be used without the data set.
package enum FieldMeaning: Codable, Equatable, Sendable {
    /// Brightness; `scale` is the raw value of full brightness, `background` that of empty space around an image.
    case pixels(scale: Float, background: Float)
    /// Real numbers; `names` of the last axis, empty where they have none.
    case real(names: [String])
    /// One of these classes; the number is an index into the names.
    case classes(names: [String])
    /// A word of a text; the number is an index into the vocabulary.
    case tokens(vocabulary: [String])
    /// The amplitude of sound in one of `count` levels, `rate` samples a second.
    case levels(count: Int, rate: Int)
    /// A number that only tells things apart, such as a node of a graph.
    case identifiers

    /// The number of classes, words or levels; nil for other meanings.
    package var choiceCount: Int? {
        switch self {
        case .classes(let names): names.count
        case .tokens(let vocabulary): vocabulary.count
        case .levels(let count, _): count
        case .pixels, .real, .identifiers: nil
        }
    }

    /// How many characters begin in each token of a text; none for other meanings.
    package var charactersOfTokens: [Double] {
        guard case .tokens(let vocabulary) = self else { return [] }
        return vocabulary.map { Double(TokenWord.characterCount(of: TokenWord.bytes(of: $0))) }
    }

    /// The names of the classes or words, the numbers of levels; none for other meanings.
    package var choiceNames: [String] {
        switch self {
        case .classes(let names): names
        case .tokens(let vocabulary): vocabulary
        case .levels(let count, _): (0..<count).map(String.init)
        case .pixels, .real, .identifiers: []
        }
    }
}

/// One named part of a sample, as its data set declares it.
package struct FieldDescription: Codable, Equatable, Sendable {
    package let name: String
    package let elementType: ElementType
    /// The shape of one sample, channels last: [H, W, C], [T, C], [features], or [] for a single number. An axis that
    /// varies stands with its largest extent.
    package let shape: Shape
    /// The axis whose extent differs from sample to sample; nil when none does. A batch is as long as its longest
    /// sample, the rest of the others is zero, and their own extents are the field ``lengthName``.
    package let variableAxis: Int?
    package let meaning: FieldMeaning

    /// - Parameter variableAxis: 0 or nil: what varies is the first axis of a sample, as the time of a sequence.
    package init(
        name: String, elementType: ElementType, shape: Shape, variableAxis: Int? = nil, meaning: FieldMeaning
    ) {
        precondition(
            variableAxis == nil || (variableAxis == 0 && shape.rank > 0),
            "FieldDescription: axis \(variableAxis ?? 0) of '\(name)', \(shape), cannot vary; only the first can")
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.variableAxis = variableAxis
        self.meaning = meaning
    }

    /// The name of the integer field that carries the extents of a varying axis.
    package var lengthName: String { name + ".length" }

    /// The field of the extents of a varying axis, one number a sample; nil when no axis varies.
    package var lengthField: FieldDescription? {
        variableAxis == nil
            ? nil : FieldDescription(name: lengthName, elementType: .int32, shape: [], meaning: .identifiers)
    }
}
