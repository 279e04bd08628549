import Kernels
import TensorCore

/// Images and labels in the IDX format of MNIST (LeCun, Cortes and Burges 1998), plain or gzip: [N, H, W] bytes and [N]
/// bytes.
///
/// Both headers, both sizes and all labels are checked when the files are opened.
package struct IDXDataset: Dataset {
    package let name: String
    package let count: Int
    /// `image` [H, W, 1] and `label`.
    package let fields: [FieldDescription]
    package let defaultInput = "image"
    package let defaultTarget: String? = "label"
    private let imageShape: Shape
    private let images: SharedBytes
    private let labels: SharedBytes

    private static let imagesMagic: UInt32 = 0x0000_0803
    private static let labelsMagic: UInt32 = 0x0000_0801
    private static let imagesHeader = 16
    private static let labelsHeader = 8

    /// Opens the official files of `split` in `folder`: `train-images-idx3-ubyte`, `t10k-labels-idx1-ubyte` and so on,
    /// each plain or with `.gz`.
    ///
    /// - Parameter imports: `exports` of the same data set in another process of this host.
    package init(
        name: String, folder: String, split: DatasetSplit, classNames: [String],
        imports: [String: SharedBytes.Export] = [:]
    ) throws(DataError) {
        let prefix = split == .train ? "train" : "t10k"
        let files = ["\(prefix)-images-idx3-ubyte", "\(prefix)-labels-idx1-ubyte"]
        let expected = files.map { $0 + "[.gz]" }
        try self.init(
            name: "\(name)/\(split.rawValue)",
            images: try SharedBytes.open("\(folder)/\(files[0])", imports: imports, expected: expected),
            labels: try SharedBytes.open("\(folder)/\(files[1])", imports: imports, expected: expected),
            classNames: classNames)
    }

    /// A data set over the bytes of an image file and a label file.
    package init(name: String, images: SharedBytes, labels: SharedBytes, classNames: [String]) throws(DataError) {
        let (imageCount, height, width) = try IDXDataset.checkImages(images)
        try IDXDataset.checkHeader(labels, magic: IDXDataset.labelsMagic, headerBytes: IDXDataset.labelsHeader)
        let labelCount = Int(labels.bigEndian32(at: 4))
        try labels.checkCount(expected: IDXDataset.labelsHeader + labelCount)
        guard imageCount == labelCount else {
            throw .countMismatch(
                imagesPath: images.path, images: imageCount, labelsPath: labels.path, labels: labelCount)
        }
        for index in 0..<labelCount where Int(labels[IDXDataset.labelsHeader + index]) >= classNames.count {
            let offset = IDXDataset.labelsHeader + index
            throw .labelOutOfRange(
                path: labels.path, offset: offset, value: Int(labels[offset]), classes: classNames.count)
        }
        self.name = name
        self.images = images
        self.labels = labels
        count = imageCount
        imageShape = [height, width, 1]
        fields = .labelledImages(imageShape, classNames: classNames)
    }

    package var exports: [String: SharedBytes.Export] {
        var result: [String: SharedBytes.Export] = [:]
        for file in [images, labels] { if let export = file.exported { result[file.path] = export } }
        return result
    }

    package var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.feed(name)
        images.withUnsafeBytes { hash.feed($0) }
        labels.withUnsafeBytes { hash.feed($0) }
        return hash.value
    }

    package func read(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(field == 0, "\(name): field \(field) is not the image")
        precondition(
            buffer.count == imageShape.count,
            "\(name): a sample is \(imageShape), the buffer holds \(buffer.count) floats")
        withPixels(index) { pixels in
            if let source = pixels.baseAddress, let destination = buffer.baseAddress {
                convertBytes(source, to: destination, count: pixels.count)
            }
        }
    }

    /// Calls `body` with the bytes of an image, row by row.
    func withPixels(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        precondition(index >= 0 && index < count, "\(name): no image \(index) of \(count)")
        let start = IDXDataset.imagesHeader + index * imageShape.count
        images.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + imageShape.count])) }
    }

    package func readIntegers(_ index: Int, field: Int, into buffer: UnsafeMutableBufferPointer<Int32>) {
        precondition(index >= 0 && index < count && field == 1, "\(name): no label \(index) of \(count)")
        buffer[0] = Int32(labels[IDXDataset.labelsHeader + index])
    }

    package func prefetch(_ index: Int) {
        images.prefetch(IDXDataset.imagesHeader + index * imageShape.count, count: imageShape.count)
        labels.prefetch(IDXDataset.labelsHeader + index, count: 1)
    }

    private static func checkImages(_ images: SharedBytes) throws(DataError) -> (count: Int, height: Int, width: Int) {
        try checkHeader(images, magic: imagesMagic, headerBytes: imagesHeader)
        let (count, height, width) = (
            Int(images.bigEndian32(at: 4)), Int(images.bigEndian32(at: 8)), Int(images.bigEndian32(at: 12))
        )
        guard count > 0, height > 0, width > 0 else { throw .emptyFile(path: images.path) }
        // A damaged header may claim sizes whose product no integer holds.
        let (rows, rowsOverflow) = count.multipliedReportingOverflow(by: height)
        let (pixels, pixelsOverflow) = rows.multipliedReportingOverflow(by: width)
        let isImpossible = rowsOverflow || pixelsOverflow || pixels > Int.max - imagesHeader
        try images.checkCount(expected: isImpossible ? Int.max : imagesHeader + pixels)
        return (count, height, width)
    }

    private static func checkHeader(_ file: SharedBytes, magic: UInt32, headerBytes: Int) throws(DataError) {
        guard file.count >= 4 else { throw .truncated(path: file.path, expected: headerBytes, actual: file.count) }
        let actual = file.bigEndian32(at: 0)
        guard actual == magic else { throw .wrongMagic(path: file.path, expected: magic, actual: actual) }
        guard file.count >= headerBytes else {
            throw .truncated(path: file.path, expected: headerBytes, actual: file.count)
        }
    }
}

extension [FieldDescription] {
    /// `image`, 8-bit pixels of this shape on black, and `label`, a class.
    static func labelledImages(_ shape: Shape, classNames: [String]) -> [FieldDescription] {
        [
            FieldDescription(
                name: "image", elementType: .float32, shape: shape, meaning: .pixels(scale: 255, background: 0)),
            FieldDescription(name: "label", elementType: .int32, shape: [], meaning: .classes(names: classNames)),
        ]
    }
}

extension SharedBytes {
    /// Throws unless the file holds exactly `expected` bytes.
    func checkCount(expected: Int) throws(DataError) {
        if count < expected { throw .truncated(path: path, expected: expected, actual: count) }
        if count > expected { throw .trailingBytes(path: path, expected: expected, actual: count) }
    }
}
