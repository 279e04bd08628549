import ConfigurationReading
import DataPipeline
import Testing
import Training

struct ImagesSectionTests {
    private func images(_ keys: String) throws -> Images {
        let run = try readConfiguration(configurationText("data: {name: images, path: p, \(keys)}\n"))
        return try #require(run.data.dataset as? Images)
    }

    @Test func keysHaveDefaultsOfAUsualNetwork() throws {
        #expect(try images("") == Images())
        #expect(try images("size: 32") == Images(height: 32, width: 32))
        #expect(
            try images(
                "size: [24, 48], fit: pad, channels: grey, test: 0.1, order: shards, window: 9, onDamaged: skip, "
                    + "statistics: 7, table: list.csv")
                == Images(
                    height: 24, width: 48, fit: .pad, channels: .grey, table: PictureTableSettings(path: "list.csv"),
                    test: 0.1, order: .shards, window: 9, onDamaged: .skip, statistics: 7))
        #expect(
            try images("table: {path: a.csv, file: f, class: c, split: s, separator: tab}").table
                == PictureTableSettings(path: "a.csv", file: "f", label: "c", split: "s", separator: "\t"))
        #expect(
            configurationProblem(configurationText("data: {name: images, path: p, size: [1, 2, 3]}\n"))?.contains(
                "'data.size': it has 3 numbers; give [height, width]") == true)
    }

    @Test(arguments: [("/x/my-pictures", "/sets/my-pictures"), ("a/b/train-{0..9}.tar", "/sets/b/train-{0..9}.tar")])
    func aFolderOfDataSetsHoldsTheirs(path: String, found: String) throws {
        let run = try readConfiguration(configurationText("data: {name: images, path: \"\(path)\"}\n"))
        #expect(run.data.path(in: "/sets") == found)
    }

    @Test func theLoaderTakesCoresThatAreLeft() throws {
        let usual = LoaderConfiguration()
        func size(_ loader: LoaderConfiguration, cores: Int, isSlow: Bool) -> [Int] {
            let size = loader.size(workers: 2, grainsAtOnce: 3, cores: cores, isSlow: isSlow)
            return [size.threads, size.depth]
        }
        #expect(size(usual, cores: 2, isSlow: true) == [0, 7] && size(usual, cores: 1, isSlow: true) == [0, 7])
        #expect(size(usual, cores: 6, isSlow: false) == [1, 7] && size(usual, cores: 6, isSlow: true) == [4, 13])
        #expect(size(LoaderConfiguration(threads: 2, depth: 1), cores: 9, isSlow: true) == [2, 3])
        let run = try readConfiguration(
            configurationText("data: {name: digits, loader: {threads: 2, depth: 9}}\n"))
        #expect(run.data.loader == LoaderConfiguration(threads: 2, depth: 9))
        let other = try readConfiguration(configurationText("data: digits\n"))
        #expect(run.fingerprint == other.fingerprint && other.data.loader == usual)
    }
}
