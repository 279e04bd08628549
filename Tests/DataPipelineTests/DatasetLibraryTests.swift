import DataPipeline
import Foundation
import Testing

/// Where the real data sets lie; tests that need them are skipped without it.
private let dataFolder = ProcessInfo.processInfo.environment["TRAINER_DATA"]
private func holds(_ file: String) -> Bool {
    dataFolder.map { FileManager.default.fileExists(atPath: "\($0)/\(file)") } ?? false
}

struct DatasetLibraryTests {
    @Test(
        "an unknown name is refused with the nearest known one",
        arguments: [
            ("mnst", "mnist"), ("fashion_mnist", "fashion-mnist"), ("cifar-10", "cifar10"), ("Digits", "digits"),
            ("imagenet", nil),
        ])
    func unknown(name: String, nearest: String?) {
        #expect(throws: DataError.unknownDataset(name: name, known: DatasetLibrary.names, nearest: nearest)) {
            try DatasetLibrary.open(name: name, path: nil, split: .train)
        }
    }

    @Test("a data set of files needs a folder, the drawn digits do not")
    func folder() throws {
        #expect(throws: DataError.missingFolder(dataset: "mnist")) {
            try DatasetLibrary.open(name: "mnist", path: nil, split: .train)
        }
        #expect(try DatasetLibrary.open(name: "digits", path: nil, split: .test, count: 30).count == 30)
    }

    @Test(
        "the real MNIST has its published sizes, label counts, mean and deviation",
        .enabled(if: holds("mnist"), "set TRAINER_DATA to a folder that holds mnist"))
    func mnist() throws {
        let folder = try #require(dataFolder) + "/mnist"
        let train = try DatasetLibrary.open(name: "mnist", path: folder, split: .train)
        #expect(train.count == 60_000 && train.sampleShape == [28, 28, 1])
        #expect(tally(train) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
        let statistics = ChannelStatistics(try ChannelSums(scanning: train))
        #expect(abs(statistics.mean[0] - 0.1307) < 5e-5 && abs(statistics.standardDeviation[0] - 0.3081) < 5e-5)
        let test = try DatasetLibrary.open(name: "mnist", path: folder, split: .test, imports: train.exports)
        #expect(tally(test) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
        let again = try DatasetLibrary.open(name: "mnist", path: folder, split: .train, imports: train.exports)
        #expect(again.exports.isEmpty || train.exports.isEmpty)
        #expect(again.fingerprint == train.fingerprint && train.fingerprint != test.fingerprint)
    }

    @Test(
        "the real Fashion-MNIST opens",
        .enabled(if: holds("fashion-mnist"), "set TRAINER_DATA to a folder that holds fashion-mnist"))
    func fashion() throws {
        let test = try DatasetLibrary.open(
            name: "fashion-mnist", path: try #require(dataFolder) + "/fashion-mnist", split: .test)
        #expect(tally(test) == Array(repeating: 1000, count: 10))
        #expect(
            test.target
                == .classes([
                    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
                    "Ankle boot",
                ]))
    }

    @Test(
        "the real CIFAR-10 has its published mean and deviation",
        .enabled(if: holds("cifar10/data_batch_5.bin"), "set TRAINER_DATA to a folder that holds the unpacked cifar10"))
    func cifar10() throws {
        let train = try DatasetLibrary.open(name: "cifar10", path: try #require(dataFolder) + "/cifar10", split: .train)
        #expect(train.count == 50_000 && tally(train) == Array(repeating: 5000, count: 10))
        let statistics = ChannelStatistics(try ChannelSums(scanning: train))
        for (found, published) in zip(statistics.mean, [0.49139968, 0.48215841, 0.44653091]) {
            #expect(abs(found - published) < 5e-9)
        }
        for (found, published) in zip(statistics.standardDeviation, [0.24703223, 0.24348513, 0.26158784]) {
            #expect(abs(found - published) < 1e-7)
        }
    }

    private func tally(_ dataset: any Dataset) -> [Int] {
        var result = [Int](repeating: 0, count: dataset.target.classCount)
        for index in 0..<dataset.count { result[Int(dataset.label(of: index))] += 1 }
        return result
    }
}
