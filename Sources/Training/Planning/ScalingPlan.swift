/// How a training scales over the numbers of ranks that somebody asks for.
package struct ScalingPlan: Sendable {
    /// The configuration's name.
    package let name: String
    package let model: StepModel
    package let shapes: [JobShape]
    package let link: LinkSource

    /// Where the link's figures come from.
    package enum LinkSource: Equatable, Sendable {
        case given
        case measured
        /// No layout needs one.
        case none
    }

    /// What to change, and what that is predicted to bring.
    package struct Advice: Equatable, Sendable {
        package var change: String
        package var efficiency: Double
        package var stepSeconds: Double
    }

    /// Efficiency that nobody needs advice for.
    package static let enough = 0.9

    package init(name: String, model: StepModel, shapes: [JobShape], link: LinkSource) {
        self.name = name
        self.model = model
        self.shapes = shapes
        self.link = link
    }

    /// The fastest way to cut the cores of as many hosts into ranks and threads, and what it predicts.
    package func bestSplit(_ shape: JobShape) -> StepModel.Prediction? {
        splits(shape).min { $0.stepSeconds < $1.stepSeconds }
    }

    /// All ways that have a grain for every rank.
    package func splits(_ shape: JobShape) -> [StepModel.Prediction] {
        let cores = shape.mostRanksOfHost * shape.threads
        return (1...cores).filter { cores % $0 == 0 }.compactMap { ranks in
            model.prediction(
                JobShape(ranks: ranks * shape.hosts, ranksPerHost: ranks, threads: cores / ranks))
        }
    }

    /// The smallest batch in whole grains that has one for every rank.
    package func leastBatch(_ shape: JobShape) -> Int { shape.ranks * model.costs.grain }

    /// What would help a layout whose efficiency is under ``enough``; nothing for others.
    package func advice(_ shape: JobShape) -> [Advice] {
        guard let now = model.prediction(shape), now.efficiency < ScalingPlan.enough else { return [] }
        var result: [Advice] = []
        func consider(_ change: String, _ edit: (inout StepCosts) -> Void) {
            var costs = model.costs
            edit(&costs)
            guard let then = StepModel(costs, link: model.link).prediction(shape) else { return }
            let gain = then.samplesPerSecond / now.samplesPerSecond
            if gain > 1.01 {
                result.append(Advice(change: change, efficiency: then.efficiency, stepSeconds: then.stepSeconds))
            }
        }
        if let batch = sufficientBatch(shape) { consider("batch \(batch)") { $0.batch = batch } }
        if let grain = betterGrain(shape) {
            consider("grain \(grain)") { $0.take(grain: grain) }
        }
        if shape.hosts > 1, model.costs.bytesPerGradient == 4 {
            consider("communication: {wire: bfloat16}") { $0.bytesPerGradient = 2 }
        }
        // Between hosts new weights leave after all gradients have come, which costs what a shorter update saves.
        if shape.hosts == 1 {
            consider("communication: {shardOptimizer: always}") { $0.updateSeconds /= Double(shape.ranks) }
        }
        return result
    }

    /// The smallest multiple of the batch by a power of two that is efficient; else the best of those, up to 2¹⁰ times.
    private func sufficientBatch(_ shape: JobShape) -> Int? {
        var best: (batch: Int, efficiency: Double)?
        for power in 1...10 {
            var costs = model.costs
            costs.batch <<= power
            if BatchSize.problem(batch: costs.batch, grain: costs.grain) != nil { break }
            guard let then = StepModel(costs, link: model.link).prediction(shape) else { continue }
            if then.efficiency >= ScalingPlan.enough { return costs.batch }
            if then.efficiency > (best?.efficiency ?? 0) + 0.005 { best = (costs.batch, then.efficiency) }
        }
        return best?.batch
    }

    /// The fastest grain among those smaller and larger by powers of two, if a grain's time goes by its samples.
    private func betterGrain(_ shape: JobShape) -> Int? {
        var candidates: [Int] = []
        var grain = model.costs.grain
        while grain % 2 == 0, grain > 1 {
            grain /= 2
            candidates.append(grain)
        }
        grain = model.costs.grain * 2
        while grain * shape.ranks <= model.costs.batch {
            candidates.append(grain)
            grain *= 2
        }
        func seconds(_ grain: Int) -> Double {
            var costs = model.costs
            costs.take(grain: grain)
            guard costs.grainCount >= shape.ranks else { return .infinity }
            return StepModel(costs, link: model.link).stepSeconds(shape)
        }
        guard let best = candidates.min(by: { seconds($0) < seconds($1) }),
            seconds(best) < 0.99 * seconds(model.costs.grain)
        else { return nil }
        return best
    }
}

extension StepCosts {
    /// Other grains, whose time and memory go by their samples.
    mutating func take(grain: Int) {
        let factor = Double(grain) / Double(self.grain)
        for place in grains.indices { grains[place].seconds *= factor }
        workerBytes = Int(Double(workerBytes) * factor)
        self.grain = grain
    }
}
