import Collectives

extension ConformanceCheck {
    /// Memory shared by the ranks of a host.
    static let windowChecks = [
        ConformanceCheck(name: "segments are zero at first, aligned, and apart from each other", run: checkSegments),
        ConformanceCheck(
            name: "what a rank writes before synchronize all ranks of the host read after it", run: checkVisibility),
        ConformanceCheck(name: "barrier holds every rank back until the last one has come", run: checkBarrier),
        ConformanceCheck(
            name: "a window too large for the host is nil on all ranks or usable on all", run: checkRefusal),
    ]

    private static func window(_ byteCount: Int, _ communicator: any Communicator) throws -> SharedWindow {
        guard let window = try communicator.sharedWindow(byteCountPerRank: byteCount) else {
            throw ConformanceFailure(description: "no window of \(byteCount) bytes")
        }
        return window
    }

    @Sendable private static func checkSegments(_ communicator: any Communicator) throws {
        let windows = try [0, 1, 97, 65_537].map { try window($0, communicator) }
        for window in windows {
            let count = window.byteCountPerRank
            let own = UnsafeMutableRawBufferPointer(
                start: window.segment(ofHostRank: communicator.hostRank), count: count)
            for peer in 0..<communicator.hostSize {
                let address = Int(bitPattern: window.segment(ofHostRank: peer))
                try expect(address % 64 == 0, "segment \(peer) at \(address)")
            }
            try expect(own.allSatisfy { $0 == 0 }, "segment of \(count) bytes is not zero at first")
            try window.synchronize()
            own.copyBytes(from: patternBytes(count: count, communicator.hostRank, 0, count, 0))
            try window.synchronize()
        }
        for window in windows {
            for peer in 0..<communicator.hostSize {
                let count = window.byteCountPerRank
                let segment = UnsafeRawBufferPointer(start: window.segment(ofHostRank: peer), count: count)
                try expect(
                    segment.elementsEqual(patternBytes(count: count, peer, 0, count, 0)),
                    "segment \(peer) of \(count) differs")
            }
            try window.synchronize()
        }
    }

    @Sendable private static func checkVisibility(_ communicator: any Communicator) throws {
        let window = try window(1_000 * 8, communicator)
        let own = window.segment(ofHostRank: communicator.hostRank).assumingMemoryBound(to: Int.self)
        for round in 1...1_000 {
            let index = round % 1_000
            own[index] = round * 64 + communicator.hostRank
            try window.synchronize()
            for peer in 0..<communicator.hostSize {
                let value = window.segment(ofHostRank: peer).assumingMemoryBound(to: Int.self)[index]
                try expect(value == round * 64 + peer, "round \(round): \(value) from host rank \(peer)")
            }
            // Without a second fence: the next round writes another element.
        }
        try window.synchronize()
    }

    @Sendable private static func checkBarrier(_ communicator: any Communicator) throws {
        let window = try window(100 * 8, communicator)
        let own = window.segment(ofHostRank: communicator.hostRank).assumingMemoryBound(to: Int.self)
        for round in 0..<100 {
            own[round] = round + 1
            try communicator.barrier()
            for peer in 0..<communicator.hostSize {
                let value = window.segment(ofHostRank: peer).assumingMemoryBound(to: Int.self)[round]
                try expect(value == round + 1, "round \(round): host rank \(peer) had not come")
            }
        }
    }

    @Sendable private static func checkRefusal(_ communicator: any Communicator) throws {
        guard communicator.worldSize > 1 else { return }  // one process takes ordinary memory
        guard communicator is MPICommunicator else { return }
        let window = try communicator.sharedWindow(byteCountPerRank: 1 << 46)
        try expect(window == nil, "a window of 64 TiB was promised")
        try communicator.barrier()
    }
}
