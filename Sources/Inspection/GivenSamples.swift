import DataPipeline
import NeuralNetwork
import TensorCore
import Training

/// Samples of the input of a model, as it gets them, with what is known of each.
package struct GivenSamples: Sendable {
    package let field: FieldDescription
    package let preprocessing: FieldPreprocessing?
    /// Row by row, channels last.
    package private(set) var values: [Float] = []
    /// The class of each; nil where the data do not say.
    package private(set) var classes: [Int?] = []
    /// A file, or the number in the data.
    package private(set) var names: [String] = []

    package init(field: FieldDescription, preprocessing: FieldPreprocessing?) {
        self.field = field
        self.preprocessing = preprocessing
    }

    package var count: Int { names.count }

    package mutating func append(_ sample: some Collection<Float>, class number: Int?, name: String) {
        precondition(sample.count == field.shape.count, "GivenSamples: \(sample.count) values for \(field.shape)")
        values += sample
        classes.append(number)
        names.append(name)
    }

    /// The values of one sample.
    package func sample(_ index: Int) -> ArraySlice<Float> {
        values[index * field.shape.count..<(index + 1) * field.shape.count]
    }

    /// [n, …] of some of them.
    package func tensor(_ range: Range<Int>, pool: StoragePool) -> Tensor {
        let size = field.shape.count
        return Tensor(
            Array(values[range.lowerBound * size..<range.upperBound * size]), field.shape.batched(range.count),
            pool: pool)
    }

    /// Values of samples in the units of pictures: 0 for black, 255 for white.
    package func pixels(_ values: some Collection<Float>) -> [Float] {
        let channels = field.shape.rank == 3 ? field.shape[2] : 1
        var unit: Float = 255
        if case .pixels(let scale, _) = field.meaning { unit = scale }
        return values.enumerated().map { index, value in
            let own = preprocessing.map { (value - $0.shift[index % channels]) / $0.scale[index % channels] } ?? value
            return own * 255 / unit
        }
    }

    /// What a change of one unit of brightness, 1/255 of the scale, is to the model, by channel.
    package var unitOfPixels: [Float] {
        var unit: Float = 255
        if case .pixels(let scale, _) = field.meaning { unit = scale }
        let channels = field.shape.rank == 3 ? field.shape[2] : 1
        return (0..<channels).map { unit / 255 * (preprocessing?.scale[$0] ?? 1) }
    }

    /// What empty space around a picture is to the model, by channel.
    package var background: [Float] {
        var raw: Float = 0
        if case .pixels(_, let own) = field.meaning { raw = own }
        let channels = field.shape.rank == 3 ? field.shape[2] : 1
        return (0..<channels).map { raw * (preprocessing?.scale[$0] ?? 1) + (preprocessing?.shift[$0] ?? 0) }
    }

    /// What black and white are to the model, by channel.
    package var limits: [(black: Float, white: Float)] {
        let channels = field.shape.rank == 3 ? field.shape[2] : 1
        return unitOfPixels.enumerated().map { channel, unit in
            let black = preprocessing?.shift[channel % channels] ?? 0
            return (black, black + 255 * unit)
        }
    }
}

extension GivenSamples {
    /// Samples as pictures; of other numbers of channels than 1 and 3 the mean of all.
    package func sheet(
        _ numbers: some Collection<Int>, name: String, caption: String, columns: Int = 8, labels: [String] = []
    ) -> PictureSheet {
        PictureSheet(
            name, caption: caption, values: numbers.flatMap { visible(pixels(sample($0))) }, height: field.shape[0],
            width: field.shape[1], channels: visibleChannels, columns: min(columns, max(numbers.count, 1)),
            labels: labels)
    }

    /// Other values of as many numbers a sample, as pictures.
    package func sheet(
        of values: [Float], name: String, caption: String, columns: Int = 8, labels: [String] = []
    ) -> PictureSheet {
        let count = values.count / max(field.shape.count, 1)
        return PictureSheet(
            name, caption: caption, values: visible(pixels(values)), height: field.shape[0], width: field.shape[1],
            channels: visibleChannels, columns: min(columns, max(count, 1)), labels: labels)
    }

    /// 1 or 3.
    package var visibleChannels: Int { field.shape[2] == 3 ? 3 : 1 }

    /// [H, W, C] as grey or colours.
    package func visible(_ picture: [Float]) -> [Float] {
        let channels = field.shape[2]
        if channels == 1 || channels == 3 { return picture }
        return stride(from: 0, to: picture.count, by: channels).map { start in
            picture[start..<start + channels].reduce(0, +) / Float(channels)
        }
    }
}

extension SampleArguments {
    /// The part of the data that is read; nil where samples are files.
    package var part: DataPart? { files.isEmpty ? split ?? .test : nil }
}

extension Subject {
    /// The samples that a look was asked for, on this rank; throws as the readers of files and data do.
    ///
    /// - Parameters:
    ///   - usual: how many of the first samples are taken where no numbers are given.
    package func samples(_ arguments: SampleArguments, usual: Int) throws -> GivenSamples {
        let field = try inputField()
        var result = GivenSamples(field: field, preprocessing: preprocessing(of: field))
        if let dataset {
            return try samples(
                numbered: arguments.samples?.numbers ?? Array(0..<min(usual, dataset.count)),
                part: arguments.part?.rawValue ?? "test")
        }
        let values = try NodeValues(qualified(model.inputs[0].name), weights.objectiveSetup(models, usage))
        let predictor = try Predictor(
            models, values, weights.configuration.data, usage, path: weights.path, dropoutSamples: 0)
        for file in arguments.files {
            try predictor.forEachContext(file) { first, context in
                let batch = context.batch.input(field.name, pool: context.tape.pool)
                for row in 0..<context.count {
                    let start = batch.pointer + row * field.shape.count
                    let name = (file as String).split(separator: "/").last.map(String.init) ?? file
                    result.append(
                        Array(UnsafeBufferPointer(start: start, count: field.shape.count)), class: nil,
                        name: first + row > 0 ? "\(name)[\(first + row)]" : name)
                }
            }
        }
        return result
    }

    /// Samples of the part of the data that the subject was made with, on this rank.
    ///
    /// - Parameter part: its name, for errors.
    package func samples(numbered numbers: [Int], part: String) throws -> GivenSamples {
        guard let dataset else { preconditionFailure("Subject: no part of the data was opened") }
        let field = try inputField()
        var result = GivenSamples(field: field, preprocessing: preprocessing(of: field))
        let place = try dataset.fieldIndex(field.name)
        let classes = try usage.field(usage.defaultTarget).flatMap { target in
            target.shape.count == 1 && target.elementType == .int32 ? try dataset.fieldIndex(target.name) : nil
        }
        var row = [Float](repeating: 0, count: field.shape.count)
        for number in numbers {
            guard number < dataset.count else {
                throw InspectionError.noSuchSample(number: number, count: dataset.count, part: part)
            }
            try row.withUnsafeMutableBufferPointer { buffer in
                try dataset.read(number, field: place, into: buffer)
                result.preprocessing?.apply(to: buffer)
            }
            var label: [Int32] = [0]
            if let classes {
                try label.withUnsafeMutableBufferPointer { try dataset.readIntegers(number, field: classes, into: $0) }
            }
            result.append(
                row, class: classes == nil ? nil : Int(label[0]), name: "\(dataset.sampleID(of: number))")
        }
        return result
    }
}
