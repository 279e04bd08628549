import DataPipeline
import Kernels
import Testing

struct EpochOrderTests {
    let key = RandomKey(seed: 5).folding(.shuffle)

    @Test("visits every element exactly once", arguments: [0, 1, 2, 3, 4, 5, 16, 17, 997, 1000, 65_536, 70_000])
    func isBijection(count: Int) {
        for epoch in 0..<3 {
            let order = EpochOrder(count: count, key: key.folding(epoch))
            var seen = [Bool](repeating: false, count: count)
            for position in 0..<count { seen[order[position]] = true }
            #expect(seen.allSatisfy { $0 })
        }
    }

    @Test("gives the same order for the same key and another for another epoch")
    func dependsOnKey() {
        let orders = (0..<4).map { epoch in (0..<1000).map { EpochOrder(count: 1000, key: key.folding(epoch))[$0] } }
        #expect(orders[0] == (0..<1000).map { EpochOrder(count: 1000, key: key.folding(0))[$0] })
        for (a, b) in [(0, 1), (0, 2), (1, 2), (2, 3)] {
            // Two random orders of n agree in one place on average (Poisson); ten or more has probability 1e-7.
            #expect(zip(orders[a], orders[b]).filter { $0 == $1 }.count < 10)
        }
    }

    @Test("sends a position everywhere equally often")
    func isUniform() {
        let (count, draws) = (20, 20_000)
        for position in [0, 7, 19] {
            var tally = [Int](repeating: 0, count: count)
            for epoch in 0..<draws { tally[EpochOrder(count: count, key: key.folding(epoch))[position]] += 1 }
            let expected = Double(draws) / Double(count)
            let chiSquare = tally.map { (Double($0) - expected) * (Double($0) - expected) / expected }.reduce(0, +)
            #expect(chiSquare < 43.8)  // 0.999 quantile with 19 degrees of freedom
        }
    }

    @Test("does not keep neighbours together")
    func separatesNeighbours() {
        let order = EpochOrder(count: 60_000, key: key)
        let near = (1..<60_000).filter { abs(order[$0] - order[$0 - 1]) <= 30 }.count
        // A random order has 60 of them on average, standard deviation 7.7.
        #expect((22...98).contains(near))
    }

    @Test("all orders of three samples occur")
    func reachesAllOrders() {
        let orders = Set((0..<500).map { epoch in (0..<3).map { EpochOrder(count: 3, key: key.folding(epoch))[$0] } })
        #expect(orders.count == 6)
    }

    @Test("works for ten thousand million samples in constant memory")
    func isHuge() {
        let count = 10_000_000_000
        let order = EpochOrder(count: count, key: key)
        let images = (0..<1000).map { order[$0 * 9_999_999 + 5] }
        #expect(Set(images).count == 1000)
        #expect(images.allSatisfy { (0..<count).contains($0) })
        #expect((400...600).contains(images.filter { $0 < count / 2 }.count))
    }
}
