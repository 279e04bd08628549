import Kernels
import TensorCore

/// What tells the data sets of CIFAR's binary form (Krizhevsky 2009) apart.
package struct CIFARForm: Sendable {
    /// A label byte of each record.
    struct Label: Sendable {
        let field: String
        /// Its place in the record.
        let byte: Int
        let classNames: [String]
    }

    let name: String
    let trainingFiles, testFiles: [String]
    let trainingRecords, testRecords: Int
    /// In the order of the fields; in a record all of them stand before the pixels.
    let labels: [Label]
    /// How it is published.
    let release: Release

    func files(_ split: DatasetSplit) -> [String] { split == .train ? trainingFiles : testFiles }

    /// `image` [32, 32, 3] and the labels.
    var fields: [FieldDescription] {
        let first = [FieldDescription].labelledImages([32, 32, 3], classNames: labels[0].classNames)
        return first
            + labels.dropFirst().map {
                FieldDescription(
                    name: $0.field, elementType: .int32, shape: [], meaning: .classes(names: $0.classNames))
            }
    }
}

/// CIFAR in its binary form: records of label bytes and 3×32×32 planar bytes, read as [32, 32, 3].
///
/// The size of every file and all labels are checked when the files are opened.
package struct CIFARDataset: Dataset {
    package let name: String
    package let count: Int
    /// `image` [32, 32, 3], `label` and, where there are more, the other labels.
    package let fields: [FieldDescription]
    package let defaultInput = "image"
    package let defaultTarget: String? = "label"
    private let files: [SharedBytes]
    private let recordsPerFile: Int
    private let labels: [CIFARForm.Label]
    private let recordBytes: Int

    private static let pixelsPerPlane = 32 * 32

    /// Opens the files of a part in `folder`.
    ///
    /// - Parameters:
    ///   - recordsPerFile: the records of one file; nil for those of the official release.
    ///   - imports: `exports` of the same data set in another process of this host.
    package init(
        _ form: CIFARForm, folder: String, split: DatasetSplit, recordsPerFile: Int? = nil,
        imports: [String: SharedBytes.Export] = [:]
    ) throws(DataError) {
        files = try form.release.open(form.files(split), in: folder, imports: imports)
        let records = recordsPerFile ?? (split == .train ? form.trainingRecords : form.testRecords)
        recordBytes = form.labels.count + 3 * CIFARDataset.pixelsPerPlane
        for file in files {
            try file.checkCount(expected: records * recordBytes)
            try CIFARDataset.checkLabels(file, form.labels, recordBytes)
        }
        name = "\(form.name)/\(split.rawValue)"
        fields = form.fields
        labels = form.labels
        self.recordsPerFile = records
        count = files.count * records
    }

    package var exports: [String: SharedBytes.Export] {
        files.reduce(into: [:]) { result, file in file.exported.map { result[file.path] = $0 } }
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        for file in files { file.withUnsafeBytes { hash.feed($0) } }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        let (file, offset) = place(of: index)
        precondition(
            field == 0 && buffer.count == 3 * CIFARDataset.pixelsPerPlane,
            "\(name): an image is [32, 32, 3], the buffer for field \(field) holds \(buffer.count) floats")
        file.withUnsafeBytes { bytes in
            let planes = UnsafeRawBufferPointer(rebasing: bytes[(offset + labels.count)..<(offset + recordBytes)])
            if let source = planes.baseAddress, let destination = buffer.baseAddress {
                interleaveThreePlanes(source, to: destination, pixels: CIFARDataset.pixelsPerPlane)
            }
        }
    }

    package func prefetch(_ index: Int) {
        let (file, offset) = place(of: index)
        file.prefetch(offset, count: recordBytes)
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(field > 0 && field <= labels.count, "\(name): field \(field) is not a label")
        let (file, offset) = place(of: index)
        buffer[0] = Int32(file[offset + labels[field - 1].byte])
    }

    private func place(of index: Int) -> (file: SharedBytes, offset: Int) {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        let (file, record) = index.quotientAndRemainder(dividingBy: recordsPerFile)
        return (files[file], record * recordBytes)
    }

    private static func checkLabels(
        _ file: SharedBytes, _ labels: [CIFARForm.Label], _ recordBytes: Int
    ) throws(DataError) {
        for start in stride(from: 0, to: file.count, by: recordBytes) {
            for label in labels where Int(file[start + label.byte]) >= label.classNames.count {
                let offset = start + label.byte
                throw .labelOutOfRange(
                    path: file.path, offset: offset, value: Int(file[offset]), classes: label.classNames.count)
            }
        }
    }
}
