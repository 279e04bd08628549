import TensorCore
import Testing

@Suite struct StoragePoolTests {
    /// The bytes that the system gave for one block of `count` floats.
    private func blockBytes(_ count: Int) -> Int {
        let pool = StoragePool()
        _ = pool.storage(count: count)
        return pool.statistics.systemBytes
    }

    @Test func blocksAreAtMostAnEighthLargerThanAsked() {
        var previous = 0
        for count in Array(0...3000) + (0..<200).map({ 3001 + $0 * $0 * 997 }) {
            let bytes = blockBytes(count)
            let asked = max(count, 1) * 4
            let lines = (asked + 63) / 64 * 64  // a block is made of whole cache lines
            #expect(bytes >= asked && bytes % 64 == 0)
            #expect(bytes * 8 <= lines * 9, "\(count) floats in \(bytes) bytes")
            #expect(bytes >= previous, "\(count) floats take less than fewer")
            previous = bytes
        }
    }

    @Test func memoryIsAlignedToCacheLines() {
        let pool = StoragePool()
        let blocks = [1, 15, 16, 17, 1000, 4097].map { pool.storage(count: $0) }
        for block in blocks { #expect(UInt(bitPattern: block.pointer) % 64 == 0) }
    }

    @Test func aReturnedBlockIsGivenOutAgain() {
        let pool = StoragePool()
        var first: Storage? = pool.storage(count: 1000)
        let address = first?.pointer
        first = nil
        let second = pool.storage(count: 1010)  // the same size class
        #expect(second.pointer == address && second.count == 1010)
        #expect(pool.statistics.systemAllocations == 1 && pool.statistics.systemBytes == blockBytes(1000))
    }

    @Test func blocksInUseAreNotGivenOut() {
        let pool = StoragePool()
        let blocks = (0..<10).map { _ in pool.storage(count: 100) }
        #expect(Set(blocks.map(\.pointer)).count == 10)
        #expect(pool.statistics.systemAllocations == 10)
    }

    @Test func theSteadyStateAsksTheSystemForNothing() {
        let pool = StoragePool()
        func step() {
            var held: [Storage] = []
            for i in 0..<50 {
                held.append(pool.storage(count: i * i * 7))
                if i % 3 == 2 { held.removeFirst() }
            }
        }
        step()
        let after = pool.statistics
        for _ in 0..<5 { step() }
        #expect(pool.statistics == after)
    }

    @Test func storageOutlivesItsPoolsLastReference() {
        var pool: StoragePool? = StoragePool()
        let storage = pool?.storage(count: 4)
        pool = nil
        storage?.pointer[3] = 7
        #expect(storage?.pointer[3] == 7)
    }
}
