import TensorCore

/// How the extents of an image are changed: made larger or smaller, or cut, step by step. Kept with weights.
package struct ImageGeometry: Codable, Equatable, Sendable {
    /// What extents are asked for.
    package enum Size: Codable, Equatable, Sendable {
        /// Of a resized image the shorter side, of a cut one both.
        case single(Int)
        case sides(height: Int, width: Int)

        package init(from decoder: any Decoder) throws {
            let sides = try [Int](from: decoder)
            self = sides.count == 2 ? .sides(height: sides[0], width: sides[1]) : .single(sides.first ?? 1)
        }

        package func encode(to encoder: any Encoder) throws {
            switch self {
            case .single(let side): try [side].encode(to: encoder)
            case .sides(let height, let width): try [height, width].encode(to: encoder)
            }
        }
    }

    package struct Step: Codable, Equatable, Sendable {
        package enum Kind: String, Codable, Sendable { case resize, crop }
        package let kind: Kind
        package let size: Size

        package init(kind: Kind, size: Size) {
            self.kind = kind
            self.size = size
        }
    }

    /// [H, W, C] before the steps.
    package let from: [Int]
    package let steps: [Step]
    /// Whether values are whole numbers before and afterwards, as levels of pixels are.
    package let isWhole: Bool

    /// - Throws: `DataError.notFitted` where the field is no image, or smaller than what is to be cut from it.
    package init(_ steps: [Step], of field: FieldDescription) throws(DataError) {
        guard field.elementType == .float32, field.variableAxis == nil, field.shape.rank == 3 else {
            throw .notFitted(
                field: field.name, shape: field.shape.dimensions,
                problem: "only images [height, width, channels] can be resized and cropped; take the step away")
        }
        from = field.shape.dimensions
        self.steps = steps
        isWhole = if case .pixels = field.meaning { true } else { false }
        var current = (height: from[0], width: from[1])
        for step in steps {
            let next = ImageGeometry.extents(step, current)
            if step.kind == .crop, next.height > current.height || next.width > current.width {
                throw .notFitted(
                    field: field.name, shape: [current.height, current.width, from[2]],
                    problem: "crop: \(next.height)×\(next.width) is larger; crop less, or resize before")
            }
            current = next
        }
    }

    /// The extents of an image behind the step.
    static func extents(_ step: Step, _ image: (height: Int, width: Int)) -> (height: Int, width: Int) {
        switch (step.kind, step.size) {
        case (_, .sides(let height, let width)): return (height, width)
        case (.crop, .single(let side)): return (side, side)
        case (.resize, .single(let side)):
            // In proportion, rounded to the nearest pixel.
            let shorter = min(image.height, image.width)
            func scaled(_ extent: Int) -> Int { (2 * extent * side + shorter) / (2 * shorter) }
            return (scaled(image.height), scaled(image.width))
        }
    }

    /// [H', W', C] behind the steps.
    package var shape: Shape {
        let end = steps.reduce((height: from[0], width: from[1])) { ImageGeometry.extents($1, $0) }
        return [end.height, end.width, from[2]]
    }

    /// The field as it is behind the steps, or with `from` before them.
    package func field(_ field: FieldDescription, isBefore: Bool = false) -> FieldDescription {
        FieldDescription(
            name: field.name, elementType: field.elementType, shape: isBefore ? Shape(from) : shape,
            variableAxis: field.variableAxis, meaning: field.meaning)
    }
}
