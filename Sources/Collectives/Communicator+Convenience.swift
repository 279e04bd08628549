extension Communicator {
    /// How many ranks share memory with this one, itself included.
    package var hostSize: Int { hostRanks.count }

    /// Of each rank the first rank that shares memory with it; collective.
    package func hostOfEveryRank() throws -> [Int] {
        let own = withUnsafeBytes(of: Int32(hostRanks[0]), Array.init)
        return try agree(own) { $0 + $1 }.withUnsafeBytes { all in
            (0..<worldSize).map { Int(all.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) }
        }
    }

    /// See ``Communicator/abort(exitCode:reason:message:)``.
    package func abort(exitCode: Int32, reason: String) throws -> Never {
        try abort(exitCode: exitCode, reason: reason, message: nil)
    }

    package func answerRollCalls(isWaiting: @escaping @Sendable () -> Bool) {}

    package func callRoll() {}

    package var ranksThatAnswered: [Int: Bool]? { nil }

    package func attendRollCall() {}

    /// Root's bytes, on every rank; the other ranks need not know how many there are, and what they pass is ignored.
    package func broadcast(bytes: [UInt8], root: Int) throws -> [UInt8] {
        var count = Int64(bytes.count)
        try withUnsafeMutableBytes(of: &count) { try broadcast($0, root: root) }
        var result = rank == root ? bytes : [UInt8](repeating: 0, count: Int(count))
        try result.withUnsafeMutableBytes { try broadcast($0, root: root) }
        return result
    }

    /// Every rank's bytes in rank order, however many each contributes.
    package func allGatherVariable(_ bytes: [UInt8]) throws -> [[UInt8]] {
        let framed = withUnsafeBytes(of: Int64(bytes.count), Array.init) + bytes
        let all = try agree(framed) { $0 + $1 }
        var next = 0
        return (0..<worldSize).map { _ in
            let count = all.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: next, as: Int64.self)) }
            defer { next += 8 + count }
            return Array(all[next + 8..<next + 8 + count])
        }
    }

    /// Every rank's bytes in rank order on `root`, however many each contributes; nothing on the others.
    package func gather(_ bytes: [UInt8], root: Int) throws -> [[UInt8]] {
        let counts = try allGather([Int64(bytes.count)]).map(Int.init)
        var gathered = counts.map { [UInt8](repeating: 0, count: rank == root ? $0 : 0) }
        if rank == root { gathered[rank] = bytes }
        for peer in 0..<worldSize where peer != root && (rank == root || rank == peer) {
            if rank == peer {
                try bytes.withUnsafeBytes { try exchange(sends: [OutgoingMessage(to: root, $0)], receives: []) }
            } else {
                try gathered[peer].withUnsafeMutableBytes {
                    try exchange(sends: [], receives: [IncomingMessage(from: peer, into: $0)])
                }
            }
        }
        return rank == root ? gathered : []
    }

    /// The element-wise maximum over ranks; all ranks pass the same number of values.
    package func allReduceMaximum(_ values: [Int64]) throws -> [Int64] { try agree(values) { max($0, $1) } }

    /// The element-wise sum over ranks; all ranks pass the same number of values.
    package func allReduceSum(_ values: [Int64]) throws -> [Int64] { try agree(values) { $0 + $1 } }

    /// Combines small arrays of integers element by element, in whatever order.
    private func agree(_ values: [Int64], _ combine: @escaping (Int64, Int64) -> Int64) throws -> [Int64] {
        let result = try agree(values.withUnsafeBytes(Array.init)) { lower, upper in
            lower.withUnsafeBytes { lower in
                upper.withUnsafeBytes { upper in
                    (0..<min(lower.count, upper.count) / 8).map { index in
                        combine(
                            lower.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self),
                            upper.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
                    }.withUnsafeBytes(Array.init)
                }
            }
        }
        return result.withUnsafeBytes { raw in
            (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
        }
    }

    /// The element-wise sum over ranks, added in rank order ((x₀ + x₁) + x₂) + …, so that it is the same bits on every
    /// rank.
    package func allReduceSum(_ values: [Double]) throws -> [Double] {
        try allReduce(values) { $0 + $1 }
    }

    /// Combines small arrays element by element, from rank 0 upwards. Cost: an all-gather of the arrays.
    private func allReduce<Element: BitwiseCopyable>(
        _ values: [Element], _ combine: (Element, Element) -> Element
    ) throws -> [Element] {
        let gathered = try allGather(values)
        var result = Array(gathered[..<values.count])
        for peer in 1..<max(worldSize, 1) {
            for index in values.indices {
                result[index] = combine(result[index], gathered[peer * values.count + index])
            }
        }
        return result
    }

    /// All ranks' values, one rank after the other.
    func allGather<Element: BitwiseCopyable>(_ values: [Element]) throws -> [Element] {
        guard let first = values.first else {
            try allGather(UnsafeRawBufferPointer(start: nil, count: 0), into: .init(start: nil, count: 0))
            return []
        }
        var gathered = [Element](repeating: first, count: values.count * worldSize)
        try values.withUnsafeBytes { contribution in
            try gathered.withUnsafeMutableBytes { try allGather(contribution, into: $0) }
        }
        return gathered
    }
}
