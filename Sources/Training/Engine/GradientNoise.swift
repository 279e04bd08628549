import Autograd
import Kernels
import NeuralNetwork
import Optimization

/// The variance of a step's mean gradient, as its grains show it: E ‖g − E g‖², how far the gradient of one mini-batch
/// is from that of another.
///
/// From k grains with sums gᵢ of nᵢ samples, g = Σ gᵢ and n = Σ nᵢ, it is
/// (Σ ‖gᵢ‖² / nᵢ − ‖g‖² / n) / ((k − 1) n): the variance between groups of samples (Fisher 1925, analysis of variance),
/// divided by n. It halves when the batch doubles. Each grain adds ‖gᵢ‖² / nᵢ to the sums that travel with the
/// gradients, so that the value has the same bits on any ranks.
package struct GradientNoise: Sendable {
    /// The trained weights; frozen groups are left out.
    let groups: ParameterGroups
    /// The place of Σ ‖gᵢ‖² / nᵢ in the sums of metrics; the number of grains follows.
    private let slot: Int

    package init(groups: ParameterGroups, slot: Int) {
        self.groups = groups
        self.slot = slot
    }

    /// Writes a grain's part into its vector, whose gradients are all there.
    ///
    /// - Parameter weight: n of the grain; one without any counts as no grain.
    func measure(
        _ vector: UnsafeMutablePointer<Float>, _ layout: GrainVectorLayout, _ factors: GradientFactors?, weight: Double
    ) {
        guard weight > 0 else { return }
        var sum = 0.0
        for segment in groups.segments {
            layout.factored.forEachOther(in: segment.range) { range in
                sum += sumOfSquares(vector + range.lowerBound, count: range.count)
            }
            for (place, weight) in layout.factored.weights.enumerated() where segment.range.overlaps(weight.range) {
                sum += factors?.squareOfProduct(place) ?? 0
            }
        }
        vector[layout.metrics.lowerBound + slot] = Float(sum / weight)
        vector[layout.metrics.lowerBound + slot + 1] = 1
    }

    /// The sums of a step with the variance in place of what its grains have added, counted once; nothing is counted
    /// where fewer than two grains have samples.
    ///
    /// - Parameter norm: of the mean gradient, ‖g‖ / n.
    func completed(_ sums: MetricSums, norm: Double) -> MetricSums {
        var values = sums.values
        let grains = values[slot + 1]
        let isMeasured = grains > 1 && sums.weight > 0
        let squares = max(0, values[slot] - norm * norm * sums.weight)
        values[slot] = isMeasured ? squares / ((grains - 1) * sums.weight) : 0
        values[slot + 1] = isMeasured ? 1 : 0
        return MetricSums(values: values)
    }
}

extension GradientFactors {
    /// ‖dyᵀ x‖² of a factored weight, as Σ over pairs of rows of (dyᵣ · dyₛ) (xᵣ · xₛ): the product itself is not made.
    func squareOfProduct(_ place: Int) -> Double {
        let weight = weights.weights[place]
        let factors = factors[place]
        func dot(_ values: [Float], _ r: Int, _ s: Int, _ count: Int) -> Double {
            values.withUnsafeBufferPointer { values in
                var sum = 0.0
                for i in 0..<count { sum += Double(values[r * count + i]) * Double(values[s * count + i]) }
                return sum
            }
        }
        var sum = 0.0
        for r in 0..<factors.rows {
            for s in 0...r {
                let product = dot(factors.dy, r, s, weight.outputs) * dot(factors.x, r, s, weight.inputs)
                sum += r == s ? product : 2 * product
            }
        }
        return max(0, sum)
    }
}

/// An objective whose gradient's variance is measured as well: `gradientVariance`, in training alone.
package struct NoiseMeasuringObjective: Objective {
    private let base: any Objective
    package let metrics: [MetricDefinition]
    /// Where the sums of the variance are.
    package let slot: Int

    package init(_ base: any Objective) {
        self.base = base
        slot = MetricSums.lossSlot + base.sumCount
        let description = MetricDescription("gradientVariance", title: "Variance of the gradient")
        metrics =
            base.metrics.map { [slot] in $0.moved(by: 2, from: slot) } + [
                MetricDefinition(description, numerator: slot, denominator: slot + 1)
            ]
    }

    package var sumCount: Int { base.sumCount + 2 }
    package var evaluationSumCount: Int { base.evaluationSumCount }
    package var fields: [String] { base.fields }
    package var inputFields: [String] { base.inputFields }
    package var targetRules: [TargetRule] { base.targetRules }
    package var notes: [String] { base.notes }
    package var confusions: [ConfusionTable] { base.confusions.map { $0.moved(by: 2) } }
    package var averagesDropout: Bool { base.averagesDropout }
    package var predictions: [Prediction] { base.predictions }
    package func predict(_ context: GrainContext) -> [Variable] { base.predict(context) }
    package var models: [String] { base.models }
    package var weightPerSample: Double { base.weightPerSample }
    package func pictures(_ context: GrainContext) -> Pictures? { base.pictures(context) }
    package var sampleMaker: (any SampleMaker)? { base.sampleMaker }
    package func judging(_ field: String, of target: String) -> (any Objective)? { base.judging(field, of: target) }

    package func callAsFunction(_ context: GrainContext) -> GrainResult {
        var result = base(context)
        result.sums.insert(contentsOf: [0, 0], at: base.sumCount)  // before those of evaluation alone
        return result
    }
}
