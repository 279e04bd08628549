import DataPipeline
import Foundation
import Kernels
import TensorCore
import Testing

struct ImagesTests {
    private let tree: PictureTree
    private let images = Images(height: 2, width: 2, channels: .grey)

    init() throws { tree = try PictureTree() }

    /// The problem of opening a part; nil where there is none.
    private func problem(_ images: Images? = nil, _ split: DatasetSplit = .train) throws -> PictureSetProblem? {
        do {
            _ = try tree.open(images ?? self.images, split)
            return nil
        } catch DataError.pictures(_, let problem) {
            return problem
        }
    }

    @Test func foldersOfClassesArePartsInTheOrderOfPathsWithoutExtensions() throws {
        try tree.write(pictures: [
            "train/b/2.PNG", "train/b/10.png", "train/a/x y.jpeg", "train/a/deep/er/1.png", "test/b/0.png",
            "test/a/0.png",
        ])
        let train = try tree.open(images)
        #expect(try train.told() == ["3 a", "2 a", "1 b", "0 b"])
        #expect(try tree.open(images, .test).told() == ["5 a", "4 b"])
        #expect(train.fields.map(\.name) == ["image", "label"] && train.fields[0].shape == [2, 2, 1])
        #expect(train.ownValidation == nil)
    }

    @Test func numbersAreClassesInTheirOrder() throws {
        try tree.write(pictures: ["train/10/0.png", "train/9/0.png", "test/10/0.png", "test/9/0.png"])
        #expect(try tree.open(images).targetField?.meaning.choiceNames == ["9", "10"])
        #expect(try tree.open(images).told() == ["0 10", "1 9"])
    }

    @Test(arguments: ["val", "valid", "validation"])
    func aFolderForValidationIsItsOwnPartOrTheTestWhereThereIsNone(name: String) throws {
        try tree.write(pictures: ["train/a/0.png", "\(name)/a/0.png"])
        #expect(try tree.open(images).ownValidation == nil)
        #expect(try tree.open(images, .test).told() == ["1 a"])
        try tree.write(pictures: ["train/a/0.png", "\(name)/a/0.png", "test/a/0.png"])
        #expect(try tree.open(images).ownValidation?.told() == ["1 a"])
        #expect(try tree.open(images, .test).told() == ["2 a"])
    }

    @Test func theTestIsDrawnWhereNoFolderIsForIt() throws {
        try tree.write(pictures: (0..<20).map { "\($0 % 2 == 0 ? "a" : "b")/\($0).png" })
        let (train, test) = (try tree.open(images), try tree.open(images, .test))
        #expect(train.count == 16 && test.count == 4)
        #expect(Set(try train.told() + test.told()).count == 20)
        // A lone folder `train` is drawn from as well, beside others it is a class.
        let other = try PictureTree()
        try other.write(pictures: (0..<10).map { "train/a/\($0).png" })
        #expect(try other.open(images, .test).told().count == 2)
        try other.write(pictures: (0..<10).map { "car/\($0).png" })
        #expect(try other.open(images).targetField?.meaning.choiceNames == ["car", "train"])
    }

    @Test func picturesInNoFolderOfAClassAreLeftOutOrAllWithoutClasses() throws {
        try tree.write(pictures: ["train/1.png", "train/0.png", "train/notes.txt", "test/0.png", "train/.hidden.png"])
        let train = try tree.open(images)
        #expect(try train.told() == ["1", "0"] && train.fields.count == 1)
        #expect(
            train.source.notes == [
                "1 files that are no pictures (\(PictureDecoder.extensions.joined(separator: ", "))) left out, the "
                    + "first is train/notes.txt"
            ])
        try tree.write(pictures: ["train/a/0.png", "test/a/0.png"])
        #expect(try tree.open(images).told() == ["0 a"])
        #expect(
            try tree.open(images).source.notes.first
                == "3 pictures in no folder of a class left out, the first is test/0.png")
    }

    @Test func linksAreFollowedAndCircleOnlyOnce() throws {
        try tree.write(pictures: ["train/a/0.png", "elsewhere/1.png", "test/a/0.png"])
        let files = FileManager.default
        try files.createSymbolicLink(atPath: "\(tree.path)/train/a/linked", withDestinationPath: "../../elsewhere")
        try files.createSymbolicLink(atPath: "\(tree.path)/train/a/up", withDestinationPath: "..")
        try files.createSymbolicLink(atPath: "\(tree.path)/train/a/z.png", withDestinationPath: "0.png")
        #expect(try tree.open(images).told() == ["0 a", "1 a", "0 a"])
        #expect(
            try tree.open(images).source.notes.last
                == "1 links to a folder above them left out, the first is train/a/up")
        try files.createSymbolicLink(atPath: "\(tree.path)/train/a/none.png", withDestinationPath: "nowhere")
        #expect(try problem() == .brokenLink)
    }

    @Test func namesMayBeAnyBytes() throws {
        try tree.write(pictures: ["train/a/0.png", "test/a/0.png"])
        for (place, byte) in [UInt8(0xE9), 0xFF, 0x0A].enumerated() {
            let path = Array("\(tree.path)/train/a/".utf8) + [byte] + Array(".png".utf8) + [0]
            let file = path.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { chars in
                chars.baseAddress.flatMap { fopen($0, "w") }
            }
            let bytes = PictureTree.png(UInt8(10 + place))
            let opened = try #require(file)
            fwrite(bytes, 1, bytes.count, opened)
            fclose(opened)
        }
        #expect(try tree.open(images).told() == ["12 a", "0 a", "10 a", "11 a"])
    }

    @Test func aTableOfPathsGivesTheSameSamplesAsTheFolders() throws {
        let names = [
            "train/b/2.png", "train/b/1.png", "train/a/5.jpg", "test/b/0.png", "test/a/0.png", "val/a/7.png",
            "val/b/8.png",
        ]
        try tree.write(pictures: names)
        let rows = names.shuffled().map { "\"./\($0)\";\($0.split(separator: "/")[1]);\($0.split(separator: "/")[0])" }
        try tree.write("list.csv", Array((["path;kind;part"] + rows).joined(separator: "\n").utf8))
        let listed = Images(
            height: 2, width: 2, channels: .grey,
            table: PictureTableSettings(
                path: "list.csv", file: "path", label: "kind", split: "part", separator: ";"))
        for split in DatasetSplit.allCases {
            let (folders, table) = (try tree.open(images, split), try tree.open(listed, split))
            #expect(try folders.told() == table.told())
            #expect((0..<folders.count).map(folders.sampleID) == (0..<table.count).map(table.sampleID))
            #expect(try folders.ownValidation?.told() == table.ownValidation?.told())
            #expect(folders.fields == table.fields)
        }
        #expect(try tree.open(images).ownValidation?.told() == ["5 a", "6 b"])
    }

    @Test func mistakesInATableNameTheLine() throws {
        try tree.write(pictures: ["a/0.png"])
        func message(_ rows: [String], _ table: PictureTableSettings) throws -> String {
            try tree.write("t.csv", Array(rows.joined(separator: "\n").utf8))
            do {
                _ = try tree.open(Images(height: 2, width: 2, table: table))
                return ""
            } catch let error as DataError {
                return error.description.replacingOccurrences(of: tree.path, with: "")
            }
        }
        let plain = PictureTableSettings(path: "t.csv")
        #expect(
            try message(["file,clas", "a/0.png,a"], plain).contains(
                "data.table.class names 'class', which is no column, did you mean 'clas'?"))
        #expect(
            try message(["file,class", "a/0.png,a", "a/1.png,a"], plain).hasPrefix(
                "/t.csv:3: there is no file /a/1.png"))
        #expect(
            try message(["file,class", "a/0.png,"], plain).hasPrefix("/t.csv:2: column 'class': the value is missing"))
        #expect(try message(["file,class", "a/0.png"], plain).hasPrefix("/t.csv:2: 1 values for 2 columns"))
        #expect(try message(["file,class"], plain).hasPrefix("/t.csv: holds no samples"))
        #expect(
            try message(["file,class,s", "a/0.png,a,tset"], PictureTableSettings(path: "t.csv", split: "s"))
                .hasPrefix("/t.csv:2: column 's': 'tset' is none of train, test and val"))
    }

    @Test func foldersThatDoNotFitAreRefused() throws {
        #expect(try problem() == .noPictures)
        try tree.write(pictures: ["train/a/0.png", "test/a/0.png", "test/b/0.png"])
        #expect(try problem() == .onlyIn(className: "b", part: "test", other: "train"))
        try FileManager.default.createDirectory(atPath: "\(tree.path)/train/b", withIntermediateDirectories: true)
        #expect(try problem() == .emptyClass("b"))
        try tree.write(pictures: ["train/b/0.png", "val/a/0.png", "valid/b/0.png"])
        #expect(try problem() == .partTwice(["val", "valid"]))
        #expect(throws: DataError.missingFile(path: "/no/where", expected: ["/no/where"])) {
            try images.open(.train, path: "/no/where", imports: [:])
        }
    }
}

struct KeptIndexTests {
    private let tree: PictureTree
    private let images = Images(height: 2, width: 2, channels: .grey)

    init() throws {
        tree = try PictureTree()
        try tree.write(pictures: ["train/a/0.png", "train/b/1.png", "test/a/0.png", "test/b/0.png"])
        try tree.age()
    }

    private var index: String { "\(tree.path)/.trainer-pictures.index" }

    @Test func filesAreNotLookedAtAgain() throws {
        let first = try tree.open(images)
        let kept = try Data(contentsOf: URL(fileURLWithPath: index))
        let modified = try FileManager.default.attributesOfItem(atPath: index)[.modificationDate] as? Date
        // A file that grows leaves its folder as it is.
        let handle = try #require(FileHandle(forWritingAtPath: "\(tree.path)/train/b/1.png"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([0]))
        try handle.close()
        let second = try tree.open(images)
        #expect(second.fingerprint == first.fingerprint && second.count == 2)
        #expect(try second.values(0) == [0, 0, 0, 0])
        let size = PictureTree.png(1).count
        #expect(
            throws: DataError.pictures(
                path: "\(tree.path)/train/b/1.png",
                problem: .changed(expected: size, actual: size + 1, index: index))
        ) { try second.values(1) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: index)) == kept)
        #expect(try FileManager.default.attributesOfItem(atPath: index)[.modificationDate] as? Date == modified)
    }

    @Test func filesThatComeGoOrAreRenamedAreNoticedEvenIfTimesAreSetBack() throws {
        let first = try tree.open(images).fingerprint
        try tree.write("train/a/more.png", PictureTree.png(9))
        try tree.age()
        let more = try tree.open(images)
        #expect(try more.told() == ["0 a", "9 a", "1 b"] && more.fingerprint != first)
        try tree.age()
        try FileManager.default.moveItem(atPath: "\(tree.path)/train/a/more.png", toPath: "\(tree.path)/train/a/!.png")
        try tree.age()
        #expect(try tree.open(images).told() == ["9 a", "0 a", "1 b"])
        try tree.remove("train/a/!.png")
        #expect(try tree.open(images).fingerprint == first)
        try tree.write(pictures: ["val/a/0.png", "val/b/0.png"])
        #expect(try tree.open(images).ownValidation?.count == 2)
    }

    @Test func aDamagedIndexIsMadeAnew() throws {
        let first = try tree.open(images)
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: index)))
        for place in stride(from: 0, to: whole.count, by: 37) {
            var bytes = whole
            bytes[place] ^= 0x40
            try Data(bytes).write(to: URL(fileURLWithPath: index))
            #expect(try tree.open(images).fingerprint == first.fingerprint)
            try Data(whole[..<place]).write(to: URL(fileURLWithPath: index))
            #expect(try tree.open(images).told() == ["0 a", "1 b"])
        }
    }

    @Test func aFolderThatHasJustChangedIsLookedAtAgain() throws {
        _ = try tree.open(images)
        try tree.write("train/a/more.png", PictureTree.png(9))
        _ = try tree.open(images)
        let made = try FileManager.default.attributesOfItem(atPath: index)[.modificationDate] as? Date
        _ = try tree.open(images)
        #expect(try FileManager.default.attributesOfItem(atPath: index)[.modificationDate] as? Date != made)
    }

    @Test func anotherProcessOfTheHostMapsTheSameIndex() throws {
        let first = try tree.open(images)
        #expect(first.exports.count == 1)
        try tree.remove("train/a")
        let second = try images.open(.train, path: tree.path, imports: first.exports)
        #expect(second.fingerprint == first.fingerprint)
        #expect(
            throws: DataError.pictures(path: "\(tree.path)/train/a/0.png", problem: .missingSince(index: index))
        ) { try second.values(0) }
    }
}
