import Collectives

extension ConformanceCheck {
    /// Identity, and the operations of a whole world.
    static let groupChecks = [
        ConformanceCheck(name: "ranks and host ranks are consistent on all ranks", run: checkIdentity),
        ConformanceCheck(name: "broadcast gives every rank the root's bytes", run: checkBroadcast),
        ConformanceCheck(
            name: "broadcast of unknown length gives every rank the root's bytes", run: checkBroadcastOfUnknownLength),
        ConformanceCheck(name: "allGather gives every rank all contributions in rank order", run: checkAllGather),
        ConformanceCheck(name: "allGatherVariable keeps each rank's count", run: checkAllGatherVariable),
        ConformanceCheck(name: "integer reductions combine all ranks", run: checkIntegerReductions),
        ConformanceCheck(name: "the Double sum is added in rank order", run: checkDoubleSum),
        ConformanceCheck(name: "mixed operations in many rounds stay in step", run: checkManyRounds),
    ]

    @Sendable private static func checkIdentity(_ communicator: any Communicator) throws {
        let (rank, size) = (communicator.rank, communicator.worldSize)
        try expect(size >= 1 && rank >= 0 && rank < size, "rank \(rank) of \(size)")
        let hosts = communicator.hostRanks
        try expect(hosts == hosts.sorted() && Set(hosts).count == hosts.count, "host ranks \(hosts)")
        try expect(communicator.hostSize == hosts.count, "host size \(communicator.hostSize) of \(hosts)")
        try expect(hosts[communicator.hostRank] == rank, "host rank \(communicator.hostRank) in \(hosts)")
        try expect(!communicator.hostName.isEmpty, "no host name")
        let all = try communicator.allGatherVariable(hosts.map(UInt8.init))
        for peer in hosts {
            try expect(all[peer] == hosts.map(UInt8.init), "rank \(peer) sees host ranks \(all[peer])")
        }
        try expect(
            try communicator.allReduceSum([Int64(rank)]) == [Int64(size * (size - 1) / 2)], "ranks are not distinct")
    }

    @Sendable private static func checkBroadcast(_ communicator: any Communicator) throws {
        for (index, byteCount) in byteCounts.enumerated() {
            for root in 0..<communicator.worldSize {
                let expected = patternBytes(count: byteCount, root, 0, index, 1)
                var bytes = communicator.rank == root ? expected : [UInt8](repeating: 0xEE, count: byteCount)
                try bytes.withUnsafeMutableBytes { try communicator.broadcast($0, root: root) }
                try expect(bytes == expected, "\(byteCount) bytes from \(root) differ")
            }
        }
    }

    @Sendable private static func checkBroadcastOfUnknownLength(_ communicator: any Communicator) throws {
        for (index, byteCount) in byteCounts.enumerated() {
            let root = index % communicator.worldSize
            let expected = patternBytes(count: byteCount, root, 0, index, 2)
            let passed = communicator.rank == root ? expected : [1, 2, 3]
            try expect(
                try communicator.broadcast(bytes: passed, root: root) == expected,
                "\(byteCount) bytes from \(root) differ")
        }
    }

    @Sendable private static func checkAllGather(_ communicator: any Communicator) throws {
        for (index, byteCount) in byteCounts.enumerated() {
            let own = patternBytes(count: byteCount, communicator.rank, 0, index, 3)
            var gathered = [UInt8](repeating: 0xEE, count: byteCount * communicator.worldSize)
            try own.withUnsafeBytes { own in
                try gathered.withUnsafeMutableBytes { try communicator.allGather(own, into: $0) }
            }
            for peer in 0..<communicator.worldSize {
                let expected = patternBytes(count: byteCount, peer, 0, index, 3)
                try expect(
                    Array(gathered[peer * byteCount..<(peer + 1) * byteCount]) == expected,
                    "\(byteCount) bytes of \(peer) differ")
            }
        }
    }

    @Sendable private static func checkAllGatherVariable(_ communicator: any Communicator) throws {
        for round in 0..<20 {
            let count = { (peer: Int) in (peer * 7_919 + round * 31) % 97 * (round % 3) }
            let all = try communicator.allGatherVariable(
                patternBytes(count: count(communicator.rank), communicator.rank, 0, 0, round))
            let expected = (0..<communicator.worldSize).map { patternBytes(count: count($0), $0, 0, 0, round) }
            try expect(all == expected, "round \(round) differs")
        }
    }

    @Sendable private static func checkIntegerReductions(_ communicator: any Communicator) throws {
        for count in [0, 1, 3, 17] {
            let values = { (peer: Int) in (0..<count).map { Int64(($0 * 37 + peer * 101) % 53 - 26) << 33 } }
            let all = (0..<communicator.worldSize).map(values)
            let maxima = (0..<count).map { index in all.reduce(Int64.min) { max($0, $1[index]) } }
            let sums = (0..<count).map { index in all.reduce(Int64(0)) { $0 + $1[index] } }
            try expect(
                try communicator.allReduceMaximum(values(communicator.rank)) == maxima, "maximum of \(count) differs")
            try expect(try communicator.allReduceSum(values(communicator.rank)) == sums, "sum of \(count) differs")
        }
    }

    @Sendable private static func checkDoubleSum(_ communicator: any Communicator) throws {
        let values = { (peer: Int) in [peer % 2 == 0 ? 1e16 : -1e16, 1 / Double(peer + 3), Double(peer) + 0.1] }
        var expected = values(0)
        for peer in 1..<max(1, communicator.worldSize) {
            for index in expected.indices { expected[index] += values(peer)[index] }
        }
        let sums = try communicator.allReduceSum(values(communicator.rank))
        try expect(sums.map(\.bitPattern) == expected.map(\.bitPattern), "\(sums) instead of \(expected)")
    }

    @Sendable private static func checkManyRounds(_ communicator: any Communicator) throws {
        for round in 0..<200 {
            let root = round % communicator.worldSize
            let bytes = try communicator.broadcast(bytes: communicator.rank == root ? [UInt8(round)] : [], root: root)
            try expect(bytes == [UInt8(round)], "round \(round): broadcast of \(bytes)")
            try communicator.barrier()
            let sum = try communicator.allReduceSum([Int64(round)])
            try expect(sum == [Int64(round * communicator.worldSize)], "round \(round): sum \(sum)")
        }
    }
}
