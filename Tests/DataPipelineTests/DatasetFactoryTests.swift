import DataPipeline
import Foundation
import Testing

/// Where the real data sets lie; tests that need them are skipped without it.
private let dataFolder = ProcessInfo.processInfo.environment["TRAINER_DATA"]
private func holds(_ file: String) -> Bool {
    dataFolder.map { FileManager.default.fileExists(atPath: "\($0)/\(file)") } ?? false
}

struct DatasetFactoryTests {
    @Test("a data set of files needs a path, the drawn digits do not")
    func path() throws {
        #expect(throws: DataError.missingPath(dataset: "mnist", location: .folder)) { try MNIST().open(.train) }
        #expect(throws: DataError.missingPath(dataset: "text", location: .file)) { try Text(window: 4).open(.train) }
        #expect(Digits().open(.test).count == 4000)
        #expect(try Points(shape: .xor).open(.test).count == 1000)
    }

    @Test("what is known of a data set without its files is what its files then say")
    func knownFields() throws {
        #expect(Digits().knownFields == Digits().open(.test).fields)
        #expect(try Points(shape: .xor).knownFields == Points(shape: .xor).open(.test).fields)
        #expect(MNIST().knownFields?[0].shape == [28, 28, 1] && CSV(table: TableSettings()).knownFields == nil)
    }

    @Test("factories are equal when their kind and settings are")
    func equality() {
        #expect(MNIST().isEqual(to: MNIST()) && !MNIST().isEqual(to: FashionMNIST()))
        #expect(Text(window: 4).isEqual(to: Text(window: 4)) && !Text(window: 4).isEqual(to: Text(window: 5)))
    }

    @Test(
        "the real MNIST has its published sizes, label counts, mean and deviation",
        .enabled(if: holds("mnist"), "set TRAINER_DATA to a folder that holds mnist"))
    func mnist() throws {
        let folder = try #require(dataFolder) + "/mnist"
        let train = try MNIST().open(.train, path: folder)
        #expect(train.count == 60_000 && train.inputShape == [28, 28, 1])
        #expect(try tally(train) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
        let statistics = ChannelStatistics(try ChannelSums(scanning: train, field: 0))
        #expect(abs(statistics.mean[0] - 0.1307) < 5e-5 && abs(statistics.standardDeviation[0] - 0.3081) < 5e-5)
        let test = try MNIST().open(.test, path: folder, imports: train.exports)
        #expect(try tally(test) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
        let again = try MNIST().open(.train, path: folder, imports: train.exports)
        #expect(again.exports.isEmpty || train.exports.isEmpty)
        #expect(again.fingerprint == train.fingerprint && train.fingerprint != test.fingerprint)
    }

    @Test(
        "the real Fashion-MNIST opens",
        .enabled(if: holds("fashion-mnist"), "set TRAINER_DATA to a folder that holds fashion-mnist"))
    func fashion() throws {
        let test = try FashionMNIST().open(.test, path: try #require(dataFolder) + "/fashion-mnist")
        #expect(try tally(test) == Array(repeating: 1000, count: 10))
        #expect(test.targetField?.meaning == .classes(names: FashionMNIST.classNames))
    }

    @Test(
        "the real CIFAR-10 has its published mean and deviation",
        .enabled(if: holds("cifar10/data_batch_5.bin"), "set TRAINER_DATA to a folder that holds the unpacked cifar10"))
    func cifar10() throws {
        let train = try CIFAR10().open(.train, path: try #require(dataFolder) + "/cifar10")
        #expect(try train.count == 50_000 && tally(train) == Array(repeating: 5000, count: 10))
        let statistics = ChannelStatistics(try ChannelSums(scanning: train, field: 0))
        for (found, published) in zip(statistics.mean, [0.49139968, 0.48215841, 0.44653091]) {
            #expect(abs(found - published) < 5e-9)
        }
        for (found, published) in zip(statistics.standardDeviation, [0.24703223, 0.24348513, 0.26158784]) {
            #expect(abs(found - published) < 1e-7)
        }
    }

    private func tally(_ dataset: any Dataset) throws -> [Int] {
        var result = [Int](repeating: 0, count: dataset.classCount)
        for index in 0..<dataset.count { result[Int(try dataset.label(index))] += 1 }
        return result
    }
}

extension DatasetFactory {
    /// Opens without a path or with one, and without imports.
    fileprivate func open(_ split: DatasetSplit, path: String? = nil) throws(DataError) -> any Dataset {
        try open(split, path: path, imports: [:])
    }
}

extension Digits {
    fileprivate func open(_ split: DatasetSplit) -> any Dataset { open(split, path: nil, imports: [:]) }
}
