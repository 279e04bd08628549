import CPictureEncoding
import DataPipeline
import Kernels
import TensorCore
import TestSupport
import Testing

/// Pictures in files with masks, boxes and points.
struct PlacedPicturesTests {
    private let tree: PictureTree

    init() throws { tree = try PictureTree() }

    private func masks(_ images: (PictureMaskSettings) -> Images) -> Images {
        images(PictureMaskSettings(path: tree.path + "/masks", classes: ["ground", "cat"], numbers: [0, 255]))
    }

    private func expectProblem(_ problem: PictureSetProblem, _ body: () throws -> Void) {
        #expect {
            try body()
        } throws: {
            if case .pictures(_, problem)? = $0 as? DataError { true } else { false }
        }
    }

    /// A picture whose columns are numbered, and a mask that is a cat from column 4 on and, below row 2, everywhere.
    private func writePicture(_ name: String, height: Int, width: Int) throws {
        try tree.write("pictures/\(name)", pngBytes(height: height, width: width) { _, x, _ in UInt8(x) })
        try tree.write(
            "masks/\(name)", pngBytes(height: height, width: width) { y, x, _ in x >= 4 || y >= 2 ? 255 : 0 })
    }

    // MARK: - Masks

    @Test func aMaskIsCutAsItsPictureAndKeepsItsClasses() throws {
        for name in ["train/0.png", "test/0.png"] { try writePicture(name, height: 4, width: 8) }
        let dataset = try tree.open(
            masks { Images(height: 4, width: 4, channels: .grey, masks: $0) }, at: "pictures")
        #expect(dataset.fields.map(\.name) == ["image", "mask"] && dataset.defaultTarget == "mask")
        #expect(dataset.fields[1].meaning.choiceNames == ["ground", "cat"] && dataset.fields[1].shape == [4, 4])
        // The middle: columns 2 to 5.
        #expect(try dataset.values(0)[..<4] == [2, 3, 4, 5])
        #expect(try dataset.row(0, "mask") == [0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
        // Half the size: each pixel is the nearest one, no mean of classes.
        let small = try tree.open(
            masks { Images(height: 2, width: 4, fit: .stretch, channels: .grey, masks: $0) }, at: "pictures")
        #expect(try small.row(0, "mask") == [0, 0, 1, 1, 1, 1, 1, 1])
        // All of it in the middle of ground.
        let padded = try tree.open(
            masks { Images(height: 8, width: 8, fit: .pad, channels: .grey, masks: $0) }, at: "pictures")
        let rows = try padded.row(0, "mask")
        #expect(rows[..<16].allSatisfy { $0 == 0 } && rows[48...].allSatisfy { $0 == 0 })
        #expect(Array(rows[16..<24]) == [0, 0, 0, 0, 1, 1, 1, 1] && rows[32..<48].allSatisfy { $0 == 1 })
    }

    @Test func aMaskWithAPaletteIsItsPlacesInIt() throws {
        let drawn = DrawnPicture(height: 1, width: 4, channels: 1, samples: [0, 2, 1, 2])
        let mask = try drawn.png(type: 3, bits: 2, palette: [255, 255, 255, 0, 0, 0, 9, 9, 9])
        for part in ["train", "test"] {
            try tree.write("pictures/\(part)/0.png", PictureTree.png(1, height: 1, width: 4))
            try tree.write("masks/\(part)/0.png", mask)
        }
        let settings = PictureMaskSettings(
            path: tree.path + "/masks", classes: ["a", "b", "c"], numbers: [0, 1, 2])
        let dataset = try tree.open(Images(height: 1, width: 4, channels: .grey, masks: settings), at: "pictures")
        #expect(try dataset.row(0, "mask") == [0, 2, 1, 2])
    }

    @Test func masksThatDoNotFitAreRefusedByName() throws {
        for name in ["train/0.png", "test/0.png"] { try writePicture(name, height: 4, width: 8) }
        let images = masks { Images(height: 4, width: 4, masks: $0) }
        try tree.write("masks/train/0.png", PictureTree.png(7, height: 4, width: 8))
        expectProblem(.unknownMaskNumber(7, row: 0, column: 2)) {
            _ = try tree.open(images, at: "pictures").row(0, "mask")
        }
        try tree.write("masks/train/0.png", PictureTree.png(0, height: 8, width: 4))
        expectProblem(.maskOfAnotherSize(mask: [8, 4], picture: [4, 8])) {
            _ = try tree.open(images, at: "pictures").row(0, "mask")
        }
        try tree.write("masks/train/0.png", pngBytes(height: 4, width: 8, channels: 3) { _, _, _ in 0 })
        #expect(throws: DataError.self) { _ = try tree.open(images, at: "pictures").row(0, "mask") }
        try tree.remove("masks/train/0.png")
        expectProblem(.noMask(picture: "train/0.png")) { _ = try tree.open(images, at: "pictures") }
        expectProblem(.masksAmongPictures) {
            _ = try tree.open(
                Images(
                    height: 4, width: 4,
                    masks: PictureMaskSettings(
                        path: tree.path + "/pictures/masks", classes: ["a", "b"], numbers: [0, 1])), at: "pictures")
        }
    }

    @Test func aMaskThatIsAJPEGIsRefused() throws {
        for name in ["train/0.png", "test/0.png"] { try writePicture(name, height: 4, width: 8) }
        try tree.write(
            "masks/train/0.png",
            DrawnPicture(height: 4, width: 8, channels: 1, samples: Array(repeating: 0, count: 32)).jpeg(ENCODE_GREY))
        #expect {
            _ = try tree.open(masks { Images(height: 4, width: 4, masks: $0) }, at: "pictures").row(0, "mask")
        } throws: {
            "\($0)".contains("JPEG changes the numbers of a mask")
        }
    }

    // MARK: - Boxes and points

    private static let table = PictureTableSettings(
        path: "t.csv", split: "part", box: ["l", "t", "r", "b"], points: ["x", "y"])

    private func write(rows: [String], header: String = "file,part,l,t,r,b,x,y") throws {
        for name in ["0", "1"] { try tree.write("p/\(name).png", PictureTree.png(1, height: 4, width: 8)) }
        try tree.write("t.csv", Array(([header] + rows).joined(separator: "\n").utf8))
    }

    @Test func boxesAndPointsMoveWithTheirPictures() throws {
        try write(rows: ["p/0.png,train,1,1,6,3,5,2", "./p/1.png,test,0,0,8,4,1,1"])
        // The middle 4 × 4 pixels, doubled.
        let images = Images(height: 8, width: 8, channels: .grey, table: Self.table)
        let train = try tree.open(images)
        #expect(train.fields.map(\.name) == ["image", "box", "points"] && train.defaultTarget == "box")
        #expect(try train.numbers(0, "box") == [0, 2, 8, 6])
        #expect(try train.numbers(0, "points") == [6, 4])
        #expect(try tree.open(images, .test).numbers(0, "points") == [-2, 2])
        let padded = try tree.open(Images(height: 8, width: 8, fit: .pad, channels: .grey, table: Self.table))
        #expect(try padded.numbers(0, "box") == [1, 3, 6, 5])
        #expect(try padded.numbers(0, "points") == [5, 4])
        let changed = try tree.open(images).fingerprint
        try write(rows: ["p/0.png,train,1,1,6,3,5,3", "./p/1.png,test,0,0,8,4,1,1"])
        #expect(try tree.open(images).fingerprint != changed)
    }

    @Test func aTableOfBoxesMayHaveClassesAsWell() throws {
        try write(
            rows: ["p/0.png,train,cat,1,1,6,3,5,2", "p/1.png,test,cat,0,0,8,4,1,1"],
            header: "file,part,class,l,t,r,b,x,y")
        let train = try tree.open(Images(height: 8, width: 8, table: Self.table))
        #expect(train.fields.map(\.name) == ["image", "label", "box", "points"] && train.defaultTarget == "label")
        #expect(try train.row(0, "label") == [0])
    }

    @Test(arguments: [
        (["p/0.png,train,1,1,6,3,5,2", "p/0.png,test,0,0,8,4,1,1", "p/1.png,test,0,0,8,4,1,1"], "named in line 2"),
        (["p/0.png,train,1,1,6,three,5,2", "p/1.png,test,0,0,8,4,1,1"], "'three' is no number"),
        (["p/0.png,train,1,1,6,3,5,nan", "p/1.png,test,0,0,8,4,1,1"], "'nan' is no number"),
    ])
    func rowsThatSayNoPlaceAreRefused(rows: [String], text: String) throws {
        try write(rows: rows)
        #expect {
            _ = try tree.open(Images(height: 8, width: 8, table: Self.table))
        } throws: {
            "\($0)".contains(text) && "\($0)".contains("t.csv")
        }
    }

    // MARK: - What would move a picture

    private func source(
        _ transforms: [any RandomTransform], fields: [String], _ dataset: any Dataset
    ) throws -> BatchSource {
        try BatchSource(
            dataset: dataset,
            plan: BatchPlan(sampleCount: dataset.count, batchSize: 4, grainSize: 2, key: RandomKey(seed: 1)),
            fields: fields, augmentations: transforms.map { FieldAugmentation(field: "image", Augmentation($0)) },
            key: RandomKey(seed: 1))
    }

    @Test func aPictureIsNotMovedAwayFromWhatIsKnownOfItsPlaces() throws {
        let dataset = Drawn(Objects(), training: 20).open(.train, path: nil, imports: [:])
        for transform: any RandomTransform in [FlipHorizontal(), Mixup(alpha: 1)] {
            #expect {
                _ = try source([transform], fields: ["image", "box"], dataset)
            } throws: {
                "\($0)".contains("'box' says where things are in it")
            }
            _ = try source([transform], fields: ["image", "label"], dataset)
        }
        _ = try source(
            [Masking(probability: 0.1), RandomErasing(), Greyscale(probability: 0.5)], fields: ["image", "mask"],
            dataset)
    }
}
