/// Recycles the memory of one worker's tensors, so that a training step in the steady state asks the system for
/// nothing.
///
/// Blocks are whole cache lines in size classes eight to a power of two (at most 12.5 % over the lines asked for). A
/// pool and all storage taken from it belong to one thread.
package final class StoragePool {
    /// How often and how much memory was taken from the system; constant once every size class has been seen.
    package struct Statistics: Equatable, Sendable {
        package var systemAllocations = 0
        package var systemBytes = 0
    }

    package private(set) var statistics = Statistics()
    /// Floats of all storage that has been taken and not given back.
    package private(set) var liveFloats = 0
    private var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: 64 * 8)

    package init() {}

    deinit {
        for blocks in free { for block in blocks { block.deallocate() } }
    }

    /// Uninitialised memory for `count` floats, 64-byte aligned, given back when the last tensor on it goes.
    package func storage(count: Int) -> Storage {
        let sizeClass = StoragePool.sizeClass(bytes: max(count, 1) * MemoryLayout<Float>.stride)
        let block: UnsafeMutableRawPointer
        if let recycled = free[sizeClass].popLast() {
            block = recycled
        } else {
            let bytes = StoragePool.bytes(sizeClass: sizeClass)
            block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            statistics.systemAllocations += 1
            statistics.systemBytes += bytes
        }
        liveFloats += count
        return Storage(block: block, count: count, pool: self, sizeClass: sizeClass)
    }

    fileprivate func recycle(_ block: UnsafeMutableRawPointer, count: Int, sizeClass: Int) {
        liveFloats -= count
        free[sizeClass].append(block)
    }

    /// The smallest class whose blocks hold `bytes`: class k < 8 has k + 1 cache lines, beyond it (k mod 8 + 9) ·
    /// 2^(⌊k/8⌋ − 1).
    static func sizeClass(bytes: Int) -> Int {
        let units = (bytes + 63) / 64
        if units <= 8 { return units - 1 }
        let exponent = Int.bitWidth - 1 - (units - 1).leadingZeroBitCount  // 2^exponent ≤ units − 1
        let step = 1 << (exponent - 3)
        return (exponent - 3) * 8 + (units + step - 1) / step - 1
    }

    static func bytes(sizeClass: Int) -> Int {
        if sizeClass < 8 { return (sizeClass + 1) * 64 }
        let exponent = sizeClass / 8 - 1
        return (sizeClass % 8 + 9) << exponent * 64
    }
}

/// A block of floats: taken from a pool, or borrowed from an owner such as the parameter arena or a batch.
package final class Storage {
    /// The first float; 64-byte aligned when the block comes from a pool.
    package let pointer: UnsafeMutablePointer<Float>
    /// How many floats the block holds.
    package let count: Int
    private let pool: StoragePool?
    private let sizeClass: Int
    private let owner: AnyObject?

    fileprivate init(block: UnsafeMutableRawPointer, count: Int, pool: StoragePool, sizeClass: Int) {
        pointer = block.assumingMemoryBound(to: Float.self)
        self.count = count
        self.pool = pool
        self.sizeClass = sizeClass
        owner = nil
    }

    /// Memory that `owner` keeps alive.
    package init(borrowing pointer: UnsafeMutablePointer<Float>, count: Int, owner: AnyObject?) {
        self.pointer = pointer
        self.count = count
        self.owner = owner
        pool = nil
        sizeClass = 0
    }

    /// Whether the memory comes from a pool: nobody but the tensors on it refers to it, so a sole holder may overwrite
    /// it.
    package var isPooled: Bool { pool != nil }

    deinit { pool?.recycle(UnsafeMutableRawPointer(pointer), count: count, sizeClass: sizeClass) }
}
