import TensorCore
import Testing

@Suite struct ShapeTests {
    @Test func extentsCountAndRank() {
        let shape: Shape = [2, 3, 5, 7]
        #expect(shape.rank == 4 && shape.count == 210 && shape.dimensions == [2, 3, 5, 7])
        #expect(shape[0] == 2 && shape[3] == 7 && shape[-1] == 7 && shape[-4] == 2)
        #expect(shape.description == "[2, 3, 5, 7]")
    }

    @Test func aScalarHasOneElementAndAnEmptyBatchNone() {
        #expect(Shape([]).count == 1 && Shape([]).rank == 0 && Shape([]).dimensions.isEmpty)
        #expect(Shape([0, 4]).count == 0)
    }

    @Test func sixDimensionsFit() {
        let shape: Shape = [1, 2, 3, 4, 5, 6]
        #expect(shape.count == 720 && (0..<6).map { shape[$0] } == [1, 2, 3, 4, 5, 6])
    }

    @Test func aBatchIsSamplesBehindOneAnother() {
        #expect(Shape([28, 28, 1]).batched(32) == [32, 28, 28, 1])
        #expect(Shape([]).batched(5) == [5])
        #expect(Shape([32, 28, 28, 1]).sample == [28, 28, 1])
        #expect(Shape([5]).sample == [])
    }

    @Test func shapesAreEqualByTheirExtentsAndRank() {
        #expect(Shape([2, 1]) != [2] && Shape([2, 3]) != [3, 2] && Shape([2, 3]) == [2, 3])
        #expect(Shape([2, 3]).hashValue == Shape([2, 3]).hashValue)
        #expect(Set([Shape([2]), [2, 1], [2], [1, 2]]).count == 3)
    }

    @Test func anExtentCanBeReplaced() {
        var shape: Shape = [2, 3, 4]
        shape[1] = 9
        #expect(shape == [2, 9, 4] && shape.count == 72)
    }
}
