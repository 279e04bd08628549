import System

/// What can be wrong with a data set or with asking for one; each text names the place and says what to do.
package enum DataError: Error, Equatable, CustomStringConvertible {
    case missingFile(path: String, expected: [String])
    case unreadable(path: String, operation: String, reason: String)
    case truncated(path: String, expected: Int, actual: Int)
    case trailingBytes(path: String, expected: Int, actual: Int)
    case wrongMagic(path: String, expected: UInt32, actual: UInt32)
    case emptyFile(path: String)
    /// A file that holds no images that can be read; `found` says what it holds, where that is known.
    case notImages(path: String, found: String?)
    /// What is wrong with an image in a netpbm file.
    case netpbm(path: String, offset: Int, problem: String)
    case labelOutOfRange(path: String, offset: Int, value: Int, classes: Int)
    case countMismatch(imagesPath: String, images: Int, labelsPath: String, labels: Int)
    case imageSize(path: String, expected: [Int], actual: [Int])
    /// What is wrong with a packed file or an archive that is no gzip file.
    case corruptArchive(path: String, reason: String)
    case corruptGzip(path: String, offset: Int, reason: String)
    case staleExport(path: String, reason: String)
    case missingPath(dataset: String, location: DatasetLocation)
    case unknownField(dataset: String, name: String, known: [String], nearest: String?)
    case notAnImage(field: String, shape: [Int])
    /// An augmentation of sequences of features, of a field that holds none.
    case notFeatures(field: String, shape: [Int])
    /// An augmentation of sound, of a field that is not computed from recordings.
    case notSound(field: String)
    /// An image that can't get the extents that are asked for; `problem` ends with what to do.
    case notFitted(field: String, shape: [Int], problem: String)
    /// Pictures are to be resized or cropped after another field has said where things are in them.
    case fixedPlaces(field: String, placed: String)
    /// Why a field can't be augmented as is asked; `problem` ends with what to do.
    case augmentation(field: String, problem: String)
    case onlyForPixels(preprocessing: String, field: String)
    case preprocessingMismatch(field: String, channels: Int, factors: Int)
    /// A column whose missing values are to be filled from training samples that all miss it.
    case nothingKnown(dataset: String, column: String)
    /// What is wrong with a table at a line, counted from 1; `problem` ends with what to do.
    case table(path: String, line: Int, column: String?, problem: String)
    /// A table does not fit its settings; `problem` ends with what to do.
    case tableSettings(path: String, problem: String)
    case unknownColumn(path: String, key: String, name: String, known: [String], nearest: String?)
    /// What is wrong with recordings.
    case sound(path: String, problem: SoundProblem)
    /// What is wrong with a picture.
    case picture(path: String, problem: PictureProblem)
    /// What is wrong with a set of pictures.
    case pictures(path: String, problem: PictureSetProblem)
    case textTooShort(path: String, part: String, tokens: Int, window: Int)
    /// A byte that is no part of a character; lines are counted from 1.
    case invalidUTF8(path: String, line: Int, offset: Int)
    /// So many tokens can't be made of the text.
    case bytePairCount(path: String, asked: Int, problem: BytePairProblem)
    case invalidValidation(requested: String, available: Int)
    /// A folder does not hold so many images for both parts.
    case tooFewSamples(path: String, training: Int, test: Int, available: Int)
    /// More validation samples than the data set's own part has.
    case ownValidation(dataset: String, requested: Int, available: Int)
    case threadStart(SystemError)
    case loaderStopped
    /// Weights that can't be applied to files of samples of their kind.
    case notPredictable(path: String, dataset: String, field: String)

    package var description: String {
        switch self {
        case .missingFile(let path, let expected) where expected == [path]:
            return "\(path): no such file; correct the path."
        case .missingFile(let path, let expected):
            return "\(path): no such file. This folder must hold \(expected.joined(separator: ", ")); "
                + "give the right folder with --data DIR or TRAINER_DATA."
        case .unreadable(let path, let operation, let reason):
            return "\(path): \(operation) failed: \(reason). Check the file's type, its permissions and free memory."
        case .truncated(let path, let expected, let actual):
            return
                "\(path): truncated, ends at offset \(actual), expected \(expected) bytes; copy or download the file "
                + "again."
        case .trailingBytes(let path, let expected, let actual):
            return "\(path): \(actual) bytes, but the data end at offset \(expected); copy or download the file again."
        case .wrongMagic(let path, let expected, let actual):
            return
                "\(path): wrong magic number at offset 0: expected \(hexadecimal(expected)), found "
                + "\(hexadecimal(actual)); "
                + "this is not the file that its name says, replace it."
        case .emptyFile(let path):
            return "\(path): holds no samples; replace it by a complete file."
        case .notImages(let path, let found):
            return
                "\(path): \(found ?? "no kind of images that is known"); give a JPEG or PNG picture, an "
                + "IDX image file (plain, .gz or .xz), CIFAR records (.bin), or binary PGM (P5) or PPM (P6)."
        case .netpbm(let path, let offset, let problem):
            return
                "\(path): \(problem), at offset \(offset); convert it to binary PGM (P5) or PPM (P6) with 8 bits a "
                + "value and a largest value of 255."
        case .labelOutOfRange(let path, let offset, let value, let classes):
            return
                "\(path): label \(value) at offset \(offset) is outside 0...\(classes - 1); the file is damaged, "
                + "replace it."
        case .countMismatch(let imagesPath, let images, let labelsPath, let labels):
            return "\(imagesPath) holds \(images) images, but \(labelsPath) holds \(labels) labels; "
                + "take both files from the same release."
        case .imageSize(let path, let expected, let actual):
            return
                "\(path): images are \(times(actual)), expected \(times(expected)); take all files from the same "
                + "release."
        case .corruptArchive(let path, let reason):
            return "\(path): damaged: \(reason); copy or download the file again."
        case .corruptGzip(let path, let offset, let reason):
            return "\(path): damaged gzip data near offset \(offset): \(reason); copy or download the file again."
        case .staleExport(let path, let reason):
            return
                "\(path): the unpacked data of another process cannot be mapped: \(reason); unpack the file here "
                + "instead."
        case .missingPath(let dataset, let location):
            return
                "data.path: the data set '\(dataset)' is read from a \(location.rawValue); set data.path, or give "
                + "--data DIR or TRAINER_DATA."
        case .unknownField(let dataset, let name, let known, let nearest):
            let hint = nearest.map { ", did you mean '\($0)'?" } ?? "."
            return "\(dataset) has no field '\(name)'\(hint) Its fields: \(known.joined(separator: ", "))."
        case .notAnImage(let field, let shape):
            return
                "data.augment: the field '\(field)' has the shape \(shape), only images [height, width, channels] "
                + "can be moved and mirrored; take the augmentation away."
        case .notFeatures(let field, let shape):
            return
                "data.augment: the field '\(field)' has the shape \(shape), only sequences of features [steps, "
                + "channels] can be masked; take the augmentation away."
        case .notSound(let field):
            return
                "data.augment: the field '\(field)' is not computed from recordings, so it can't be shifted in time, "
                + "made louder or noisier; take the augmentation away."
        case .notFitted(let field, let shape, let problem):
            return "data.preprocessing: the field '\(field)' has the shape \(shape); \(problem)."
        case .fixedPlaces(let field, let placed):
            return
                "data.preprocessing: '\(placed)' says where things are in '\(field)', and does not follow when "
                + "pictures are resized or cropped; take resize and crop away, and give the size with data.size."
        case .augmentation(let field, let problem): return "data.augment: '\(field)': \(problem)."
        case .onlyForPixels(let preprocessing, let field):
            return
                "data.preprocessing: '\(preprocessing)' is for pixels and '\(field)' holds real numbers; use "
                + "standardize, meanSubtraction, scale or none."
        case .preprocessingMismatch(let field, let channels, let factors):
            return
                "preprocessing for \(factors) channels does not fit the field '\(field)', which has \(channels); use "
                + "the data that the model was trained on."
        case .nothingKnown(let dataset, let column):
            return
                "data.fill: no sample of \(dataset) has a value in the column '\(column)'; leave it out with "
                + "data.ignore, or give a value instead."
        case .table(let path, let line, let column, let problem):
            return "\(path):\(line): " + (column.map { "column '\($0)': " } ?? "") + problem + "."
        case .tableSettings(let path, let problem): return "\(path): \(problem)."
        case .unknownColumn(let path, let key, let name, let known, let nearest):
            let hint = nearest.map { ", did you mean '\($0)'?" } ?? "."
            return "\(path): data.\(key) names '\(name)', which is no column\(hint) "
                + "Columns: \(known.joined(separator: ", "))."
        case .sound(let path, let problem): return "\(path): \(problem)."
        case .picture(let path, let problem): return "\(path): \(problem)."
        case .pictures(let path, let problem): return "\(path): \(problem)."
        case .textTooShort(let path, let part, let tokens, let window):
            return
                "\(path): the \(part) part has \(tokens) tokens, too few for a window of \(window) and the token "
                + "behind it; make data.window smaller or give a longer text."
        case .invalidUTF8(let path, let line, let offset):
            return
                "\(path):\(line): the byte at offset \(offset) is not UTF-8; convert the file (iconv -f LATIN1 -t "
                + "UTF-8), or set data.vocabulary to distinct or bytes, which take any file."
        case .bytePairCount(let path, let asked, let problem):
            return "\(path): data.vocabulary: \(asked) tokens cannot be had: \(problem.text)."
        case .invalidValidation(let requested, let available):
            return "data.validation: \(requested) of \(available) training samples is impossible; "
                + "give a count from 1 to \(max(available - 1, 1)) or a fraction between 0 and 1 that leaves samples "
                + "on both sides."
        case .tooFewSamples(let path, let training, let test, let available):
            return "\(path): holds \(available) images, too few for \(training) to train on and \(test) others for the "
                + "test; make data.training or data.test smaller."
        case .ownValidation(let dataset, let requested, let available):
            return
                "data.validation: \(requested) of the \(available) samples of \(dataset) is impossible; give at most "
                + "\(available), or leave the key out to use all."
        case .threadStart(let error): return error.description
        case .notPredictable(let path, let dataset, let field):
            return
                "\(path): weights trained on '\(dataset)' take the field '\(field)', which can't be read from a file "
                + "without its data set; use 'trainer evaluate', which reads the data set."
        case .loaderStopped:
            return "The batch loader was stopped while a batch was asked for; start a new loader."
        }
    }
}

private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}

private func times(_ extents: [Int]) -> String { extents.map(String.init).joined(separator: "×") }

extension DataError {
    /// Why byte pairs do not give the tokens that were asked for.
    package enum BytePairProblem: Equatable, Sendable {
        /// The file's bytes alone are as many.
        case tooFew(distinct: Int)
        /// No pair occurs twice any more.
        case tooMany(possible: Int)

        fileprivate var text: String {
            switch self {
            case .tooFew(let distinct):
                "the file has \(distinct) different bytes, which are tokens already; give more than \(distinct)"
            case .tooMany(let possible):
                "with \(possible) no two neighbours occur twice in the training part; give at most \(possible), or a "
                    + "longer text"
            }
        }
    }
}
