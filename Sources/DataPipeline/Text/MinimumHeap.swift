/// A heap of numbers that gives the smallest first (Williams 1964).
struct MinimumHeap {
    private var keys: [UInt64]

    /// In time proportional to their number (Floyd 1964).
    init(_ keys: [UInt64]) {
        self.keys = keys
        for index in (0..<keys.count / 2).reversed() { sink(index) }
    }

    mutating func push(_ key: UInt64) {
        var index = keys.count
        keys.append(key)
        while index > 0, keys[(index - 1) / 2] > key {
            keys[index] = keys[(index - 1) / 2]
            index = (index - 1) / 2
        }
        keys[index] = key
    }

    /// The smallest, which leaves; nil when there is none.
    mutating func pop() -> UInt64? {
        guard let smallest = keys.first else { return nil }
        let last = keys.removeLast()
        if !keys.isEmpty {
            keys[0] = last
            sink(0)
        }
        return smallest
    }

    private mutating func sink(_ start: Int) {
        let key = keys[start]
        var index = start
        while 2 * index + 1 < keys.count {
            var child = 2 * index + 1
            if child + 1 < keys.count, keys[child + 1] < keys[child] { child += 1 }
            if keys[child] >= key { break }
            keys[index] = keys[child]
            index = child
        }
        keys[index] = key
    }
}
