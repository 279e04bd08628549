/// What stands where in the flat vector that a grain gives and that is summed over all grains.
///
/// gradients | statistics | weights of statistics and carried state | carried state | metric sums | flags. The tape
/// writes what stands before the metric sums, the caller the rest.
package struct GrainVectorLayout: Sendable {
    /// The layout of the gradients, and which parameters the vector is about.
    package let trained: GradientLayout
    /// Σ gradients in compact coordinates; begins at 0.
    package let gradients: Range<Int>
    /// Σ weight · value of each trained statistic, in order of use, each padded to 16 floats.
    package let statistics: Range<Int>
    /// Σ weight of each trained statistic; after them, for each carried parameter, how many lanes were written.
    package let statisticWeights: Range<Int>
    /// The new rows of each carried parameter, in order of use: written by the grain that owns a lane, zero in all
    /// others.
    package let carried: Range<Int>
    /// Sums that an objective reports.
    package let metrics: Range<Int>
    /// Requests of ranks, such as to stop.
    package let flags: Range<Int>
    /// Floats of the vector; a multiple of 16.
    package let count: Int
    /// The trained statistics by index, in order of use.
    package let statisticOrder: [Int]
    /// The carried parameters of the set by index, in order of use.
    package let carriedOrder: [Int]
    /// The weights whose gradients grains leave as factors; what the vector has in their place is theirs only in a sum.
    package let factored: FactoredWeights
    private let offsets: [Int?]
    private let weightOffsets: [Int?]

    /// - Parameters:
    ///   - metrics: floats for metric sums.
    ///   - flags: floats for flags.
    ///   - samplesPerGrain: at most; nil where every grain's vector has all gradients.
    ///   - leastFactored: values of the smallest gradient that grains leave as factors.
    package init(
        _ trained: GradientLayout, metrics: Int, flags: Int = 2, samplesPerGrain: Int? = nil,
        leastFactored: Int = FactoredWeights.leastCount
    ) {
        factored =
            samplesPerGrain.map {
                FactoredWeights(of: trained, samplesPerGrain: $0, leastCount: leastFactored)
            } ?? .none
        let parameters = trained.arena.parameters.filter { trained.trained.contains($0.index) }
        statisticOrder = parameters.filter(\.isStatistic).map(\.index)
        carriedOrder = parameters.filter { $0.role == .carried }.map(\.index)
        var offsets = [Int?](repeating: nil, count: trained.arena.parameters.count)
        var weightOffsets = offsets
        var next = trained.count
        func place(_ indices: [Int]) -> Range<Int> {
            let start = next
            for index in indices {
                offsets[index] = next
                next += ModelLayout.padded(trained.arena.parameters[index].shape.count)
            }
            return start..<next
        }
        gradients = 0..<trained.count
        statistics = place(statisticOrder)
        for (place, index) in (statisticOrder + carriedOrder).enumerated() { weightOffsets[index] = next + place }
        statisticWeights = next..<next + statisticOrder.count + carriedOrder.count
        next = ModelLayout.padded(statisticWeights.upperBound)
        carried = place(carriedOrder)
        self.metrics = next..<next + metrics
        self.flags = self.metrics.upperBound..<self.metrics.upperBound + flags
        count = ModelLayout.padded(self.flags.upperBound)
        self.trained = trained
        self.offsets = offsets
        self.weightOffsets = weightOffsets
    }

    /// The layout when everything is trained.
    package init(all arena: ModelLayout, metrics: Int = 0, flags: Int = 0) {
        self.init(GradientLayout(arena, .all(arena)), metrics: metrics, flags: flags)
    }

    /// The first float of a weight's gradient, a statistic's sum or a carried parameter's rows; nil for a parameter
    /// that is not in the set.
    package func offset(of index: Int) -> Int? { trained.offset(of: index) ?? offsets[index] }

    /// Where the weight of a statistic, or the number of lanes of a carried parameter, is; nil for others.
    package func weightOffset(of index: Int) -> Int? { weightOffsets[index] }

    /// Zeroes all of a grain's vector but its flags: what a grain without samples gives.
    package func clear(_ vector: UnsafeMutablePointer<Float>) {
        factored.forEachOther(in: 0..<flags.lowerBound) { range in
            (vector + range.lowerBound).update(repeating: 0, count: range.count)
        }
    }

    /// Whether the phase may change the parameter.
    package func contains(_ index: Int) -> Bool { trained.trained.contains(index) }
}

extension GrainVectorLayout {
    /// running ← (1 − m) · running + m · Σ w v / Σ w for every trained statistic, with its momentum m.
    ///
    /// A statistic whose weights sum to 0 belongs to a layer that did not run, and stays as it is.
    /// - Parameters:
    ///   - values: the arena.
    ///   - sums: a step's summed vector.
    package func updateStatistics(_ values: FlatBuffer, sums: UnsafePointer<Float>) {
        for index in statisticOrder {
            let parameter = trained.arena.parameters[index]
            guard case .statistic(let momentum) = parameter.role, let offset = offset(of: index),
                let weightOffset = weightOffset(of: index), sums[weightOffset] != 0
            else { continue }
            let weight = sums[weightOffset]
            let running = values.pointer + trained.arena.offsets[index]
            for i in 0..<parameter.shape.count {
                running[i] = (1 - momentum) * running[i] + momentum * (sums[offset + i] / weight)
            }
        }
    }

    /// Assigns the rows that the grains have carried; a parameter that no grain carried stays as it is.
    ///
    /// - Parameters:
    ///   - values: the arena.
    ///   - sums: a step's summed vector.
    package func assignCarried(_ values: FlatBuffer, sums: UnsafePointer<Float>) {
        for index in carriedOrder {
            guard let offset = offset(of: index), let weightOffset = weightOffset(of: index), sums[weightOffset] != 0
            else { continue }
            (values.pointer + trained.arena.offsets[index]).update(
                from: sums + offset, count: trained.arena.parameters[index].shape.count)
        }
    }
}
