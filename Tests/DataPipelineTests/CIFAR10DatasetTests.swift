import DataPipeline
import Foundation
import Testing

struct CIFAR10DatasetTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// Two records a file: pixel value = 50·file + 10·record + 2·plane + (position mod 2).
    func records(file: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for record in 0..<2 {
            bytes.append(UInt8((2 * file + record) % 10))
            for position in 0..<3072 {
                let value = 50 * (file % 5) + 10 * record + 2 * (position / 1024) + position % 2
                bytes.append(UInt8(value))
            }
        }
        return bytes
    }

    func open(_ split: DatasetSplit = .train) throws -> CIFARDataset {
        try CIFARDataset(CIFAR10.form, folder: folder.path, split: split, recordsPerFile: 2)
    }

    func writeAll() throws {
        for file in 1...5 { try folder.write("data_batch_\(file).bin", records(file: file)) }
        try folder.write("test_batch.bin", records(file: 0))
    }

    @Test("reads all files in order, channels last")
    func reads() throws {
        try writeAll()
        let dataset = try open()
        #expect(dataset.count == 10 && dataset.inputShape == [32, 32, 3] && dataset.classCount == 10)
        #expect(try (0..<10).map { try dataset.label($0) } == [2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
        let pixels = try dataset.values(5)  // file 3, record 1
        for position in 0..<1024 {
            for channel in 0..<3 where pixels[3 * position + channel] != Float(150 + 10 + 2 * channel + position % 2) {
                Issue.record("pixel \(position) channel \(channel): \(pixels[3 * position + channel])")
            }
        }
        #expect(try open(.test).count == 2)
        #expect(try open().fingerprint != open(.test).fingerprint)
    }

    @Test func aMissingFileIsNamed() throws {
        #expect(
            throws: DataError.missingFile(
                path: "/nowhere/test_batch.bin", expected: ["test_batch.bin", "or cifar-10-binary.tar.gz"])
        ) {
            try CIFAR10().open(.test, path: "/nowhere", imports: [:])
        }
        try writeAll()
        try FileManager.default.removeItem(atPath: "\(folder.path)/data_batch_3.bin")
        #expect {
            try open()
        } throws: {
            if case DataError.missingFile("\(folder.path)/data_batch_3.bin", _) = $0 { true } else { false }
        }
    }

    @Test("cut, long and mislabelled files are refused with the place")
    func damaged() throws {
        try writeAll()
        let path = "\(folder.path)/data_batch_4.bin"
        try folder.write("data_batch_4.bin", records(file: 4).dropLast())
        #expect(throws: DataError.truncated(path: path, expected: 6146, actual: 6145)) { try open() }
        try folder.write("data_batch_4.bin", records(file: 4) + [0])
        #expect(throws: DataError.trailingBytes(path: path, expected: 6146, actual: 6147)) { try open() }
        var bytes = records(file: 4)
        bytes[3073] = 77
        try folder.write("data_batch_4.bin", bytes)
        #expect(throws: DataError.labelOutOfRange(path: path, offset: 3073, value: 77, classes: 10)) { try open() }
    }
}
