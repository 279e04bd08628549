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

    /// The shape of values that are combined element by element, and whether vectors are among them that go with every
    /// position of the first.
    ///
    /// Throws `ModelError.inputCount`, `branchesDiffer`, or `refused` of a vector whose numbers may be meant otherwise.
    func combined(_ inputs: [Node], _ path: String) throws -> (shape: Shape, hasVectors: Bool) {
        guard inputs.count > 1 else {
            throw ModelError.inputCount(layer: path, count: inputs.count, expected: "two or more values")
        }
        let shape = shape(of: inputs[0])
        var hasVectors = false
        for input in inputs.dropFirst() where self.shape(of: input) != shape {
            let other = self.shape(of: input)
            if shape.rank == 1, other.rank > 1, other[-1] == shape[0] {
                throw ModelError.refused(
                    layer: path,
                    because: "the vector \(shape) stands before \(other), at whose positions it is wanted; name the "
                        + "value with positions first")
            }
            guard shape.rank > 1, other.rank == 1, other[0] == shape[-1] else {
                throw ModelError.branchesDiffer(layer: path, shape, other)
            }
            if hasSteps(input) {
                throw ModelError.refused(
                    layer: path,
                    because: "\(nodes[input].name) \(other) is a sequence of single numbers, not a vector for the "
                        + "channels of \(shape); give it channels of its own first")
            }
            hasVectors = true
        }
        return (shape, hasVectors)
    }

    /// Whether the numbers of a vector stand for the steps of a sequence, as those of tokens do.
    private func hasSteps(_ node: Node) -> Bool { shape(of: node).rank == 1 && !nodes[node].field.axes.isEmpty }

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
