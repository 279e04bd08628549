import TensorCore

/// What layers ask of what they read, before they add themselves.
extension GraphBuilder {
    /// The image that a layer reads. Throws `ModelError.wrongRank`.
    package func image(_ inputs: [Node], _ path: String) throws -> Shape {
        let input = try single(inputs, path)
        guard input.rank == 3 else {
            throw ModelError.wrongRank(layer: path, input: input, expected: "an image [H, W, C]")
        }
        return input
    }

    /// The shape of the one value that a layer reads. Throws `ModelError.inputCount`.
    package func single(_ inputs: [Node], _ path: String) throws -> Shape {
        guard inputs.count == 1 else {
            throw ModelError.inputCount(layer: path, count: inputs.count, expected: "one value")
        }
        return shape(of: inputs[0])
    }

    /// Refuses more values than the libraries' 32-bit indices reach, so that no product of sizes below overflows.
    package func requireSize(_ shape: Shape, _ path: String) throws {
        var count = 1
        for extent in shape.dimensions {
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            if overflows || product > Int(Int32.max) {
                throw ModelError.tooLarge(layer: path, extents: shape.dimensions)
            }
            count = product
        }
    }
}
