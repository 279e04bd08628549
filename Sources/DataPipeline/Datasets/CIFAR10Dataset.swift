import Kernels
import TensorCore

/// CIFAR-10 in its binary form (Krizhevsky 2009): records of one label byte and 3×32×32 planar bytes, read as [32, 32,
/// 3].
///
/// The size of every file and all labels are checked when the files are opened.
package struct CIFAR10Dataset: Dataset {
    package let name: String
    package let count: Int
    /// `image` [32, 32, 3] and `label`.
    package let fields = CIFAR10Dataset.declaredFields
    package let defaultInput = "image"
    package let defaultTarget: String? = "label"
    private let files: [SharedBytes]
    private let recordsPerFile: Int

    /// The classes in the order of their labels.
    package static let classNames = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]
    static let declaredFields: [FieldDescription] = .labelledImages([32, 32, 3], classNames: classNames)
    private static let pixelsPerPlane = 32 * 32
    private static let recordBytes = 1 + 3 * 32 * 32

    /// Opens `data_batch_1.bin` … `data_batch_5.bin`, or `test_batch.bin`, in `folder`.
    ///
    /// - Parameter recordsPerFile: the records of one file, 10,000 in the official release.
    package init(folder: String, split: DatasetSplit, recordsPerFile: Int = 10_000) throws(DataError) {
        let names = split == .train ? (1...5).map { "data_batch_\($0).bin" } : ["test_batch.bin"]
        var files: [SharedBytes] = []
        for name in names {
            let path = "\(folder)/\(name)"
            guard SharedBytes.exists(path) else {
                if SharedBytes.exists(path + ".xz") { throw .packedFile(path: path, archive: path + ".xz") }
                throw .missingFile(path: path, expected: names)
            }
            let file = try SharedBytes(mapping: path)
            try file.checkCount(expected: recordsPerFile * CIFAR10Dataset.recordBytes)
            try CIFAR10Dataset.checkLabels(file)
            files.append(file)
        }
        name = "cifar10/\(split.rawValue)"
        self.files = files
        self.recordsPerFile = recordsPerFile
        count = files.count * recordsPerFile
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
            field == 0 && buffer.count == 3 * CIFAR10Dataset.pixelsPerPlane,
            "\(name): an image is [32, 32, 3], the buffer for field \(field) holds \(buffer.count) floats")
        file.withUnsafeBytes { bytes in
            let planes = UnsafeRawBufferPointer(rebasing: bytes[(offset + 1)..<(offset + CIFAR10Dataset.recordBytes)])
            if let source = planes.baseAddress, let destination = buffer.baseAddress {
                interleaveThreePlanes(source, to: destination, pixels: CIFAR10Dataset.pixelsPerPlane)
            }
        }
    }

    package func prefetch(_ index: Int) {
        let (file, offset) = place(of: index)
        file.prefetch(offset, count: CIFAR10Dataset.recordBytes)
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(field == 1, "\(name): field \(field) is not the label")
        let (file, offset) = place(of: index)
        buffer[0] = Int32(file[offset])
    }

    private func place(of index: Int) -> (file: SharedBytes, offset: Int) {
        precondition(index >= 0 && index < count, "\(name): no sample \(index) of \(count)")
        let (file, record) = index.quotientAndRemainder(dividingBy: recordsPerFile)
        return (files[file], record * CIFAR10Dataset.recordBytes)
    }

    private static func checkLabels(_ file: SharedBytes) throws(DataError) {
        for offset in stride(from: 0, to: file.count, by: recordBytes) where Int(file[offset]) >= classNames.count {
            throw .labelOutOfRange(path: file.path, offset: offset, value: Int(file[offset]), classes: classNames.count)
        }
    }
}
