/// A tensor's name, element type and shape, without its values.
package struct TensorSignature: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package let dataType: SafetensorsDataType
    /// Extents, outermost first.
    package let shape: [Int]

    package init(name: String, dataType: SafetensorsDataType = .float32, shape: [Int]) {
        self.name = name
        self.dataType = dataType
        self.shape = shape
    }

    /// The type and shape as messages print them, for example `F32 [10, 84]`.
    package var description: String { "\(dataType.rawValue) \(shape)" }

    /// The end of the name under which PyTorch's batch normalisation counts the batches that it has seen.
    package static let batchCountSuffix = ".num_batches_tracked"

    /// Whether it is such a count, which no network computes with: an I64 of no extents.
    package var isBatchCount: Bool {
        dataType == .int64 && shape.isEmpty && name.hasSuffix(TensorSignature.batchCountSuffix)
    }

    /// The bytes of all elements; `nil` when the product of the extents does not fit into 63 bits.
    var byteCount: Int? {
        var count = dataType.byteCount
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if overflow || extent < 0 { return nil }
            count = product
        }
        return count
    }
}

/// Whether `a` comes before `b` in the order of their UTF-8 bytes, the order of everything in a file.
func precedesInFile(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
