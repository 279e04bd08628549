import TensorCore

/// The digits that the program draws, see `DrawnDigits`.
package struct Digits: KeylessDataset {
    package static let name = "digits"
    package static let documentation =
        "Digits drawn by the program, 28×28: fields `image`, `label`, `slant` (pixels to the right for each pixel up) "
        + "and `strokeWidth` (pixels)."
    package static let location = DatasetLocation.nowhere
    package var knownFields: [FieldDescription]? { DrawnDigits.declaredFields }

    package init() {}

    package func open(
        _ split: DatasetSplit, path: String?, imports: [String: SharedBytes.Export]
    ) -> any Dataset { DrawnDigits(split: split) }
}
