import DataPipeline
import Foundation
import Kernels
import TensorCore
import TestSupport
import Testing

struct ImageShardsTests {
    private let tree: PictureTree
    private let images = Images(height: 2, width: 2, channels: .grey, test: 0)

    init() throws { tree = try PictureTree() }

    /// The problem of opening shards, with the shard's name.
    private func problem(_ bytes: [UInt8], path: String = "a.tar") throws -> PictureSetProblem? {
        try tree.write("a.tar", bytes)
        do {
            _ = try tree.open(images, at: path)
            return nil
        } catch DataError.pictures(let path, let problem) {
            #expect(path.hasPrefix(tree.path))
            return problem
        }
    }

    private func tar(_ files: [(String, [UInt8])]) -> TarFile {
        var tar = TarFile()
        for (name, bytes) in files { tar.add(name, bytes) }
        return tar
    }

    @Test func shardsGiveTheSameSamplesAsTheFolders() throws {
        let names = ["train/b/2.png", "train/a/0.png", "train/b/1.png", "test/a/0.png", "test/b/9.png"]
        try tree.write(pictures: names)
        let shards = try PictureTree()
        var parts = [TarFile(), TarFile(), TarFile()]
        for (level, name) in names.enumerated() {
            let part = name.hasPrefix("test") ? 2 : level % 2
            parts[part].add(String(name.drop { $0 != "/" }.dropFirst()), PictureTree.png(UInt8(level)))
        }
        for (name, part) in zip(["train-0.tar", "train-1.tar", "test-0.tar"], parts) {
            try shards.write(name, part.ended)
        }
        for split in DatasetSplit.allCases {
            let (folders, streamed) = (try tree.open(images, split), try shards.open(images, split))
            #expect(try folders.told() == streamed.told())
            #expect((0..<folders.count).map(folders.sampleID) == (0..<streamed.count).map(streamed.sampleID))
            #expect(folders.fields == streamed.fields)
        }
        #expect(try shards.open(images, at: "train-{0..1}.tar").told() == tree.open(images).told())
        #expect(try shards.open(images, at: "t{rain-{0,1},est-0}.tar").told() == tree.open(images).told())
        // Packed a folder higher, in folders of parts.
        let higher = try PictureTree()
        for part in ["train", "test"] {
            var tar = TarFile()
            for (level, name) in names.enumerated() where name.hasPrefix(part) {
                tar.add("./" + name, PictureTree.png(UInt8(level)))
            }
            try higher.write("\(part)/all.tar", tar.ended)
        }
        #expect(try higher.open(images).told() == tree.open(images).told())
    }

    @Test func aFileBesideThePictureTellsItsClass() throws {
        let picture = PictureTree.png(7)
        let files: [(String, [UInt8])] = [
            ("x/2.cls", Array("10\n".utf8)), ("x/2.png", picture), ("x/2.json", [1]), ("x/1.JPG", PictureTree.png(8)),
            ("x/1.cls", Array(" 9 ".utf8)), ("x/1.seg.png", picture), ("x/3.txt", [1]), ("x/._1.png", [0]),
        ]
        try tree.write("data.tar", tar(files).ended)
        let dataset = try tree.open(images, at: "data.tar")
        #expect(try dataset.told() == ["8 9", "7 10"])
        #expect(dataset.targetField?.meaning.choiceNames == ["9", "10"])
        #expect(
            dataset.source.notes == ["1 samples without a picture left out, the first is \(tree.path)/data.tar/x/3"])
        try tree.write("none.tar", tar([("1.png", picture)]).ended)
        #expect(try tree.open(images, at: "none.tar").told() == ["7"])
    }

    @Test func longNamesOfAnyLanguageAreKept() throws {
        // In a pax header (POSIX.1-2001): length, keyword, value.
        let name = "ärzte/" + String(repeating: "長", count: 50) + ".png"
        let record = " path=\(name)\n"
        let length = record.utf8.count + 3
        var tar = TarFile()
        tar.add("PaxHeaders/x", Array("\(length)\(record)".utf8), type: "x")
        tar.add("short.png", PictureTree.png(3))
        tar.add("büro/ü.png", PictureTree.png(4))
        try tree.write("a.tar", tar.ended)
        #expect(try tree.open(images, at: "a.tar").told() == ["4 büro", "3 ärzte"])
    }

    @Test func damagedAndHostileShardsAreRefusedWithThePlace() throws {
        let good = tar([("a/0.png", PictureTree.png(0)), ("a/1.png", PictureTree.png(1))])
        let second = good.headers[1]
        #expect(try problem(good.ended) == nil)
        #expect(
            try problem(Array(good.bytes[..<(second + 520)]))
                == .entryCutShort(name: "a/1.png", offset: second, expected: PictureTree.png(1).count, actual: 8))
        guard case .damagedShard(let offset, _) = try problem(Array(good.bytes[..<(second + 100)])) else {
            Issue.record("a header that is cut short is no error")
            return
        }
        #expect(offset == second)
        var changed = good.ended
        changed[second + 20] ^= 1
        guard case .damagedShard = try problem(changed) else {
            Issue.record("a header with a wrong sum is no error")
            return
        }
        #expect(throws: DataError.emptyFile(path: "\(tree.path)/a.tar")) { try problem([]) }
        for name in ["../0.png", "a/../../0.png", "/etc/0.png"] {
            #expect(try problem(tar([("a/0.png", [1]), (name, [1])]).ended) == .hostileName(name: name, offset: 1024))
        }
        for type: Character in ["1", "2"] {
            var linked = TarFile()
            linked.add("a/0.png", [], type: type, link: "b")
            #expect(try problem(linked.ended) == .linkInShard(name: "a/0.png", offset: 0))
        }
        #expect(
            try problem(tar([("a/0.png", [1]), ("a/0.jpg", [1])]).ended) == .twoPictures(key: "a/0", offset: 1024))
        #expect(try problem(tar([("a/0.png", [1]), ("1.png", [1])]).ended) == .noClass(key: "1", offset: 1024))
        #expect(try problem(gzip(good.ended)) == .packedShard(kind: "gzip", unpack: "gunzip \(tree.path)/a.tar"))
        #expect(try problem(good.ended, path: "a-{0..}.tar")?.description.contains("is no range") == true)
        #expect(try problem(good.ended, path: "a-{0..3.tar")?.description.contains("not closed") == true)
    }

    @Test func aShardThatChangesIsNoticed() throws {
        var first = tar([("a/0.png", PictureTree.png(0))])
        try tree.write("a.tar", first.ended)
        try tree.age()
        let opened = try tree.open(images, at: "a.tar")
        #expect(try opened.told() == ["0 a"])
        first.add("a/1.png", PictureTree.png(1))
        try tree.write("a.tar", first.ended)
        #expect(throws: DataError.self) { try opened.values(0) }
        try tree.age()
        #expect(try tree.open(images, at: "a.tar").told() == ["0 a", "1 a"])
    }
}

struct ShardPlanTests {
    /// Samples in shards of other sizes, not in the order of the shards.
    private struct Shards: ShardedSamples {
        var window: Int
        let sizes: [Int]
        var count: Int { sizes.reduce(0, +) }

        func place(of index: Int) -> (shard: Int, place: Int) {
            var place = index * 5 % count
            for (shard, size) in sizes.enumerated() {
                if place < size { return (shard, place) }
                place -= size
            }
            return (0, 0)
        }
    }
    private let sizes = [5, 1, 12, 7, 3]

    private func plan(_ shards: Shards, batch: Int = 10, grain: Int = 3, seed: UInt64 = 1, limit: Int? = nil)
        -> ShardPlan
    {
        let all = ComputedDataset(count: shards.count)
        let dataset: any Dataset = limit.map { Subset(drawing: $0, of: all) } ?? all
        return ShardPlan(dataset, shards: shards, batchSize: batch, grainSize: grain, key: RandomKey(seed: seed))
    }

    private func epoch(_ epoch: Int, _ plan: ShardPlan) -> [Int] {
        (0..<plan.stepsPerEpoch).flatMap { step in
            (0..<plan.grainsPerStep).flatMap {
                Array(plan.samples(step: epoch * plan.stepsPerEpoch + step, grain: $0))
            }
        }
    }

    @Test(arguments: [1, 2, 6, 28, 1000], [nil, 11])
    func everySampleComesOnceInAnEpoch(window: Int, limit: Int?) {
        let plan = plan(Shards(window: window, sizes: sizes), limit: limit)
        for number in 0..<3 { #expect(epoch(number, plan).sorted() == Array(0..<(limit ?? 28))) }
        #expect(epoch(0, plan) != epoch(1, plan))
    }

    @Test func shardsComeOneAfterTheOtherAndWindowsAreShuffled() {
        let shards = Shards(window: 1, sizes: sizes)
        let streamed = epoch(0, plan(shards)).map { shards.place(of: $0) }
        #expect(Set(streamed.map(\.shard)).count == 5)
        for (one, next) in zip(streamed, streamed.dropFirst()) {
            #expect(one.shard == next.shard ? next.place == one.place + 1 : next.place == 0)
        }
        let shuffled = epoch(0, plan(Shards(window: 6, sizes: sizes))).map { shards.place(of: $0) }
        for first in stride(from: 0, to: 28, by: 6) {
            let window = first..<min(first + 6, 28)
            #expect(
                shuffled[window].sorted { $0 < $1 }.map { "\($0)" }
                    == streamed[window].sorted { $0 < $1 }.map { "\($0)" })
        }
        #expect(shuffled.map { "\($0)" } != streamed.map { "\($0)" })
    }

    @Test func anyStepCanBeTheFirst() {
        let shards = Shards(window: 6, sizes: sizes)
        let whole = plan(shards)
        let steps = (0..<9).map { step in (0..<4).map { Array(whole.samples(step: step, grain: $0)) } }
        for step in [8, 4, 1, 7, 0] {
            let resumed = plan(shards)
            #expect((0..<4).map { Array(resumed.samples(step: step, grain: $0)) } == steps[step])
        }
        #expect(epoch(0, plan(shards, seed: 2)) != epoch(0, whole))
    }
}

struct DamagedSampleTests {
    private let tree: PictureTree
    init() throws {
        tree = try PictureTree()
        try tree.write(pictures: (0..<12).map { "a/\($0 + 10).png" })
        for name in ["a/11.png", "a/15.png", "a/16.png"] {
            try tree.write(name, Array(PictureTree.png(1).prefix(50)))
        }
    }

    private func images(_ damaged: Images.Damaged) -> Images {
        Images(height: 2, width: 2, channels: .grey, test: 0, onDamaged: damaged)
    }

    @Test func aDamagedPictureIsAnErrorThatNamesIt() throws {
        let dataset = try tree.open(images(.stop))
        #expect(throws: Never.self) { try dataset.values(0) }
        do {
            _ = try dataset.values(1)
            Issue.record("no error")
        } catch DataError.picture(let path, _) {
            #expect(path == "\(tree.path)/a/11.png")
        }
    }

    @Test func oneThatIsSkippedIsLeftOutOfItsGrainAndNoted() throws {
        let dataset = try tree.open(images(.skip))
        let source = try BatchSource(
            dataset: dataset, plan: EvaluationPlan(sampleCount: 12, grainSize: 5), key: RandomKey(seed: 1))
        let reader = BatchReader(source)
        var found: [[Int]] = []
        for grain in 0..<3 {
            let batch = try reader.read(step: 0, grain: grain)
            found.append(batch.sampleIDs)
            #expect(batch.count == batch.sampleIDs.count && batch.fields.count == batch.count)
            #expect(
                batch.fields.floats("image").values.map { Int($0.rounded()) }
                    == batch.sampleIDs.flatMap { [$0, $0, $0, $0] })
        }
        #expect(found == [[0, 2, 3, 4], [7, 8, 9], [10, 11]])
        let log = try #require(dataset.source.damage)
        #expect(log.all.map(\.number) == [1, 5, 6])
        #expect(log.all[0].text.hasPrefix("\(tree.path)/a/11.png: "))
    }

    @Test func statisticsLeaveThemOutOnAnyNumberOfThreads() throws {
        let dataset = try tree.open(images(.skip))
        let levels = [0, 2, 3, 4, 7, 8, 9, 10, 11]
        let expected = ChannelSums(
            pixels: 4 * levels.count, sums: [4 * levels.reduce(0, +)], squares: [4 * levels.reduce(0) { $0 + $1 * $1 }])
        for threads in [1, 3] {
            #expect(try ChannelSums(scanning: dataset, field: 0, indices: 0..<12, threads: threads) == expected)
        }
    }
}
