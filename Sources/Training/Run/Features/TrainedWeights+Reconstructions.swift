import Autograd
import DataPipeline
import Kernels
import NeuralNetwork
import TensorCore

/// Samples above what a model makes of them.
package struct Reconstructions {
    /// Rows of samples, below each the other rows that the objective shows, the last of them the reconstructions.
    package var pictures: PictureRecord
    package var samples: Int
    /// The mean over the samples of Σ (reconstruction − sample)², in the units that the model gets.
    package var squaredError: Double
}

extension TrainedWeights {
    /// Reconstructions of the first samples of files, or of the test set where there are none; collective.
    ///
    /// - Throws: `TrainingError.nothingToReconstruct` of models that do not make pictures of what they get.
    package func reconstructions(files: [String], count: Int, _ ranks: Ranks) throws -> Reconstructions {
        try RankIdentity.requireSame(configuration, ranks)
        if !files.isEmpty {
            let predictor = try makePredictor(ranks)
            return try ranks.together {
                var sheet = ReconstructionSheet(wanted: count)
                for file in files where !sheet.isFull {
                    try predictor.forEachContext(file, grain: ReconstructionSheet.columns) { _, context in
                        try sheet.add(predictor.objective, context, path)
                    }
                }
                return try sheet.made(predictor.preprocessing, path)
            }
        }
        let (test, preprocessing) = try RunData.openTest(configuration.data, stored: usage?.preprocessing, ranks: ranks)
        let models = try load(WeightsUsage(test, preprocessing), ranks, threads: 1)
        return try ranks.together {
            let phase = models.phases.last { !$0.objective.predictions.isEmpty } ?? models.phases[0]
            var sheet = ReconstructionSheet(wanted: count)
            let evaluator = try Evaluator(
                ranks: ranks, replica: models.replica, dataset: test, fields: phase.objective.fields,
                preprocessing: preprocessing, grain: ReconstructionSheet.columns, lanes: configuration.batch,
                key: RandomKey(seed: configuration.seed))
            try evaluator.forEachOfFirst(count) { try sheet.add(phase.objective, $0, path) }
            return try sheet.made(preprocessing, path)
        }
    }
}

/// Collects the pictures of grain after grain.
private struct ReconstructionSheet {
    /// Samples in a row; an objective shows as many of a grain.
    static let columns = 16

    let wanted: Int
    /// The rows of pictures of each grain.
    private var parts: [(values: [Float], shape: Shape, columns: Int)] = []
    private var field = ""
    private var samples = 0
    private var squares = 0.0

    init(wanted: Int) { self.wanted = wanted }

    var isFull: Bool { samples >= wanted }

    mutating func add(_ objective: any Objective, _ context: GrainContext, _ path: String) throws {
        if isFull || context.count == 0 { return }
        guard let pictures = objective.pictures(context), pictures.columns == min(context.count, Self.columns),
            pictures.values.shape[0] >= 2 * pictures.columns
        else { throw TrainingError.nothingToReconstruct(path: path) }
        let shape = pictures.values.shape
        let (rows, kept) = (shape[0] / pictures.columns, min(pictures.columns, wanted - samples))
        let row = pictures.columns * shape.sample.count
        let values = pictures.values.values
        for index in 0..<kept * shape.sample.count {
            let difference = Double(values[index]) - Double(values[(rows - 1) * row + index])
            squares += difference * difference
        }
        let own = (0..<rows).flatMap { values[$0 * row..<$0 * row + kept * shape.sample.count] }
        parts.append((own, shape.sample, kept))
        field = pictures.field
        samples += kept
    }

    func made(_ preprocessing: [FieldPreprocessing], _ path: String) throws -> Reconstructions {
        guard let first = parts.first else { throw TrainingError.nothingToReconstruct(path: path) }
        let columns = parts.map(\.columns).max() ?? 1
        let own = preprocessing.first { $0.field == field }
        let size = first.shape.count
        var values: [Float] = []
        for part in parts {
            let rows = part.values.count / (part.columns * size)
            for row in 0..<rows {
                values += part.values[row * part.columns * size..<(row + 1) * part.columns * size]
                // What is missing in the last row is black.
                for index in 0..<(columns - part.columns) * size {
                    values.append(own.map { $0.shift[index % $0.shift.count] } ?? 0)
                }
            }
        }
        let tensor = Tensor(values, first.shape.batched(values.count / size), pool: StoragePool())
        let pictures = Pictures(values: tensor, field: field, columns: columns)
        return Reconstructions(
            pictures: PictureRecord(step: 0, name: "reconstructions", pictures, own), samples: samples,
            squaredError: squares / Double(max(samples, 1)))
    }
}
