import CArchive
import DataPipeline
import Foundation
import Testing

/// CIFAR-100, and data sets that lie packed.
struct PackedDataTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// CIFAR-100's training file, small: 50,000 records of which all pixels are one byte.
    static let records: [UInt8] = (0..<50_000).flatMap { record -> [UInt8] in
        [UInt8(record % 20), UInt8(record % 100)] + [UInt8](repeating: UInt8(record % 251), count: 3072)
    }

    @Test("an .xz and a .bz2 file give the same bytes as the plain one")
    func packings() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
        for (ending, filter) in [
            (".xz", ARCHIVE_FILTER_XZ), (".bz2", ARCHIVE_FILTER_BZIP2), (".gz", ARCHIVE_FILTER_GZIP),
        ] {
            let path = folder.path + "/data" + ending
            try pack(["data": bytes], filter: filter, isArchive: false, to: path)
            let unpacked = try SharedBytes(unpacking: path)
            #expect(unpacked.count == bytes.count && unpacked.withUnsafeBytes { Array($0) } == bytes)
            // Another process would map it.
            let export = try #require(unpacked.exported)
            #expect(try SharedBytes(importing: export, path: path).count == bytes.count)
            #expect(throws: DataError.self) { try SharedBytes(unpacking: path, atMost: 99_999) }
            let packed = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
            for cut in [packed.count / 2, packed.count - 1] {
                let short = try folder.write("short\(ending)", Array(packed[..<cut]))
                #expect(throws: DataError.self, "\(ending) of \(cut) bytes") { try SharedBytes(unpacking: short) }
            }
        }
        for (name, bytes) in [("plain.xz", Array("not packed".utf8)), ("empty.xz", [])] {
            let path = try folder.write(name, bytes)
            #expect {
                try SharedBytes(unpacking: path)
            } throws: {
                if case DataError.corruptArchive(path, _) = $0 { true } else { false }
            }
        }
    }

    @Test("CIFAR-100 has two labels, and is read plain, from its folder and from its archive alike")
    func cifar100() throws {
        let other = try TemporaryFolder()
        let test = Array(Self.records[..<(10_000 * 3074)])
        let archive = other.path + "/cifar-100-binary.tar.gz"
        try pack(
            [
                "cifar-100-binary/test.bin": test, "cifar-100-binary/readme": [1],
                "cifar-100-binary/train.bin": Self.records,
            ],
            filter: ARCHIVE_FILTER_GZIP, isArchive: true, to: archive)
        let packed = try CIFAR100().open(.train, path: other.path, imports: [:])
        #expect(packed.count == 50_000 && packed.fields.map(\.name) == ["image", "label", "coarseLabel"])
        #expect(packed.fields[1].meaning.choiceCount == 100 && packed.fields[2].meaning.choiceNames[1] == "fish")
        for index in [0, 57, 49_999] {
            #expect(try packed.label(index) == Int32(index % 100))
            #expect(try packed.integers(index, "coarseLabel") == [Int32(index % 20)])
            #expect(try packed.values(index) == [Float](repeating: Float(index % 251), count: 3072))
        }
        #expect(
            try CIFAR100().open(.train, path: other.path, imports: packed.exports).fingerprint == packed.fingerprint)
        #expect(packed.exports.keys.first == archive + "/train.bin")

        let inner = folder.path + "/cifar-100-binary"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        try Data(Self.records).write(to: URL(fileURLWithPath: inner + "/train.bin"))
        try pack(["data": test], filter: ARCHIVE_FILTER_XZ, isArchive: false, to: inner + "/test.bin.xz")
        #expect(try CIFAR100().open(.train, path: folder.path, imports: [:]).fingerprint == packed.fingerprint)
        #expect(try CIFAR100().open(.test, path: inner, imports: [:]).count == 10_000)
        // Samples to predict: the labels are skipped.
        let samples = try CIFAR100().openSamples(inner + "/test.bin.xz", field: packed.fields[0])
        #expect(samples.count == 10_000 && samples.values(300) == [Float](repeating: 49, count: 3072))
        try FileManager.default.removeItem(atPath: inner + "/test.bin.xz")
        let missing = DataError.missingFile(
            path: "\(folder.path)/test.bin", expected: ["test.bin", "or cifar-100-binary.tar.gz"])
        #expect(throws: missing) { try CIFAR100().open(.test, path: folder.path, imports: [:]) }
    }

    /// Writes files as one packed stream or as an archive.
    private func pack(_ files: KeyValuePairs<String, [UInt8]>, filter: Int32, isArchive: Bool, to path: String) throws {
        let archive = try #require(archive_write_new())
        defer { archive_write_free(archive) }
        archive_write_add_filter(archive, filter)
        if isArchive { archive_write_set_format_ustar(archive) } else { archive_write_set_format_raw(archive) }
        try #require(archive_write_open_filename(archive, path) == ARCHIVE_OK)
        for (name, bytes) in files {
            let entry = try #require(archive_entry_new())
            defer { archive_entry_free(entry) }
            archive_entry_set_pathname(entry, name)
            archive_entry_set_size(entry, Int64(bytes.count))
            archive_entry_set_filetype(entry, 0o100000)
            archive_entry_set_perm(entry, 0o644)
            try #require(archive_write_header(archive, entry) == ARCHIVE_OK)
            let written = bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
            #expect(Int(written) == bytes.count)
        }
        try #require(archive_write_close(archive) == ARCHIVE_OK)
    }
}
