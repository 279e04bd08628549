import TensorCore

/// A convolution beside the matrices that would do the same (Goodfellow, Bengio and Courville 2016, section 9.2): what
/// each stores, and what it computes for one sample. Biases, which all of them would add alike, are left out.
package struct MatrixForms: Equatable, Sendable {
    package let layer: String
    /// Of one sample.
    package let input: Shape
    package let output: Shape
    package let convolution: Form
    /// A matrix of all outputs by all inputs.
    package let dense: Form
    /// Its elements that are not zero because of their places: as many for each output as its window has pixels on the
    /// image.
    package let sparse: Form

    package struct Form: Equatable, Sendable {
        package let storedFloats: Int
        package let multiplications: Int
        package let additions: Int

        package var operations: Int { multiplications + additions }

        /// Sums of so many products.
        fileprivate init(storedFloats: Int, products: Int, sums: Int) {
            self.storedFloats = storedFloats
            multiplications = products
            additions = max(products - sums, 0)
        }
    }

    /// Nil for a layer that is no convolution.
    init?(_ row: LayerSummary, input: Shape) {
        guard case .taps(let taps) = row.window, row.counts.weights > 0, taps.count == input.rank - 1,
            row.outputShape.rank == input.rank
        else { return nil }
        layer = row.name
        self.input = input
        output = row.outputShape
        let products = row.operations.multiplyAdds
        convolution = Form(storedFloats: row.counts.weights, products: products, sums: output.count)
        dense = Form(storedFloats: input.count * output.count, products: input.count * output.count, sums: output.count)
        // Pairs of an output position and a tap: all of them, and those that read a pixel.
        let positions = output.dimensions.dropLast().reduce(1, *)
        let all = positions * taps.reduce(1) { $0 * $1.count }
        var reading = 1
        for (axis, taps) in taps.enumerated() {
            reading *= taps.readings(inputs: input[axis], outputs: row.outputShape[axis])
        }
        // Each such pair is a weight for every pair of channels that the layer joins.
        let isSpaced = taps.contains { $0.spacing > 1 }
        let channelPairs = isSpaced ? row.counts.weights / taps.reduce(1) { $0 * $1.count } : products / max(all, 1)
        sparse = Form(storedFloats: reading * channelPairs, products: reading * channelPairs, sums: output.count)
    }
}

extension Model {
    /// Its convolutions beside matrices, in order.
    package var matrixForms: [MatrixForms] {
        rows.enumerated().compactMap { index, row in
            MatrixForms(row, input: nodes[nodes[inputs.count + index].inputs[0]].shape)
        }
    }
}
