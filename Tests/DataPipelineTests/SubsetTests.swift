import DataPipeline
import Testing

struct SubsetTests {
    func ids(_ subset: Subset) -> [Int] { (0..<subset.count).map { subset.sampleID(of: $0) } }

    @Test(
        "the two parts are disjoint and together the whole",
        arguments: [
            (100, ValidationSize.count(30), 30), (1000, .fraction(0.25), 250), (2, .count(1), 1),
            (7, .fraction(0.5), 4),
        ])
    func splits(total: Int, size: ValidationSize, held: Int) throws {
        let split = try ValidationSplit(of: ComputedDataset(count: total), validation: size)
        #expect(split.validation.count == held && split.train.count == total - held)
        #expect((ids(split.train) + ids(split.validation)).sorted() == Array(0..<total))
    }

    @Test("the choice is mixed, repeatable and follows its seed")
    func isKeyed() throws {
        let dataset = ComputedDataset(count: 1000)
        let chosen = ids(try ValidationSplit(of: dataset, validation: .count(500)).validation)
        #expect(chosen == ids(try ValidationSplit(of: dataset, validation: .count(500)).validation))
        #expect(chosen != ids(try ValidationSplit(of: dataset, validation: .count(500), seed: 1).validation))
        #expect((200...300).contains(chosen.filter { $0 < 500 }.count))
    }

    @Test("a part shows the samples, labels and numbers of the whole")
    func views() throws {
        let dataset = ComputedDataset(count: 50)
        let part = try ValidationSplit(of: dataset, validation: .count(20)).train
        for index in [0, 7, 29] {
            let id = part.sampleID(of: index)
            #expect(try part.values(index) == dataset.values(id))
            #expect(try part.label(index) == dataset.label(id))
        }
        #expect(part.name == "computed/training" && part.inputShape == [4, 5, 3])
        #expect(part.fingerprint != dataset.fingerprint)
    }

    @Test("of a sequence the last samples are set aside and the first ones drawn, in order")
    func keepsOrder() throws {
        var dataset = ComputedDataset(count: 50)
        dataset.isSequence = true
        let split = try ValidationSplit(of: Subset(drawing: 40, of: dataset), validation: .count(10))
        #expect(ids(split.train) == Array(0..<30) && ids(split.validation) == Array(30..<40))
        #expect(split.train.isSequence)
    }

    @Test(
        "impossible sizes are refused",
        arguments: [
            ValidationSize.count(0), .count(-1), .count(10), .count(11), .fraction(0), .fraction(1), .fraction(-0.1),
            .fraction(0.01), .fraction(.nan),
        ])
    func refuses(size: ValidationSize) {
        #expect { try ValidationSplit(of: ComputedDataset(count: 10), validation: size) } throws: { error in
            if case DataError.invalidValidation(_, available: 10) = error { true } else { false }
        }
    }
}
