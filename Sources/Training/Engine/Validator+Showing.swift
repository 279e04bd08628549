import Autograd
import DataPipeline
import NeuralNetwork
import TensorCore

/// What a validation shows beside its figures: made by rank 0 alone, from what is known anyway.
extension Validator {
    /// The tables of phases.
    func confusions(of sums: [MetricSums], _ phases: [Int]) -> [ConfusionMatrix] {
        zip(phases, sums).flatMap { phase, sums in
            setup.phases[phase].objective.confusions.map { $0.matrix(of: sums) }
        }
    }

    /// The worst mistakes of each phase, by name and, where the samples are pictures, to be seen.
    func mistakes(of phases: [Int], _ worst: [Int: WorstMistakes], step: Int) throws -> [MistakeRecord] {
        try phases.flatMap { phase -> [MistakeRecord] in
            let objective = setup.phases[phase].objective
            guard let worst = worst[phase], let dataset = (setup.phaseData[phase] ?? setup.data).validation else {
                return []
            }
            return try zip(objective.confusions, worst.mistakes).filter { !$1.isEmpty }.map { table, mistakes in
                MistakeRecord(
                    output: table.output,
                    samples: mistakes.map { mistake in
                        MistakeRecord.Sample(
                            name: sampleName(mistake.sample, of: dataset), right: table.classes[mistake.right],
                            chosen: table.classes[mistake.chosen], rightProbability: mistake.rightProbability,
                            chosenProbability: mistake.chosenProbability)
                    },
                    pictures: try pictures(of: mistakes.map(\.sample), in: dataset, objective.inputFields, step: step))
            }
        }
    }

    /// Samples by the first of some fields that holds pictures; nil where none does.
    private func pictures(
        of samples: [Int], in dataset: any Dataset, _ fields: [String], step: Int
    ) throws -> PictureRecord? {
        let places = fields.compactMap { name in dataset.fields.firstIndex { $0.name == name } }
        for place in places {
            let field = dataset.fields[place]
            guard case .pixels(let scale, _) = field.meaning, field.variableAxis == nil, field.shape.rank == 3,
                field.elementType == .float32, field.shape[2] == 1 || field.shape[2] == 3
            else { continue }
            var values = [Float](repeating: 0, count: samples.count * field.shape.count)
            try values.withUnsafeMutableBufferPointer { values in
                for (number, sample) in samples.enumerated() {
                    let start = number * field.shape.count
                    try dataset.read(
                        sample, field: place,
                        into: UnsafeMutableBufferPointer(rebasing: values[start..<start + field.shape.count]))
                }
            }
            return PictureRecord(
                step: step, name: field.name, values: values.map { $0 * 255 / scale },
                shape: field.shape.batched(samples.count), columns: 6)
        }
        return nil
    }

    /// The first layer's filters of each model that looks at images: grey is 0, black and white the largest weight of
    /// the filter, with either sign.
    func filters(step: Int) -> [PictureRecord] {
        let field = setup.data.training.inputField
        var pixels: Shape?
        if case .pixels = field.meaning { pixels = field.shape }
        return setup.network.models.compactMap { model in
            guard let filters = model.firstFilters(pixels: pixels) else { return nil }
            let units = min(filters.shape[0], PictureRecord.mostFilters)
            let size = filters.shape.count / filters.shape[0]
            let offset = setup.network.layout.offsets[filters.weight.index]
            var values = setup.state.withAverages {
                filters.images(setup.replica.values.pointer + offset, units: units)
            }
            for unit in 0..<units {
                let largest = values[unit * size..<(unit + 1) * size].reduce(0) { max($0, abs($1)) }
                let factor = largest > 0 && largest.isFinite ? 127.5 / largest : 0
                for place in unit * size..<(unit + 1) * size { values[place] = 127.5 + values[place] * factor }
            }
            let several = setup.network.models.count > 1
            return PictureRecord(
                step: step, name: several ? "\(model.name).\(filters.layer)" : filters.layer, values: values,
                shape: Shape([units] + filters.shape.dimensions.dropFirst()), columns: 8)
        }
    }
}
