import TensorCore
import Testing

@Suite struct TensorTests {
    let pool = StoragePool()

    /// `isUniquelyOwned`, which as a mutating call cannot stand in an expectation.
    private func isOwned(_ tensor: inout Tensor) -> Bool { tensor.isUniquelyOwned() }

    @Test func valuesComeBack() {
        let tensor = Tensor([1, 2, 3, 4, 5, 6], [2, 3], pool: pool)
        #expect(tensor.values == [1, 2, 3, 4, 5, 6] && tensor.count == 6 && tensor.shape == [2, 3])
        #expect(Tensor([], [0, 3], pool: pool).values.isEmpty)
    }

    @Test func reshapingSharesTheMemory() {
        let tensor = Tensor([1, 2, 3, 4], [4], pool: pool)
        let matrix = tensor.reshaped([2, 2])
        matrix.pointer[3] = 9
        #expect(tensor.values == [1, 2, 3, 9] && matrix.shape == [2, 2])
    }

    @Test func aViewBeginsAtItsOffset() {
        let whole = Tensor([1, 2, 3, 4, 5], [5], pool: pool)
        #expect(Tensor(storage: whole.storage, offset: 2, shape: [3]).values == [3, 4, 5])
    }

    @Test func fillAndCopyWriteAllElements() {
        let target = Tensor([2, 3], pool: pool)
        target.fill(1.5)
        #expect(target.values == Array(repeating: 1.5, count: 6))
        target.copy(from: Tensor([6, 5, 4, 3, 2, 1], [6], pool: pool))
        #expect(target.values == [6, 5, 4, 3, 2, 1])
    }

    @Test func onlyASoleHolderOfPooledMemoryOwnsIt() {
        var tensor = Tensor([1, 2], [2], pool: pool)
        #expect(isOwned(&tensor))
        var copy: Tensor? = tensor
        #expect(!isOwned(&tensor))
        #expect(copy?.values == [1, 2])
        copy = nil
        #expect(isOwned(&tensor))
        let view = tensor.reshaped([2, 1])
        #expect(!isOwned(&tensor))
        #expect(view.values == [1, 2])
    }

    @Test func borrowedMemoryIsNeverOwned() {
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
        defer { memory.deallocate() }
        memory.update(repeating: 3, count: 4)
        var tensor = Tensor(storage: Storage(borrowing: memory, count: 4, owner: nil), shape: [4])
        #expect(!isOwned(&tensor))
        #expect(tensor.values == [3, 3, 3, 3])
    }

    @Test func aBorrowedOwnerLivesAsLongAsItsStorage() {
        final class Owner {}
        weak var watched: Owner?
        var storage: Storage?
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: 1)
        defer { memory.deallocate() }
        do {
            let owner = Owner()
            watched = owner
            storage = Storage(borrowing: memory, count: 1, owner: owner)
        }
        #expect(watched != nil && storage != nil)
        storage = nil
        #expect(watched == nil)
    }
}
