/// How alike a saliency map of trained weights is to that of random weights, as rank correlations: the model parameter
/// randomization test of Adebayo et al. 2018 (section 3), whose metrics take maps with their signs and absolute values.
package struct RandomizationTest: Equatable, Sendable {
    /// A map of one sample.
    package struct Map: Sendable {
        /// With its signs, over pixels and channels; nil of a map that has none.
        package var signed: [Float]?
        /// Its magnitude at each pixel.
        package var shown: [Float]

        package init(signed: [Float]?, shown: [Float]) {
            self.signed = signed
            self.shown = shown
        }
    }

    /// The mean correlation of maps with their signs; nil where they have none.
    package let signed: Double?
    /// The same of magnitudes.
    package let absolute: Double
    /// The same of magnitudes, of each sample's map with the random weights' map of the next sample: what maps have
    /// in common because of the layers' windows and borders alone. Nil of one sample.
    package let ofAnother: Double?

    /// - Parameters:
    ///   - own: by sample, of the trained weights.
    ///   - random: the same of random weights.
    package init(_ own: [Map], _ random: [Map]) {
        let count = own.count
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
        let pairs = own.indices.compactMap { index in
            own[index].signed.flatMap { a in random[index].signed.map { Saliency.rankCorrelation(a, $0) } }
        }
        signed = pairs.isEmpty ? nil : mean(pairs)
        absolute = mean(own.indices.map { Saliency.rankCorrelation(own[$0].shown, random[$0].shown) })
        ofAnother =
            count < 2
            ? nil
            : mean(own.indices.map { Saliency.rankCorrelation(own[$0].shown, random[($0 + 1) % count].shown) })
    }
}
