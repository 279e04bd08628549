import Autograd
import DataPipeline
import JobHealth
import Kernels
import NeuralNetwork
import TensorCore
import Training

/// A trained model that is looked at: its weights, ready to compute, and what its input is.
package final class Subject {
    package let ranks: Ranks
    package let weights: TrainedWeights
    package let models: LoadedModels
    package let usage: WeightsUsage
    package let model: Model
    /// The part of the run's data that is walked; nil where none is.
    package let dataset: (any Dataset)?

    /// Loads the weights; collective.
    ///
    /// - Parameters:
    ///   - part: of the run's data, to be walked; nil where the look needs no data, or files.
    ///   - limit: how many samples of the part, drawn by a fixed key, are walked; nil for all.
    /// - Throws: `InspectionError`, `TrainingError`, `ConfigurationError`.
    package init(_ run: RunArguments, part: DataPart? = nil, limit: Int? = nil, _ job: LookJob) throws {
        ranks = job.ranks
        let weights = try ranks.together { try TrainedWeights(run.run, config: run.config, data: run.data) }
        self.weights = weights
        Activity.enter(.evaluation)
        if let part {
            let (dataset, preprocessing) = try weights.open(part, ranks)
            self.dataset = limit.flatMap { $0 < dataset.count ? Subset(drawing: $0, of: dataset) : nil } ?? dataset
            var usage = WeightsUsage(dataset, preprocessing)
            usage.classCounts = weights.usage?.classCounts
            self.usage = usage
        } else {
            dataset = nil
            usage = try weights.usage ?? weights.usageFromData(ranks)
        }
        models = try weights.loadAll(usage, ranks, threads: job.threads)
        model = try ranks.together { [models] in try Subject.model(run, models) }
    }

    private static func model(_ run: RunArguments, _ models: LoadedModels) throws -> Model {
        let all = models.network.models
        guard let name = run.model else {
            // The model that says something of samples, or the first one.
            let predicting = models.objectives.last { !$0.predictions.isEmpty }?.models.first
            return predicting.flatMap { models.network[$0] } ?? all[0]
        }
        guard let model = models.network[name] else {
            throw InspectionError.unknownModel(name: name, known: all.map(\.name))
        }
        return model
    }

    /// A node of the model. Throws `ModelError.unknownLayer` with the nearest name.
    package func node(_ name: String) throws -> GraphNode {
        guard let node = model.node(name) else {
            throw ModelError.unknownLayer(model: model.name, name: name, known: model.names)
        }
        return node
    }

    /// A node by the name that `features` and the data's walk take: `model.layer` where there are several models.
    package func qualified(_ node: String) -> String {
        models.network.models.count > 1 ? "\(model.name).\(node)" : node
    }

    /// The parameter of that name under a node; nil where it has none.
    package func parameter(_ name: String, of node: String) -> Parameter? {
        let wanted = qualified(node) + "." + name
        return model.parameters.first { $0.name == wanted }
    }

    /// The values of a parameter, channels last.
    package func values(of parameter: Parameter) -> [Float] {
        let start = models.replica.values.pointer + model.layout.offsets[parameter.index]
        return Array(UnsafeBufferPointer(start: start, count: parameter.shape.count))
    }

    // MARK: - The input

    /// The field that the model's only input takes.
    ///
    /// - Throws: `InspectionError.unsuitableModel` of a model with several inputs.
    package func inputField() throws -> FieldDescription {
        let bindings = try weights.objectiveSetup(models, usage).bindings(of: model)
        guard bindings.count == 1, let field = usage.field(bindings[0].field) else {
            throw InspectionError.unsuitableModel(
                path: weights.path,
                problem: "model \(model.name) has \(bindings.count) inputs, and this looks at what one of them does; "
                    + "give a model with one input")
        }
        return field
    }

    /// The same where it is of pixels.
    ///
    /// - Throws: `InspectionError.unsuitableModel` of a model that takes anything else.
    package func pictureField() throws -> FieldDescription {
        let field = try inputField()
        guard field.shape.rank == 3, field.variableAxis == nil, field.elementType == .float32 else {
            throw InspectionError.unsuitableModel(
                path: weights.path,
                problem: "its model takes '\(field.name)', which is no picture; give a run on pictures")
        }
        return field
    }

    /// ``pictureField()`` of one channel or three.
    ///
    /// - Throws: `InspectionError.unsuitableModel` for pictures that can't be seen.
    package func visiblePictureField() throws -> FieldDescription {
        let field = try pictureField()
        guard field.shape[2] == 1 || field.shape[2] == 3 else {
            throw InspectionError.unsuitableModel(
                path: weights.path,
                problem: "its pictures have \(field.shape[2]) channels; give a run on grey or RGB")
        }
        return field
    }

    /// What a field of the input stands for after preprocessing; nil where values are raw.
    package func preprocessing(of field: FieldDescription) -> FieldPreprocessing? {
        usage.preprocessing.first { $0.field == field.name }
    }

    /// What says the class of a sample: the output with a score for each class, and the field of the classes.
    package struct Classifier {
        /// The node of the scores, before a softmax.
        package let scores: String
        package let target: FieldDescription
        /// The classes' names.
        package var names: [String] { target.meaning.choiceNames }
        /// What the output's numbers say of classes.
        package let meaning: ClassScores

        /// The number of a class by its name or number. Throws `InspectionError.unknownClass`.
        package func number(_ name: String) throws -> Int {
            if let index = names.firstIndex(of: name) { return index }
            if let number = Int(name), names.indices.contains(number) { return number }
            throw InspectionError.unknownClass(name: name, known: names)
        }
    }

    /// - Throws: `InspectionError.unsuitableModel` where no output has a score for each class of a sample.
    package func classifier() throws -> Classifier {
        for objective in models.objectives.reversed() where objective.models.contains(model.name) {
            for prediction in objective.predictions {
                guard case .classes(let names) = prediction.target.meaning, prediction.target.shape.count == 1,
                    let shape = model.shape(of: prediction.output), shape.count == names.count,
                    let end = model.end(of: prediction.output)
                else { continue }
                let isLinked = end.link == .softmax || end.link == .logSoftmax
                let scores = isLinked ? model.nodes[model.node(prediction.output)?.inputs.first ?? 0].name : nil
                return Classifier(
                    scores: scores ?? prediction.output, target: prediction.target,
                    meaning: isLinked ? .logits : prediction.scores)
            }
        }
        throw InspectionError.unsuitableModel(
            path: weights.path,
            problem: "no output of model \(model.name) has a score for each class; give a run that tells classes apart")
    }

    /// What walks the part of the data that the subject was made with.
    ///
    /// - Parameters:
    ///   - fields: of a sample, that the walk reads.
    ///   - takesText: whether windows of a text, each without a past, make sense to the look.
    package func evaluator(fields: [String], takesText: Bool = false) throws -> Evaluator {
        guard let dataset else { preconditionFailure("Subject: no part of the data was opened to be walked") }
        if dataset.isSequence, !takesText { throw TrainingError.noFeaturesOfText(path: weights.path) }
        return try weights.evaluator(dataset, usage.preprocessing, fields, models, ranks)
    }

    /// Calls `body` with a tape on this rank.
    package func withTape<Result>(_ body: (Tape) throws -> Result) rethrows -> Result {
        try models.replica.withTape(body)
    }

    /// The same with other values of all parameters, in the layout of the run's models.
    package func withTape<Result>(of values: FlatBuffer, _ body: (Tape) throws -> Result) rethrows -> Result {
        try body(Tape(layout: model.layout, values: values))
    }

    /// The same over pictures of another size.
    package func withTape<Result>(model: ResizedModel, _ body: (Tape) throws -> Result) rethrows -> Result {
        try body(Tape(layout: model.model.layout, values: model.values))
    }

    /// Values as they are drawn before training.
    package func randomValues(seed: Int) -> FlatBuffer {
        let values = FlatBuffer(count: model.layout.count)
        model.layout.initialize(values, key: RandomKey(seed: UInt64(seed)))
        return values
    }
}
