import ConfigurationReading

/// One step of a list.
private struct PreprocessingStep: ConfigurationSection {
    static let title = "preprocessing step"
    static let shortForm = ConfigurationShortForm.key
    let step: Preprocessing.Step

    init(from reader: ConfigurationReader) {
        step = reader.oneOf([
            .key("standardize", "Subtracts the mean and divides by the standard deviation of the training samples.") {
                _ in .standardize
            },
            .key("meanSubtraction", "Subtracts the mean of the training samples.") { _ in .meanSubtraction },
            .key("scaleMinusOneToOne", "`{scale: [-1, 1]}` for pixels.") { _ in .scaleMinusOneToOne },
            .key(
                "scale",
                "The full range, of a pixel or from the smallest to the largest number of the training samples, "
                    + "becomes this one; with `meanSubtraction` it becomes as wide, and the mean its middle.",
                shorthand: "to"
            ) { reader in
                let ends = reader.required("to", .list(of: .number), "The lower and the upper end.")
                guard ends.count == 2, ends[0] < ends[1] else {
                    reader.refuse("to", because: "give two numbers, the smaller one first, such as [-1, 1].")
                    return .scale(lower: 0, upper: 1)
                }
                return .scale(lower: ends[0], upper: ends[1])
            },
            .key(
                "resize",
                "Images get these extents, interpolated linearly over all pixels that one covers: height and width, or "
                    + "one number for the shorter side, the other in proportion.", shorthand: "size"
            ) { .resize(PreprocessingStep.size($0)) },
            .key("crop", "The middle of images: height and width, or one number for both.", shorthand: "size") {
                .crop(PreprocessingStep.size($0))
            },
        ])
    }

    private static func size(_ reader: ConfigurationReader) -> ImageGeometry.Size {
        let sides = reader.required("size", .oneOrMore(of: .integer(in: 1..., atMost: 1 << 14)), "Pixels.")
        if sides.count > 2 { reader.refuse("size", because: "give one number, or the height and the width.") }
        return sides.count == 2
            ? .sides(height: sides[0], width: sides[1]) : .single(sides.first ?? 1)
    }
}

extension ConfigurationType where Value == Preprocessing {
    /// The name of a step, or `none`, or a list of steps.
    package static var preprocessing: Self {
        let single: [(name: String, value: Preprocessing)] = [
            ("standardize", .standardize), ("meanSubtraction", .meanSubtraction),
            ("scaleMinusOneToOne", .scaleMinusOneToOne), ("none", .none),
        ]
        let names = ConfigurationType<String>.name(of: single.map(\.name))
        let list = ConfigurationType<[PreprocessingStep]>.list(of: .section(), atLeast: 1)
        let summary = names.summary + "; or a list of steps"
        return Self(summary, placeholder: .standardize, section: list.section) { node, path, context in
            switch node.content {
            case .list:
                guard let reading = list.read(node, path, context) else { return nil }
                let steps = reading.value.map(\.step)
                if let problem = Preprocessing.problem(of: steps) {
                    context.report(.refused(node.place, key: path, reason: problem))
                    return nil
                }
                return Reading(value: Preprocessing(steps), node: reading.node)
            case .map:
                context.report(
                    .refused(
                        node.place, key: path, reason: "steps are a list; write [\(node.flowText)]."))
                return nil
            case .scalar, .null, .invalid:
                guard let reading = names.read(node, path, context) else { return nil }
                return Reading(
                    value: single.first { $0.name == reading.value }?.value ?? .standardize, node: reading.node)
            }
        }
    }
}
