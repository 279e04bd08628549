/// Which samples a trained model is to make.
package struct SamplingRequest: Sendable {
    package var count: Int
    /// Key of what is drawn.
    package var seed: UInt64
    /// Samples of a row that goes from one drawn sample to another; nil where each is drawn by itself.
    package var interpolation: Int?

    package init(count: Int, seed: UInt64, interpolation: Int? = nil) {
        self.count = count
        self.seed = seed
        self.interpolation = interpolation
    }
}
