import Inspection
import TestSupport
import Testing

/// Retrieval, and where maps point.
@Suite struct NeighboursTests {
    private static func naive(
        _ rows: [[Float]], _ classes: [Int], _ sample: Int, _ distance: Neighbours.Distance
    ) -> (order: [Int], precision: Double?) {
        func length(_ row: [Float]) -> Double { row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
        func far(_ other: Int) -> Double {
            let pairs = zip(rows[sample], rows[other])
            switch distance {
            case .euclidean:
                return pairs.reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
            case .cosine:
                return -pairs.reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / length(rows[sample])
                    / length(rows[other])
            }
        }
        let order = rows.indices.filter { $0 != sample }.sorted { (far($0), $0) < (far($1), $1) }
        var (right, sum) = (0, 0.0)
        for (place, other) in order.enumerated() where classes[other] == classes[sample] {
            right += 1
            sum += Double(right) / Double(place + 1)
        }
        return (order, right > 0 ? sum / Double(right) : nil)
    }

    @Test(arguments: Neighbours.Distance.allCases)
    func `average precision and order are those of a direct computation`(distance: Neighbours.Distance) {
        var numbers = TestNumbers(seed: 4)
        let rows = (0..<40).map { _ in numbers.floats(9) }
        let classes = (0..<40).map { $0 == 39 ? 9 : $0 * 7 % 5 }
        let neighbours = Neighbours(rows.flatMap(\.self), size: 9, classes: classes, distance: distance)
        for (sample, found) in zip([3, 0, 39], neighbours.find([3, 0, 39], nearest: 6)) {
            let expected = Self.naive(rows, classes, sample, distance)
            #expect(found.nearest == Array(expected.order.prefix(6)))
            #expect(found.nearestIsRight == (classes[expected.order[0]] == classes[sample]))
            if let precision = expected.precision {
                #expect(abs((found.averagePrecision ?? -1) - precision) < 1e-12)
            } else {
                #expect(found.averagePrecision == nil)
            }
        }
    }

    @Test func `equally near samples come in their order, and those that are no number last`() {
        let neighbours = Neighbours(
            [1, 1, .nan, 1, 2], size: 1, classes: [0, 1, 0, 0, 1], distance: .euclidean)
        let found = neighbours.find([0], nearest: 9)[0]
        #expect(found.nearest == [1, 3, 4, 2])
        #expect(abs((found.averagePrecision ?? 0) - (1.0 / 2 + 2.0 / 4) / 2) < 1e-12)
    }

    @Test func `a peak is in a box where its pixel's middle is`() {
        let map: [Float] = [0, 0, 0, 0, 0, 3, 0, 0]
        #expect(Pointing.isInside(map, width: 4, box: [1, 1, 2, 2]))
        #expect(!Pointing.isInside(map, width: 4, box: [2, 1, 3, 2]))
        #expect(!Pointing.isInside(map, width: 4, box: [0, 0, 4, 1]))
    }
}
