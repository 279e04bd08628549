import Collectives
import Glibc

extension ConformanceCheck {
    /// Messages between pairs of ranks.
    static let exchangeChecks = [
        ConformanceCheck(name: "a ring of messages of every size arrives whole", run: checkRing),
        ConformanceCheck(
            name: "several messages between all pairs, oneself included, arrive in order", run: checkOrder),
        ConformanceCheck(name: "one rank sends to all, the others only receive", run: checkOneToAll),
        ConformanceCheck(
            name: "irregular patterns in many rounds arrive, ranks without a message included", run: checkIrregular),
        ConformanceCheck(
            name: "exchanges under way on two channels, begun in another order on each rank, get their own bytes",
            run: checkChannels),
        ConformanceCheck(
            name: "an exchange without messages returns", run: { try $0.exchange(sends: [], receives: []) }),
    ]

    /// A message of a pattern that all ranks know.
    private struct Planned {
        var source: Int
        var destination: Int
        var byteCount: Int
    }

    /// Exchanges this rank's part of a pattern and checks what came.
    private static func exchange(_ plan: [Planned], round: Int, on communicator: any Communicator) throws {
        let rank = communicator.rank
        let content = { (index: Int) in
            patternBytes(count: plan[index].byteCount, plan[index].source, plan[index].destination, index, round)
        }
        let outgoing = plan.indices.filter { plan[$0].source == rank }
        let incoming = plan.indices.filter { plan[$0].destination == rank }
        let sends = outgoing.map { index in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: plan[index].byteCount, alignment: 1)
            buffer.copyBytes(from: content(index))
            return OutgoingMessage(to: plan[index].destination, .init(buffer))
        }
        let receives = incoming.map { index in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: plan[index].byteCount, alignment: 1)
            buffer.initializeMemory(as: UInt8.self, repeating: 0xEE)
            return IncomingMessage(from: plan[index].source, into: buffer)
        }
        defer {
            sends.forEach { $0.bytes.deallocate() }
            receives.forEach { $0.buffer.deallocate() }
        }
        try communicator.exchange(sends: sends, receives: receives)
        for (index, receive) in zip(incoming, receives) {
            try expect(receive.buffer.elementsEqual(content(index)), "round \(round): \(plan[index]) differs")
        }
    }

    @Sendable private static func checkRing(_ communicator: any Communicator) throws {
        let size = communicator.worldSize
        for (round, byteCount) in (byteCounts + [8_388_617]).enumerated() {
            let plan = (0..<size).map { Planned(source: $0, destination: ($0 + 1) % size, byteCount: byteCount) }
            try exchange(plan, round: round, on: communicator)
        }
    }

    /// Even ranks begin channel 0 before channel 1, odd ones after it; two exchanges on each.
    @Sendable private static func checkChannels(_ communicator: any Communicator) throws {
        let (rank, size) = (communicator.rank, communicator.worldSize)
        let byteCount = 100_003
        let order = rank % 2 == 0 ? [0, 1, 2, 3] : [1, 3, 0, 2]  // exchange k is on channel k % 2
        let memory = (0..<8).map { _ in UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 1) }
        defer { memory.forEach { $0.deallocate() } }
        let pending = try order.map { number in
            memory[number].copyBytes(from: patternBytes(count: byteCount, rank, (rank + 1) % size, number, 0))
            let send = OutgoingMessage(to: (rank + 1) % size, .init(memory[number]))
            let receive = IncomingMessage(from: (rank + size - 1) % size, into: memory[4 + number])
            return try communicator.start(sends: [send], receives: [receive], channel: number % 2)
        }
        // All of them are asked in turn, the last one first at the beginning: an exchange moves on only when its ranks
        // ask for it, and gets its own bytes whoever is asked first.
        var open = pending
        while !open.isEmpty {
            open = try open.reversed().filter { try !$0.isDone() }
            sched_yield()
        }
        for number in 0..<4 {
            let expected = patternBytes(count: byteCount, (rank + size - 1) % size, rank, number, 0)
            try expect(memory[4 + number].elementsEqual(expected), "exchange \(number) got other bytes")
        }
    }

    @Sendable private static func checkOrder(_ communicator: any Communicator) throws {
        let size = communicator.worldSize
        for round in 0..<10 {
            var plan: [Planned] = []
            for index in 0..<5 {
                for source in 0..<size {
                    for destination in 0..<size {
                        let byteCount =
                            (source * 31 + destination * 17 + index * 1_009 + round * 211) % 3_001 * (index % 2)
                        plan.append(Planned(source: source, destination: destination, byteCount: byteCount + round % 2))
                    }
                }
            }
            try exchange(plan, round: round, on: communicator)
        }
    }

    @Sendable private static func checkOneToAll(_ communicator: any Communicator) throws {
        for root in 0..<communicator.worldSize {
            for byteCount in [1, 97, 65_537] {
                let others = (0..<communicator.worldSize).filter { $0 != root }
                let plan = others.map { Planned(source: root, destination: $0, byteCount: byteCount) }
                try exchange(plan, round: root, on: communicator)
            }
        }
    }

    @Sendable private static func checkIrregular(_ communicator: any Communicator) throws {
        var state: UInt64 = 2024
        let size = UInt64(communicator.worldSize)
        for round in 0..<100 {
            let plan = (0..<nextRandom(&state) % 8).map { _ in
                Planned(
                    source: Int(nextRandom(&state) % size), destination: Int(nextRandom(&state) % size),
                    byteCount: Int(nextRandom(&state) % 20_000))
            }
            try exchange(plan, round: round, on: communicator)
        }
    }
}
