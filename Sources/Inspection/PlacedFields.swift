import DataPipeline
import TensorCore

extension FieldDescription {
    /// Whether it is the left, top, right and bottom edge of something in a picture, in pixels.
    var isBox: Bool {
        if case .real(["left", "top", "right", "bottom"]) = meaning { return shape.count == 4 }
        return false
    }
}

extension Subject {
    /// What a field of the data holds of each of some samples, integers as floats; nil where no data were opened.
    func values(of field: FieldDescription, numbered numbers: [Int]) throws -> [[Float]]? {
        guard let dataset else { return nil }
        let place = try dataset.fieldIndex(field.name)
        return try numbers.map { number in
            if field.elementType == .int32 {
                var values = [Int32](repeating: 0, count: field.shape.count)
                try values.withUnsafeMutableBufferPointer { try dataset.readIntegers(number, field: place, into: $0) }
                return values.map(Float.init)
            }
            var values = [Float](repeating: 0, count: field.shape.count)
            try values.withUnsafeMutableBufferPointer { try dataset.read(number, field: place, into: $0) }
            return values
        }
    }

    /// The boxes of samples, where the data have them.
    func boxes(numbered numbers: [Int]) throws -> [[Float]]? {
        guard let field = dataset?.fields.first(where: \.isBox) else { return nil }
        return try values(of: field, numbered: numbers)
    }
}

/// Whether the peak of a map lies in a box: a round of the pointing game (Zhang et al. 2016, section 4.2).
package enum Pointing {
    /// - Parameters:
    ///   - map: row by row.
    ///   - box: left, top, right, bottom.
    package static func isInside(_ map: [Float], width: Int, box: [Float]) -> Bool {
        guard let peak = map.indices.max(by: { map[$0] < map[$1] }), box.count == 4 else { return false }
        let (x, y) = (Float(peak % width) + 0.5, Float(peak / width) + 0.5)
        return box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3]
    }
}
