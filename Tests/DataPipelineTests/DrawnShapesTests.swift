import DataPipeline
import TensorCore
import Testing

struct DrawnShapesTests {
    private func shapes(
        _ split: DatasetSplit = .train, size: (Int, Int) = (24, 20), classes: Int = 1000, count: Int = 100,
        seed: Int = 0
    ) -> any Dataset {
        Shapes(height: size.0, width: size.1, classes: classes, training: count, test: count, seed: seed).open(
            split, path: nil, imports: [:])
    }

    @Test("a picture depends on size, classes, split, seed and index alone")
    func isDeterministic() throws {
        let (a, b) = (shapes(), shapes(count: 50))
        for index in [49, 3, 17] { #expect(try a.values(index) == b.values(index)) }
        #expect(try a.values(3) != a.values(13))
        for other in [shapes(seed: 1), shapes(.test), shapes(classes: 10)] {
            #expect(try a.values(3) != other.values(3))
            #expect(a.fingerprint != other.fingerprint)
        }
        #expect(a.fingerprint == shapes().fingerprint)
    }

    @Test("values are whole levels, labels are balanced, and every class has a name of its own")
    func isWellFormed() throws {
        let dataset = shapes()
        #expect(dataset.fields.map(\.name) == ["image", "label"] && dataset.inputShape == [24, 20, 3])
        #expect(dataset.classCount == 1000)
        for index in 0..<100 {
            #expect(try dataset.values(index).allSatisfy { (0...255).contains($0) && $0 == $0.rounded() })
            #expect(try dataset.label(index) == Int32(index))
        }
        for classes in [7, 10, 34, 100, 1000] {
            guard case .classes(let names) = shapes(classes: classes).fields[1].meaning else {
                Issue.record("the label is no class")
                continue
            }
            #expect(Set(names).count == classes)
        }
        #expect(try shapes(classes: 7).label(15) == 1)
    }

    /// Classes 0…9 are red and 10…19 green; the disc, the square, the triangle and the bar cover their middle.
    @Test("the colour that a class names is seen in the middle of its shapes")
    func colour() throws {
        let dataset = shapes(size: (40, 40), classes: 20, count: 400)
        for index in 0..<400 where [0, 2, 4, 6].contains(index % 10) {
            let values = try dataset.values(index)
            // The shape's middle lies within 5 pixels of the picture's: one of the pixels around is all its colour.
            var excess: [Float] = []
            for row in 15...24 {
                for column in 15...24 {
                    let pixel = (row * 40 + column) * 3
                    excess.append(values[pixel] - values[pixel + 1])
                }
            }
            #expect(index % 20 < 10 ? excess.max() ?? 0 > 60 : excess.min() ?? 0 < -40, "sample \(index)")
        }
    }

    @Test("no picture is another's")
    func parts() throws {
        let all = try [shapes(classes: 2), shapes(.test, classes: 2)].flatMap { part in
            try (0..<part.count).map { try part.values($0) }
        }
        #expect(Set(all).count == 200)
    }
}
